// A history in days, as calendars in the reader's zone have them.
import { add_days, date_format, day_in_zone } from '$ui';
import type { Day } from './filters';

export { day_in_zone as day_of } from '$ui';

export interface DayOf<T> {
  day: Day;
  entries: T[];
}

/** Groups neighbours of one day; the order stays. */
export function by_day<T extends { occurred_at: string }>(
  entries: readonly T[],
  zone: string,
): DayOf<T>[] {
  const days: DayOf<T>[] = [];
  for (const entry of entries) {
    const day = day_in_zone(entry.occurred_at, zone);
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else days.push({ day, entries: [entry] });
  }
  return days;
}

/** 'today', 'yesterday', else the date; without the year where it is this one. */
export function day_label(
  day: Day,
  today: Day,
  locale: string,
  words: { today: string; yesterday: string },
): string {
  if (day === today) return words.today;
  if (day === add_days(today, -1)) return words.yesterday;
  return date_format(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(day.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' as const }),
    timeZone: 'UTC',
  }).format(new Date(`${day}T00:00:00Z`));
}
