// Why rows of an import were refused, in the reader's words and by the names of their own columns.
import type { Schemas } from '$api';
import type { Key } from '$ui';
import type { Meaning } from './imports';

export type Fault = Schemas['ImportFault'];
/** Which column has which meaning. */
export type Columns = Readonly<Record<string, string | null | undefined>>;

/** What is said of a field, by the server's code; of others the server's own words are shown. */
export const reasons: Readonly<Record<string, Key>> = {
  boolean: 'fault.boolean',
  client_number_taken: 'fault.taken',
  columns: 'fault.columns',
  contact_ambiguous: 'fault.several',
  contact_not_found: 'fault.no_client',
  control_character: 'fault.character',
  csv: 'fault.csv',
  currency: 'fault.currency',
  date: 'fault.time',
  email: 'fault.email',
  encoding: 'fault.encoding',
  id: 'fault.unknown',
  idempotency_conflict: 'fault.conflict',
  integer: 'fault.number',
  language: 'fault.language',
  method: 'fault.unknown',
  not_in_lookup: 'fault.lookup',
  not_of_type: 'fault.unknown',
  not_one_of: 'fault.unknown',
  number: 'fault.number',
  phone: 'fault.phone',
  range: 'fault.range',
  repeated: 'fault.repeated',
  required: 'fault.required',
  staff_not_found: 'fault.unknown',
  time: 'fault.time',
  time_zone: 'fault.unknown',
  too_large: 'fault.too_long',
  too_long: 'fault.too_long',
  too_many: 'fault.too_many',
  too_short: 'fault.too_short',

  type: 'fault.unfit',
  type_name: 'fault.unknown',
  uid_taken: 'fault.taken',
  unknown_category: 'fault.unknown',
  unknown_contact_type: 'fault.unknown',
  unknown_view: 'fault.unknown',
  utf8: 'fault.encoding',
};

/** Said of the whole row. */
const of_the_row = ['columns', 'csv'];

/** The meanings whose column a field is made of: of the first that has one. */
const made_of: readonly (readonly [RegExp, readonly Meaning[]])[] = [
  [/(^|\.)external_id$/, ['external_id', 'name', 'family_name', 'given_name']],
  [/(^|\.)client_number$/, ['client_number']],
  [/(^|\.)(emails\[\d+\]\.address|email)$/, ['email']],
  [/(^|\.)(phones\[\d+\]\.number|phone)$/, ['phone']],
  [/(^|\.)given_name$/, ['given_name', 'name']],
  [/(^|\.)(family_name|organization_name)$/, ['family_name', 'name']],
  [/^contact$/, ['external_id', 'client_number', 'email', 'phone', 'name', 'family_name']],
  [/^occurred_at$/, ['date']],
  [/^amount(\.|$)/, ['amount']],
  [/^title$/, ['title']],
  [/^text$/, ['text']],
  [/^source_id$/, ['source_id']],
];

/** What the reader calls a field: its column. Empty where the whole row is meant. */
export function column_of({ field, code }: Fault, columns: Columns): string {
  if (of_the_row.includes(code)) return '';
  const [, meanings] = made_of.find(([pattern]) => pattern.test(field)) ?? [];
  const column = meanings?.map((meaning) => columns[meaning]).find(Boolean);
  // A column itself, or several in braces, as a mapping puts them together.
  return column ?? field.replace(/\{([^{}]+)\}/g, '$1');
}

/** Whether there are words for all that is wrong. */
export const is_told = (faults: readonly Fault[]) =>
  faults.length > 0 && faults.every(({ code }) => code in reasons);
