import { describe, expect, it } from 'vitest';
import { by_day, day_label, day_of } from './days';

const at = (occurred_at: string) => ({ occurred_at });
const words = { today: 'Today', yesterday: 'Yesterday' };

describe('days', () => {
  it('are those of the reader’s zone', () => {
    const instant = '2025-03-12T23:30:00.000000Z';
    expect(day_of(instant, 'UTC')).toBe('2025-03-12');
    expect(day_of(instant, 'Europe/Berlin')).toBe('2025-03-13');
    expect(day_of(instant, 'America/New_York')).toBe('2025-03-12');
  });

  it('group neighbours and keep the order, over the change to summer time', () => {
    const entries = [
      at('2025-03-30T21:59:59.000000Z'),
      at('2025-03-29T23:00:00.000000Z'),
      at('2025-03-29T22:59:59.999999Z'),
    ];
    const days = by_day(entries, 'Europe/Berlin');
    expect(days.map(({ day, entries: those }) => [day, those.length])).toEqual([
      ['2025-03-30', 2],
      ['2025-03-29', 1],
    ]);
    expect(days.flatMap(({ entries: those }) => those)).toEqual(entries);
    expect(by_day([], 'UTC')).toEqual([]);
  });

  it('are named as one says them', () => {
    expect(day_label('2025-03-12', '2025-03-12', 'en-GB', words)).toBe('Today');
    expect(day_label('2025-03-11', '2025-03-12', 'en-GB', words)).toBe('Yesterday');
    expect(day_label('2025-03-01', '2025-03-12', 'en-GB', words)).toBe('Saturday 1 March');
    expect(day_label('2024-03-01', '2025-03-12', 'de', words)).toBe('Freitag, 1. März 2024');
  });
});
