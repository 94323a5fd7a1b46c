// Days as a heat map has them: a year in weeks, and how busy each day was.
import { add_days } from '$ui';

export interface Cell {
  day: string;
  count: number;
  /** 0 for nothing, then 1 to 4 against the busiest day. */
  level: 0 | 1 | 2 | 3 | 4;
}

const weeks_shown = 53;

/** Monday is 0. */
function weekday(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The weeks up to the one of `today`, each from Monday; the last one ends with today. */
export function weeks_of(counts: Record<string, number>, today: string): Cell[][] {
  const first = add_days(today, -weekday(today) - 7 * (weeks_shown - 1));
  const days: string[] = [];
  for (let day = first; day <= today; day = add_days(day, 1)) days.push(day);
  const most = Math.max(1, ...days.map((day) => counts[day] ?? 0));
  const cells = days.map((day): Cell => {
    const count = counts[day] ?? 0;
    const level = count === 0 ? 0 : Math.min(4, 1 + Math.floor((4 * (count - 1)) / most));
    return { day, count, level: level as Cell['level'] };
  });
  return Array.from({ length: Math.ceil(cells.length / 7) }, (_, i) =>
    cells.slice(7 * i, 7 * i + 7),
  );
}

/** 'YYYY-MM' of the last twelve months, this one last. */
export function months_to(today: string): string[] {
  const [year, month] = today.split('-').map(Number) as [number, number];
  return Array.from({ length: 12 }, (_, i) =>
    new Date(Date.UTC(year, month - 12 + i, 1)).toISOString().slice(0, 7),
  );
}

/** The day after the last of a month. */
export function end_of_month(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10);
}
