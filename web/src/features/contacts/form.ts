// A client as the form has it, and back.
import type { Schemas } from '$api';
import { consent_channels, day_in_zone, zone } from '$ui';
import type { Contact } from './queries';

interface Way {
  value: string;
  label: string;
}
type Consent = Schemas['Consent'];
interface Answer {
  channel: Consent['channel'];
  purpose: string;
  granted: 'yes' | 'no';
  day: string; // since when; '' is now
  source: string;
}
export interface Form {
  kind: Schemas['ContactKind'];
  given_name: string;
  family_name: string;
  organization_name: string;
  phones: Way[];
  emails: Way[];
  client_number: string;
  birthday: string;
  language: string;
  tags: string;
  consents: Answer[];
  street: string;
  postal_code: string;
  city: string;
  country: string;
  archived: boolean;
}

/** Languages that are offered first; any other that a client has stays. */
export const common_languages =
  'en de nl lt fr pl es it pt ru uk tr ar da sv no fi lv et cs sk hu ro bg hr el he fa vi zh ja'.split(
    ' ',
  );

export function empty_form(name = ''): Form {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const is_way = /^[\d+][\d\s()/.-]{3,}$/.test(name.trim())
    ? 'phone'
    : name.includes('@') && 'email';
  return {
    kind: 'person',
    given_name: is_way ? '' : words.slice(0, Math.max(1, words.length - 1)).join(' '),
    family_name: is_way || words.length < 2 ? '' : words.at(-1)!,
    organization_name: '',
    phones: [{ value: is_way === 'phone' ? name.trim() : '', label: '' }],
    emails: [{ value: is_way === 'email' ? name.trim() : '', label: '' }],
    client_number: '',
    birthday: '',
    language: '',
    tags: '',
    consents: [],
    street: '',
    postal_code: '',
    city: '',
    country: '',
    archived: false,
  };
}

/** At least one to fill in. */
function or_one(ways: Way[]): Way[] {
  return ways.length > 0 ? ways : [{ value: '', label: '' }];
}

export function empty_answer(among: readonly Answer[]): Answer {
  const free = consent_channels.find(
    (channel) => !among.some((each) => each.channel === channel && each.purpose === 'marketing'),
  );
  return { channel: free ?? 'email', purpose: 'marketing', granted: 'yes', day: '', source: '' };
}

function answer_of({ channel, purpose, granted, at, source }: Consent): Answer {
  const day = day_in_zone(at, zone());
  return { channel, purpose, granted: granted ? 'yes' : 'no', day, source: source ?? '' };
}

/** What is as it was keeps its instant; of another day only the day is known: its noon, here. */
function consent_of(answer: Answer, before: readonly Consent[]): Schemas['ConsentDraft'] {
  const { channel, purpose, day } = answer;
  const granted = answer.granted === 'yes';
  const known = before.find((each) => each.channel === channel && each.purpose === purpose);
  const same = known?.granted === granted && answer_of(known).day === day;
  const is_past = day !== '' && day !== day_in_zone(new Date(), zone());
  return {
    channel,
    purpose,
    granted,
    ...(same ? { at: known.at } : is_past ? { at: new Date(`${day}T12:00`).toISOString() } : {}),
    source: or_null(answer.source),
    ...(known?.note ? { note: known.note } : {}),
  };
}

export function form_of(contact: Contact): Form {
  const [address] = contact.addresses ?? [];
  return {
    kind: contact.kind ?? 'person',
    given_name: contact.given_name ?? '',
    family_name: contact.family_name ?? '',
    organization_name: contact.organization_name ?? '',
    phones: or_one(
      contact.phones.map(({ number, label }) => ({ value: number, label: label ?? '' })),
    ),
    emails: or_one(
      contact.emails.map(({ address: value, label }) => ({ value, label: label ?? '' })),
    ),
    client_number: contact.client_number ?? '',
    birthday: contact.birthday ?? '',
    language: contact.language ?? '',
    tags: contact.tags.join(', '),
    consents: contact.consents.map(answer_of),
    street: address?.lines?.join('\n') ?? '',
    postal_code: address?.postal_code ?? '',
    city: address?.city ?? '',
    country: address?.country ?? '',
    archived: contact.archived,
  };
}

const or_null = (text: string) => text.trim() || null;

const is_filled = (way: Way) => way.value.trim() !== '';

function ways_of(ways: readonly Way[]): Way[] {
  return ways.filter(is_filled);
}

/** Where the server finds the way at `index` of the form; -1 for an empty one, which is not sent. */
export function sent_index(ways: readonly Way[], index: number): number {
  return is_filled(ways[index]!) ? ways.slice(0, index).filter(is_filled).length : -1;
}

function addresses_of(form: Form, before: readonly Schemas['Address'][]): Schemas['Address'][] {
  const filled = [form.street, form.postal_code, form.city, form.country].some((text) =>
    text.trim(),
  );
  if (!filled) return before.slice(1);
  const first: Schemas['Address'] = {
    ...before[0],
    lines: form.street
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
    postal_code: or_null(form.postal_code),
    city: or_null(form.city),
    country: or_null(form.country),
  };
  return [first, ...before.slice(1)];
}

/** Everything that the form says, as the server takes it. */
function said(form: Form, before?: Contact): Schemas['ContactChange'] {
  const person = form.kind === 'person';
  return {
    kind: form.kind,
    given_name: person ? or_null(form.given_name) : null,
    family_name: person ? or_null(form.family_name) : null,
    organization_name: person
      ? (before?.organization_name ?? null)
      : or_null(form.organization_name),
    phones: ways_of(form.phones).map((way) => ({
      number: way.value.trim(),
      label: or_null(way.label),
    })),
    emails: ways_of(form.emails).map((way) => ({
      address: way.value.trim(),
      label: or_null(way.label),
    })),
    client_number: or_null(form.client_number),
    birthday: form.birthday || null,
    language: form.language || null,
    tags: [
      ...new Set(
        form.tags
          .split(',')
          .map((tag) => tag.trim())
          .filter(Boolean),
      ),
    ],
    consents: form.consents.map((answer) => consent_of(answer, before?.consents ?? [])),
    addresses: addresses_of(form, before?.addresses ?? []),
    archived: form.archived,
  };
}

function is_said(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false;
}

export function to_contact(form: Form): Schemas['NewContact'] {
  return Object.fromEntries(Object.entries(said(form)).filter(([, value]) => is_said(value)));
}

/** Only what the form says otherwise than `before`; null where nothing is. */
export function to_change(form: Form, before: Contact): Schemas['ContactChange'] | null {
  const then = said(form_of(before), before) as Record<string, unknown>;
  const now = said(form, before) as Record<string, unknown>;
  const changed = Object.keys(now).filter(
    (name) => JSON.stringify(now[name]) !== JSON.stringify(then[name]),
  );
  if (changed.length === 0) return null;
  return Object.fromEntries(changed.map((name) => [name, now[name]])) as Schemas['ContactChange'];
}
