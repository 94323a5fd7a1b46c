// Which column means what, guessed from its name and its values, and a row as the server takes it.
import type { Schemas } from '$api';
import type { Table } from './csv';

export const fields = [
  'external_id',
  'client_number',
  'name',
  'given_name',
  'family_name',
  'email',
  'phone',
  'date',
  'time',
  'title',
  'text',
  'amount',
  'source_id',
] as const;
export type Field = (typeof fields)[number];

export const date_forms = ['iso', 'dmy', 'mdy'] as const;
export type DateForm = (typeof date_forms)[number];

export interface Mapping {
  columns: Record<Field, number>; // -1 for none
  /** The entries' type; '' makes clients alone. */
  type: string;
  source: string;
  date_form: DateForm;
  currency: string;
  /** Whether the columns that mean nothing here are kept with the entry. */
  keep_others: boolean;
}

const named: Record<Field, RegExp> = {
  external_id: /^(client|customer|contact|patient|member|kunden?|klant|kliento?)[ _-]?id$|^uid$/i,
  client_number:
    /(client|customer|kunden|klant|mitglieds?|member)[ _-]?(number|no|nr|nummer)|kundennr|^k[ -]?nr/i,
  name: /^(full[ _-]?)?name$|^(client|customer|kunde|klant|klientas|nom complet)$/i,
  given_name: /given|first[ _-]?name|vorname|voornaam|^vardas|prénom|prenom/i,
  family_name: /family|last[ _-]?name|surname|nachname|achternaam|pavard|^nom$/i,
  email: /mail|paštas/i,
  phone: /phone|tel|mobil|handy/i,
  date: /date|datum|day|data|when|zeitpunkt|created|scheduled|occurred|jour/i,
  time: /^time$|uhrzeit|^tijd$|^laikas$|^heure$/i,
  title: /title|subject|betreff|titel|onderwerp|tema|sujet|objet|service|leistung/i,
  text: /text|note|comment|description|bemerkung|notiz|opmerking|pastab|beschreibung|remarque/i,
  amount: /amount|price|total|betrag|preis|bedrag|suma|montant/i,
  source_id: /(appointment|booking|invoice|event|payment|order|termin|entry)[ _-]?(id|no|nr)|^id$/i,
};

const sample_rows = 200;

function guess_date_form(values: readonly string[]): DateForm {
  if (values.some((value) => /^\d{4}-\d\d?-\d\d?/.test(value))) return 'iso';
  const parts = values.map((value) => /^(\d\d?)[./-](\d\d?)[./-]\d{2,4}/.exec(value));
  if (parts.some((part) => part && Number(part[2]) > 12)) return 'mdy';
  return 'dmy';
}

export function guess_mapping(table: Table, file_name: string, currency: string): Mapping {
  const taken = new Set<number>();
  const columns = Object.fromEntries(
    fields.map((field) => {
      const at = table.columns.findIndex((name, i) => !taken.has(i) && named[field].test(name));
      if (at >= 0) taken.add(at);
      return [field, at];
    }),
  ) as Record<Field, number>;
  const dates = table.rows.slice(0, sample_rows).map((row) => row[columns.date]?.trim() ?? '');
  return {
    columns,
    type: columns.date >= 0 ? 'note' : '',
    source: file_name.replace(/(\.csv|\.txt|\.tsv)?(\.gz)?$/i, '').slice(0, 200) || 'import',
    date_form: guess_date_form(dates),
    currency,
    keep_others: true,
  };
}

/** RFC 3339 with the reader's offset; null where it is no time. */
export function read_time(date: string, time: string, form: DateForm): string | null {
  const text = date.trim();
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text)) {
    const instant = new Date(text);
    return Number.isNaN(instant.getTime()) ? null : instant.toISOString();
  }
  const found =
    form === 'iso'
      ? /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ,]+(.*))?$/.exec(text)
      : /^(\d\d?)[./-](\d\d?)[./-](\d{4}|\d\d)(?:[T ,]+(.*))?$/.exec(text);
  if (!found) return null;
  const [a, b, c] = found.slice(1, 4).map(Number) as [number, number, number];
  const [year, month, day] = form === 'iso' ? [a, b, c] : form === 'dmy' ? [c, b, a] : [c, a, b];
  const clock = (time.trim() || found[4]?.trim() || '00:00').match(
    /^(\d\d?)[:.h](\d\d)(?::(\d\d))?(?:\.\d+)?\s*(am|pm)?$/i,
  );
  if (!clock) return null;
  const half = clock[4]?.toLowerCase();
  const hour = half ? (Number(clock[1]) % 12) + (half === 'pm' ? 12 : 0) : Number(clock[1]);
  const full_year = year < 100 ? 2000 + year : year;
  const instant = new Date(
    full_year,
    month - 1,
    day,
    hour,
    Number(clock[2]),
    Number(clock[3] ?? 0),
  );
  const same = instant.getMonth() === month - 1 && instant.getDate() === day && hour < 24;
  return same ? instant.toISOString() : null;
}

/** Minor units; null where it is no amount. */
export function read_amount(text: string, currency: string): number | null {
  const plain = text.replace(/[^\d.,\-−]/g, '').replace('−', '-');
  const mark = Math.max(plain.lastIndexOf('.'), plain.lastIndexOf(','));
  const behind = mark < 0 ? 0 : plain.length - mark - 1;
  const whole = mark >= 0 && behind !== 3 ? plain.slice(0, mark) : plain;
  const part = mark >= 0 && behind !== 3 ? plain.slice(mark + 1) : '';
  const value = Number(`${whole.replace(/[.,]/g, '')}.${part || '0'}`);
  if (!/\d/.test(plain) || Number.isNaN(value)) return null;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return Math.round(value * 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** Tells rows apart, 53 bits. */
export function hash_of(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}

export type Wrong = 'width' | 'contact' | 'date' | 'amount';
export type Read =
  { wrong: Wrong } | { draft: Schemas['EntryDraft']; contact: Schemas['NewContact'] };

/** Reads rows in their order: equal rows without an id of their own are told apart by their number. */
export function row_reader(table: Table, mapping: Mapping): (row: readonly string[]) => Read {
  const { columns, source } = mapping;
  const used = new Set(Object.values(columns));
  const others = table.columns.map((name, i) => ({ name: name || `column ${i + 1}`, i }));
  const kept = mapping.keep_others ? others.filter(({ i }) => !used.has(i)) : [];
  const seen = new Map<string, number>();

  return (row) => {
    if (row.length !== table.columns.length) return { wrong: 'width' };
    const of = (field: Field) => (columns[field] < 0 ? '' : (row[columns[field]] ?? '').trim());
    const names = of('name').split(/\s+/).filter(Boolean);
    const given_name = of('given_name') || names.slice(0, Math.max(1, names.length - 1)).join(' ');
    const family_name = of('family_name') || (names.length > 1 ? names.at(-1)! : '');
    const [email, phone, client_number] = [of('email'), of('phone'), of('client_number')];
    const external_id =
      of('external_id') || client_number || (email || phone ? '' : of('name') || given_name);
    if (!external_id && !email && !phone) return { wrong: 'contact' };
    const contact: Schemas['NewContact'] = {
      ...(given_name ? { given_name } : {}),
      ...(family_name ? { family_name } : {}),
      ...(email ? { emails: [{ address: email }] } : {}),
      ...(phone ? { phones: [{ number: phone }] } : {}),
      ...(client_number ? { client_number } : {}),
      uids: [{ source, external_id: external_id || email || phone }],
    };
    const { uids: _, ...create_contact } = contact;
    const occurred_at = read_time(of('date'), of('time'), mapping.date_form);
    if (mapping.type && !occurred_at) return { wrong: 'date' };
    const value = of('amount') ? read_amount(of('amount'), mapping.currency) : undefined;
    if (value === null) return { wrong: 'amount' };
    const key = of('source_id') || hash_of(JSON.stringify(row));
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    const details = Object.fromEntries(
      kept.flatMap(({ name, i }) => (row[i] ? [[name, row[i]] as const] : [])),
    );
    return {
      contact,
      draft: {
        type: mapping.type || 'note',
        contact: external_id ? { source, external_id } : email ? { email } : { phone },
        create_contact: create_contact as Schemas['CreatedContact'],
        source,
        source_id: count > 1 && !of('source_id') ? `${key}/${count}` : key,
        ...(occurred_at ? { occurred_at } : {}),
        ...(of('title') ? { title: of('title') } : {}),
        ...(of('text') ? { text: of('text') } : {}),
        ...(value === undefined ? {} : { amount: { value, currency: mapping.currency } }),
        ...(Object.keys(details).length > 0 ? { details } : {}),
      },
    };
  };
}
