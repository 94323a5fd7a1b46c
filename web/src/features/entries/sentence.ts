// An entry as a line: who did what, with which result.
import { consent_in, field_name, t, type Key } from '$ui';
import type { Entry } from './queries';

export function who(entry: Pick<Entry, 'actor'>): string {
  const { kind, name } = entry.actor;
  if (kind === 'automation') return name || t('actor.automation');
  if (kind === 'contact') return name || t('actor.contact');
  if (kind === 'staff') return name || t('actor.staff');
  return t('actor.none');
}

/** What the server calls an entry of these types that was given no title. */
const untitled: Record<string, { title: string; key: Key }> = {
  note: { title: 'Note', key: 'kind.note' },
  call: { title: 'Call', key: 'kind.call' },
  visit: { title: 'Visit', key: 'kind.visit' },
  meeting: { title: 'Meeting', key: 'kind.meeting' },
};

export function title_of(entry: Pick<Entry, 'type' | 'title'>): string {
  const own = untitled[entry.type];
  return own && own.title === entry.title ? t(own.key) : entry.title;
}

/** The text in one line; the whole of it, unless `chars_max` says what there is room for. */
export function in_a_line(text: string, chars_max = Infinity): string {
  if (text.length <= chars_max) return text.replace(/\s+/g, ' ').trim();
  const cut = text.slice(0, chars_max).replace(/[\uD800-\uDBFF]$/, ''); // half of a character
  return `${in_a_line(cut)}…`;
}

/** More than a line of the widest screen shows; laying out what nobody sees takes as long. */
export const line_chars_max = 320;

/** What stands beside the title, in one line. */
export function text_of(
  entry: Pick<Entry, 'type' | 'text' | 'details' | 'changes'>,
  chars_max = Infinity,
): string {
  if (entry.text) return in_a_line(entry.text, chars_max);
  if (entry.type.startsWith('consent.')) return consent_in(entry.details);
  if (!entry.type.endsWith('.changed')) return '';
  return (entry.changes ?? []).map((change) => field_name(change.field)).join(', ');
}

/** What `details` says, as pairs that can be shown; nested values as JSON. */
export function pairs_of(details: unknown): [string, string][] {
  if (details === null || details === undefined) return [];
  if (typeof details !== 'object') return [['', String(details)]];
  return Object.entries(details).map(([name, value]) => [
    name.replaceAll('_', ' '),
    typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '—'),
  ]);
}

export function file_size(bytes: number): string {
  return bytes < 1_000_000
    ? t('entry.kilobytes', { size: Math.ceil(bytes / 1_000) })
    : t('entry.megabytes', { size: Math.round(bytes / 100_000) / 10 });
}
