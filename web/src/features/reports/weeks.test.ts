import { expect, it } from 'vitest';
import { end_of_month, months_to, weeks_of } from './weeks';

it('puts a year into weeks from Monday, up to today', () => {
  const weeks = weeks_of({ '2025-03-12': 5, '2025-03-10': 1, '2024-03-11': 2 }, '2025-03-12');
  expect(weeks).toHaveLength(53);
  expect(weeks[0]![0]).toEqual({ day: '2024-03-11', count: 2, level: 1 });
  expect(weeks.at(-1)!.map((cell) => cell.level)).toEqual([1, 0, 4]);
  expect(weeks.slice(0, -1).every((week) => week.length === 7)).toBe(true);
});

it('knows the last twelve months, and where one ends', () => {
  expect(months_to('2025-03-12')).toHaveLength(12);
  expect(months_to('2025-03-12')[0]).toBe('2024-04');
  expect(months_to('2025-03-12').at(-1)).toBe('2025-03');
  expect(end_of_month('2024-12')).toBe('2025-01-01');
});
