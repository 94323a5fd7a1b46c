import { describe, expect, it } from 'vitest';
import { choice_of, is_of, order_of, type Import } from './imports';

const file = { delimiter: ';', encoding: 'utf-8' as const, header: true };
const guess = { type: null, source: 'kunden', columns: { date: 'Datum', amount: 'Betrag' } };

describe('a choice', () => {
  const choice = choice_of({ ...file, columns: ['Datum', 'Betrag'], rows: [] } as never, guess);

  it('has every meaning, and says what was guessed', () => {
    expect(choice).toMatchObject({ file, type: '', date_form: 'ymd', decimal: '.' });
    expect(choice.columns).toMatchObject({ date: 'Datum', amount: 'Betrag', email: '' });
  });

  it('is ordered without what means nothing', () => {
    expect(order_of(choice, true)).toEqual({
      dry_run: true,
      file,
      fields: {
        type: null,
        source: 'kunden',
        columns: { date: 'Datum', amount: 'Betrag' },
        date_form: 'ymd',
        decimal: '.',
        keep_others: true,
      },
    });
  });

  it('is that of the run that it was made of, until something changes', () => {
    const fields = { ...order_of(choice, false).fields!, currency: 'EUR' };
    const job = { file: { ...file, columns: [], rows: [] }, fields } as unknown as Import;
    expect(is_of(job, choice)).toBe(true);
    expect(is_of(job, { ...choice, source: 'x' })).toBe(false);
    expect(is_of(job, { ...choice, columns: { ...choice.columns, email: 'E' } })).toBe(false);
    expect(is_of({ ...job, fields: null } as Import, choice)).toBe(false);
  });
});
