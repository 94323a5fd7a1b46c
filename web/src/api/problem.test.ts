import { describe, expect, it } from 'vitest';
import { Problem } from './problem';

const document = {
  type: 'about:blank',
  title: 'Unprocessable Content',
  status: 422,
  detail: 'two fields',
  errors: [
    { field: 'owner.email', code: 'email', message: 'No e-mail address.' },
    { field: 'business', code: 'taken', message: 'Taken.' },
  ],
};

describe('Problem', () => {
  it('tells a field what is wrong with it or inside it', () => {
    const problem = Problem.of(document, 422);
    expect(problem.about('owner')).toBe('No e-mail address.');
    expect(problem.about('owner.email')).toBe('No e-mail address.');
    expect(problem.about('own')).toBeUndefined();
  });

  it('keeps for the foot of the form only what no field shows', () => {
    const problem = Problem.of(document, 422);
    expect(problem.beyond(['owner'])).toBe('Taken.');
    expect(problem.beyond(['owner', 'business'])).toBe('');
    const listed = new Problem(422, '', '', [
      { field: 'phones[1].number', code: 'phone', message: 'No number.' },
    ]);
    expect(listed.about('phones[1].number')).toBe('No number.');
    expect(listed.beyond(['phones[1].number'])).toBe('');
    expect(listed.beyond(['phones'])).toBe('');
    expect(listed.beyond(['phones[0].number'])).toBe('No number.');
    expect(new Problem(409, 'Conflict', 'Done before.').beyond([])).toBe('Done before.');
  });

  it('reads what is no problem document', () => {
    expect(Problem.of('<html>', 502)).toMatchObject({ status: 502, errors: [] });
    expect(Problem.of(undefined, 500).errors).toEqual([]);
  });
});
