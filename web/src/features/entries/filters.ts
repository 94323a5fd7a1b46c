// What of a history is shown. The address is the state: it can be copied and sent.
import { categories } from '$ui';

/** A day as the reader's calendar has it: '2025-03-12'. */
export type Day = string;

/** The dimensions behind "More": the category has its chips, the view its tabs. */
export const fine_dimensions = [
  'type',
  'contact_type',
  'method',
  'direction',
  'status',
  'staff',
  'actor',
] as const;
/** Dimensions of which several values can be chosen; those of one are alternatives. */
const dimensions = ['category', ...fine_dimensions, 'view'] as const;
export type Dimension = (typeof dimensions)[number];

export interface Filters extends Readonly<Record<Dimension, readonly string[]>> {
  origin: '' | 'manual' | 'automatic';
  has_attachment: boolean;
  q: string;
  from: Day | null; // inclusive
  to: Day | null; // exclusive
  /** The history as it was known at the end of this day. */
  as_of: Day | null;
  /** Where the list begins: this day, and what was before it. No filter: nothing is hidden. */
  at: Day | null;
  order: 'newest' | 'oldest';
}

export const no_filters: Filters = {
  category: [],
  type: [],
  contact_type: [],
  method: [],
  direction: [],
  status: [],
  staff: [],
  actor: [],
  view: [],
  origin: '',
  has_attachment: false,
  q: '',
  from: null,
  to: null,
  as_of: null,
  at: null,
  order: 'newest',
};

const values_max = 20;
export const q_chars_max = 500;

function day_or_null(text: string | null): Day | null {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const instant = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text) ? text : null;
}

function values_of(address: URLSearchParams, dimension: Dimension): readonly string[] {
  const wanted = [...new Set(address.getAll(dimension).filter(Boolean))];
  if (dimension === 'category') return categories.filter((each) => wanted.includes(each));
  return wanted.slice(0, values_max);
}

/** Reads an address; what makes no sense in it is left out. */
export function filters_of(address: URLSearchParams): Filters {
  const origin = address.get('origin');
  return {
    ...(Object.fromEntries(
      dimensions.map((dimension) => [dimension, values_of(address, dimension)]),
    ) as Record<Dimension, readonly string[]>),
    origin: origin === 'manual' || origin === 'automatic' ? origin : '',
    has_attachment: address.get('has_attachment') === 'true',
    q: (address.get('q') ?? '').trim().slice(0, q_chars_max),
    from: day_or_null(address.get('from')),
    to: day_or_null(address.get('to')),
    as_of: day_or_null(address.get('as_of')),
    at: day_or_null(address.get('at')),
    order: address.get('order') === 'oldest' ? 'oldest' : 'newest',
  };
}

/** The address with `filters`, and what else it said. */
export function with_filters(address: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(address);
  for (const name of Object.keys(no_filters)) next.delete(name);
  for (const dimension of dimensions) {
    for (const value of filters[dimension]) next.append(dimension, value);
  }
  if (filters.origin) next.set('origin', filters.origin);
  if (filters.has_attachment) next.set('has_attachment', 'true');
  for (const name of ['q', 'from', 'to', 'as_of', 'at'] as const) {
    if (filters[name]) next.set(name, filters[name]);
  }
  if (filters.order === 'oldest') next.set('order', 'oldest');
  return next;
}

/** Whether something is hidden. */
export function is_filtered(filters: Filters): boolean {
  return (
    dimensions.some((dimension) => filters[dimension].length > 0) ||
    filters.origin !== '' ||
    filters.has_attachment ||
    filters.q !== '' ||
    filters.from !== null ||
    filters.to !== null
  );
}

export function with_toggled(filters: Filters, dimension: Dimension, value: string): Filters {
  const on = filters[dimension].includes(value);
  const chosen = on
    ? filters[dimension].filter((each) => each !== value)
    : [...filters[dimension], value];
  const sorted =
    dimension === 'category' ? categories.filter((each) => chosen.includes(each)) : chosen;
  return { ...filters, [dimension]: sorted };
}

/** The first instant of a day in the reader's zone. */
function start_of(day: Day, days_on = 0): Date {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return new Date(year, month - 1, date + days_on);
}

function last_instant_of(day: Day): string {
  return new Date(start_of(day, 1).getTime() - 1).toISOString().replace('999Z', '999999Z');
}

type Query = Partial<Record<Dimension, string[]>> & {
  origin?: 'manual' | 'automatic';
  has_attachment?: boolean;
  q?: string;
  from?: string;
  to?: string;
  as_of?: string;
  order?: 'oldest';
};

/** The filters as the server takes them: days are the reader's, so they go as instants. */
export function to_query(filters: Filters): Query {
  const query: Query = {};
  for (const dimension of dimensions) {
    if (filters[dimension].length > 0) query[dimension] = [...filters[dimension]];
  }
  if (filters.origin) query.origin = filters.origin;
  if (filters.has_attachment) query.has_attachment = true;
  if (filters.q) query.q = filters.q;
  if (filters.from) query.from = start_of(filters.from).toISOString();
  const ends = [
    ...(filters.to ? [start_of(filters.to)] : []),
    ...(filters.at ? [start_of(filters.at, 1)] : []),
  ];
  if (ends.length > 0) {
    query.to = new Date(Math.min(...ends.map((end) => end.getTime()))).toISOString();
  }
  if (filters.as_of) query.as_of = last_instant_of(filters.as_of);
  if (filters.order === 'oldest') query.order = 'oldest';
  return query;
}

/** The query string of GET /entries that means the same. */
export function to_search(filters: Filters): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(to_query(filters))) {
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each));
  }
  return search;
}

/** How many entries of other categories the filter leaves out. */
export function hidden_by_category(filters: Filters, counts: Record<string, number>): number {
  if (filters.category.length === 0) return 0;
  return Object.entries(counts)
    .filter(([category]) => !filters.category.includes(category))
    .reduce((sum, [, count]) => sum + count, 0);
}
