// Every way in which the server can refuse a row is told in the reader's language.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { column_of, is_told, reasons } from './reasons';

/** What a row goes through on its way to an entry and its client. */
const sources = [
  'base/fields.cc',
  'catalog/catalog.cc',
  'contacts/profile.cc',
  'contacts/select.cc',
  'contacts/store.cc',
  'entries/append.cc',
  'entries/draft.cc',
  'entries/entries.cc',
  'transfer/condition.cc',
  'transfer/import.cc',
  'transfer/mapping.cc',
  'transfer/template.cc',
  'transfer/time_rule.cc',
  'transfer/value_rule.cc',
];
/** What only a whole file, a correction or a mapping's own words can meet. */
const not_of_rows = {
  attachment_not_found: 'a row has no attachments',
  both: 'a mapping knows no lines of an address',
  duplicate: 'a row has no attachments',
  empty: 'a correction, or a file without rows',
  entry_not_found: 'a row is about no entry',
  fixed: 'a correction',
  name: 'attributes are named by the mapping',
  not_of_kind: 'a mapping makes no members of organizations',
  one_of: 'a mapping chooses how a client is found',
  pattern: 'a rule that the mapping states',
  purpose: 'a mapping makes no consents',
  rule: 'the mapping says why',
  unknown_field: 'a mapping makes none',
};

/** Where a code stands: behind the field, in what throws or gathers faults of a row. What is wrong
 * with a mapping is told at its place, by fail_at(). */
const thrown =
  /\b(?:(?:invalid|conflict|malformed|fail|UnreadableCell)\(|fail_at\((?=field))[^;]*?,\s*"([a-z][a-z_0-9]*)"\s*,/g;
/** Beside: `{field, "code", …}`, `is_uid ? "code" : "code"`. */
const listed = /(?:\{field, |[?:] )"([a-z]+_[a-z_0-9]+)"/g;

const codes = new Set(
  sources.flatMap((source) => {
    const text = readFileSync(`../src/${source}`, 'utf8');
    return [...text.matchAll(thrown), ...text.matchAll(listed)].map(([, code]) => code!);
  }),
);

describe('reasons', () => {
  it('are there for every code that a row can be refused with', () => {
    expect(codes.size).toBeGreaterThan(40);
    expect([...codes].filter((code) => !(code in reasons) && !(code in not_of_rows))).toEqual([]);
  });

  it('and for none that there is not', () => {
    const known = [...Object.keys(reasons), ...Object.keys(not_of_rows)];
    expect(known.filter((code) => !codes.has(code))).toEqual([]);
  });

  it('leave to the server what is of another kind', () => {
    expect(is_told([])).toBe(false);
    expect(is_told([{ field: 'row', code: 'rule' }])).toBe(false);
    expect(is_told([{ field: 'Datum', code: 'time' }])).toBe(true);
  });
});

describe('a field at fault', () => {
  const columns = { client_number: 'Kundennr', email: 'E-Mail', name: 'Kunde', amount: 'Betrag' };

  it.each([
    ['contact.client_number', 'Kundennr'],
    ['create_contact.emails[0].address', 'E-Mail'],
    ['create_contact.family_name', 'Kunde'],
    ['contact.external_id', 'Kunde'],
    ['contact', 'Kundennr'],
    ['amount', 'Betrag'],
    ['Datum', 'Datum'],
    ['{Tag} {Uhrzeit}', 'Tag Uhrzeit'],
    ['phones[0].number', 'phones[0].number'],
  ])('%s is called by its column', (field, column) => {
    expect(column_of({ field, code: 'required' }, columns)).toBe(column);
  });

  it('has no name where it is the row', () => {
    expect(column_of({ field: 'line 5', code: 'columns' }, columns)).toBe('');
  });
});
