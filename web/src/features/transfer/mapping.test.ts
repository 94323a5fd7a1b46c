import { describe, expect, it } from 'vitest';
import { table_of } from './csv';
import { guess_mapping, hash_of, read_amount, read_time, row_reader } from './mapping';

const table = table_of(
  'Kundennr;Vorname;Nachname;E-Mail;Datum;Betrag;Bemerkung;Farbe\n' +
    'K-1;Jürgen;Müller;j@example.com;24.12.2024 15:30;1.234,50 €;Rang;rot\n' +
    ';;;;24.12.2024;;x;\n' +
    'K-2;A;B;;31.02.2024;;x;\n' +
    'K-2;A;B;;01.02.2024;viel;x;\n' +
    'K-2;A\n',
);

describe('a mapping', () => {
  const mapping = guess_mapping(table, 'kunden.csv.gz', 'EUR');

  it('is guessed from names and values', () => {
    expect(mapping).toMatchObject({ source: 'kunden', date_form: 'dmy', type: 'note' });
    expect(mapping.columns).toMatchObject({
      client_number: 0,
      given_name: 1,
      family_name: 2,
      email: 3,
      date: 4,
      amount: 5,
      text: 6,
      phone: -1,
    });
  });

  it('makes a row an entry of a client', () => {
    const read = row_reader(table, mapping)(table.rows[0]!);
    expect(read).toMatchObject({
      draft: {
        type: 'note',
        contact: { source: 'kunden', external_id: 'K-1' },
        create_contact: {
          given_name: 'Jürgen',
          family_name: 'Müller',
          client_number: 'K-1',
          emails: [{ address: 'j@example.com' }],
        },
        source: 'kunden',
        occurred_at: new Date(2024, 11, 24, 15, 30).toISOString(),
        text: 'Rang',
        amount: { value: 123_450, currency: 'EUR' },
        details: { Farbe: 'rot' },
      },
    });
  });

  it('says what is wrong with a row', () => {
    const read = row_reader(table, mapping);
    expect(table.rows.slice(1).map(read)).toEqual([
      { wrong: 'contact' },
      { wrong: 'date' },
      { wrong: 'amount' },
      { wrong: 'width' },
    ]);
  });

  it('gives each row the same key each time, and equal rows different ones', () => {
    const keys = () => {
      const read = row_reader(table, mapping);
      return [table.rows[0]!, table.rows[0]!].map((row) => {
        const now = read(row);
        return 'draft' in now ? now.draft.source_id : '';
      });
    };
    const [first, second] = keys();
    expect(first).not.toBe(second);
    expect(keys()).toEqual([first, second]);
    expect(hash_of('a')).not.toBe(hash_of('b'));
  });
});

describe('values', () => {
  it('times are read in the form that is chosen', () => {
    expect(read_time('2024-12-24', '', 'iso')).toBe(new Date(2024, 11, 24).toISOString());
    expect(read_time('12/24/2024', '3:30 pm', 'mdy')).toBe(
      new Date(2024, 11, 24, 15, 30).toISOString(),
    );
    expect(read_time('2016-04-29T18:38:08Z', '', 'dmy')).toBe('2016-04-29T18:38:08.000Z');
    expect(read_time('24/12/2024', '', 'mdy')).toBeNull();
    expect(read_time('24.12.24 25:00', '', 'dmy')).toBeNull();
  });

  it('amounts are read with comma or point', () => {
    expect(read_amount('1,234.50', 'USD')).toBe(123_450);
    expect(read_amount('€ 90', 'EUR')).toBe(9_000);
    expect(read_amount('-12,5', 'EUR')).toBe(-1_250);
    expect(read_amount('1.500', 'EUR')).toBe(150_000);
    expect(read_amount('500', 'JPY')).toBe(500);
    expect(read_amount('?', 'EUR')).toBeNull();
  });
});
