// What a business has few enough of to have it whole, fetched page after page; and the key under
// which each list is kept, the same for all who ask.
import { api, body_of } from './client';

const page_size = 200; // the server's kPageMax
const pages_max = 10; // twice the largest: a business has at most 1,000 types of its own

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
type FetchPage<T> = (query: { limit: number; cursor?: string }) => Promise<Page<T>>;

export async function fetch_all<T>(fetch_page: FetchPage<T>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages_max; page += 1) {
    const got: Page<T> = await fetch_page({ limit: page_size, ...(cursor ? { cursor } : {}) });
    all.push(...got.items);
    cursor = got.next_cursor;
    if (cursor === null) break;
  }
  return all;
}

function list<T>(name: string, fetch_page: FetchPage<T>) {
  return { queryKey: [name] as const, queryFn: () => fetch_all(fetch_page) };
}

export const staff_list = list('staff', (query) =>
  body_of(api.GET('/api/v1/staff', { params: { query } })),
);
export const contact_type_list = list('contact_types', (query) =>
  body_of(api.GET('/api/v1/contact-types', { params: { query } })),
);
export const entry_type_list = list('entry_types', (query) =>
  body_of(api.GET('/api/v1/entry-types', { params: { query } })),
);
export const log_view_list = list('log_views', (query) =>
  body_of(api.GET('/api/v1/log-views', { params: { query } })),
);
export const logging_rule_list = list('logging_rules', (query) =>
  body_of(api.GET('/api/v1/logging-rules', { params: { query } })),
);
export const api_key_list = list('api_keys', (query) =>
  body_of(api.GET('/api/v1/api-keys', { params: { query } })),
);
export const saved_filter_list = list('saved_filters', (query) =>
  body_of(api.GET('/api/v1/saved-filters', { params: { query } })),
);
