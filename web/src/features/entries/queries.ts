import { infiniteQueryOptions } from '@tanstack/svelte-query';
import { api, body_of, type Schemas } from '$api';
import { to_query, type Filters } from './filters';

export type Entry = Schemas['Entry'];
export type EntryDetail = Schemas['EntryDetail'];
export type EntryList = Schemas['EntryList'];

export const page_size = 50;

export const timeline_key = (contact: string, filters: Filters) =>
  ['entries', contact, to_query(filters)] as const;
export const entry_key = (id: string) => ['entry', id] as const;

export async function fetch_page(
  contact: string,
  filters: Filters,
  cursor?: string,
  signal?: AbortSignal,
): Promise<EntryList> {
  const first = cursor === undefined;
  const query = {
    ...to_query(filters),
    limit: page_size,
    ...(first ? { facets: '1' as const } : { cursor }),
  };
  const params = { path: { id: contact }, query };
  const call = api.GET('/api/v1/contacts/{id}/entries', { params, ...(signal ? { signal } : {}) });
  return (await body_of(call)) as EntryList; // and not the streams, which `Accept` would ask for
}

/** A contact's history, newest first, page by page. */
export function timeline(contact: string, filters: Filters) {
  return infiniteQueryOptions({
    queryKey: timeline_key(contact, filters),
    queryFn: ({ pageParam, signal }) =>
      fetch_page(contact, filters, pageParam as string | undefined, signal),
    initialPageParam: undefined as unknown,
    getNextPageParam: (last: EntryList) => last.next_cursor ?? undefined,
    staleTime: 30_000,
  });
}

export function fetch_entry(id: string, signal?: AbortSignal): Promise<EntryDetail> {
  const params = { path: { id } };
  return body_of(api.GET('/api/v1/entries/{id}', { params, ...(signal ? { signal } : {}) }));
}

export async function fetch_contact_types(): Promise<Schemas['ContactType'][]> {
  const query = { limit: 200 };
  const list = await body_of(api.GET('/api/v1/contact-types', { params: { query } }));
  return list.items.filter((type) => !type.archived);
}

/** Sending the same draft again records nothing twice: its source_id is its key. */
export async function record(draft: Schemas['EntryDraft']): Promise<Schemas['Recorded']> {
  return (await body_of(api.POST('/api/v1/entries', { body: draft }))) as Schemas['Recorded'];
}
