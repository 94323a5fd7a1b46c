// What of a history is shown. The address is the state: it can be copied and sent.
import { categories, type Category } from './categories';

/** A day as the reader's calendar has it: '2025-03-12'. */
export type Day = string;

export interface Filters {
  categories: readonly Category[];
  from: Day | null; // inclusive
  to: Day | null; // exclusive
}

export const no_filters: Filters = { categories: [], from: null, to: null };

function day_or_null(text: string | null): Day | null {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const instant = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text) ? text : null;
}

/** Reads an address; what makes no sense in it is left out. */
export function filters_of(address: URLSearchParams): Filters {
  const wanted = address.getAll('category');
  return {
    categories: categories.filter((category) => wanted.includes(category)),
    from: day_or_null(address.get('from')),
    to: day_or_null(address.get('to')),
  };
}

/** The address with `filters`, and what else it said. */
export function with_filters(address: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(address);
  for (const name of ['category', 'from', 'to']) next.delete(name);
  for (const category of filters.categories) next.append('category', category);
  if (filters.from) next.set('from', filters.from);
  if (filters.to) next.set('to', filters.to);
  return next;
}

export function is_filtered(filters: Filters): boolean {
  return filters.categories.length > 0 || filters.from !== null || filters.to !== null;
}

export function with_toggled(filters: Filters, category: Category): Filters {
  const on = filters.categories.includes(category);
  const chosen = on
    ? filters.categories.filter((each) => each !== category)
    : [...filters.categories, category];
  return { ...filters, categories: categories.filter((each) => chosen.includes(each)) };
}

/** The first instant of a day in the reader's zone. */
function start_of(day: Day): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return new Date(year, month - 1, date).toISOString();
}

export interface Query {
  category?: Category[];
  from?: string;
  to?: string;
}

/** The filters as the server takes them: days are the reader's, so they go as instants. */
export function to_query(filters: Filters): Query {
  return {
    ...(filters.categories.length > 0 ? { category: [...filters.categories] } : {}),
    ...(filters.from ? { from: start_of(filters.from) } : {}),
    ...(filters.to ? { to: start_of(filters.to) } : {}),
  };
}

/** How many entries of other categories the filter leaves out. */
export function hidden_by_category(filters: Filters, counts: Record<string, number>): number {
  if (filters.categories.length === 0) return 0;
  return Object.entries(counts)
    .filter(([category]) => !filters.categories.includes(category as Category))
    .reduce((sum, [, count]) => sum + count, 0);
}
