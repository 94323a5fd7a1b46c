import { expect, it } from 'vitest';
import { is_overdue } from './queries';

it('is overdue when its time has passed', () => {
  const now = new Date('2025-03-12T10:00:00Z');
  expect(is_overdue({ due: '2025-03-12T09:59:59.000000Z' }, now)).toBe(true);
  expect(is_overdue({ due: '2025-03-12T10:00:01.000000Z' }, now)).toBe(false);
  expect(is_overdue({ due: null }, now)).toBe(false);
});
