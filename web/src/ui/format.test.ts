import { expect, it } from 'vitest';
import { add_days, near_time } from './format';

it('counts days on over months and years', () => {
  expect(add_days('2024-02-28', 1)).toBe('2024-02-29');
  expect(add_days('2025-01-01', -1)).toBe('2024-12-31');
});

it('says how near a time is while it is', () => {
  const now = new Date(2025, 2, 12, 16, 0);
  const at = (day: number) => new Date(2025, 2, day, 14, 2).toISOString();
  expect(near_time(at(12), now)).toBe('today 14:02');
  expect(near_time(at(11), now)).toBe('yesterday 14:02');
  expect(near_time(at(10), now)).toMatch(/^10 Mar.*14:02$/);
});
