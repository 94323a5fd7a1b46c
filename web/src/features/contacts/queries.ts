import { infiniteQueryOptions } from '@tanstack/svelte-query';
import { api, body_of, if_match, type Schemas } from '$api';

export type Contact = Schemas['Contact'];
export type Summary = Schemas['Summary'];

export const found_max = 8;
export const page_size = 100;

export interface ListFilter {
  kind: Schemas['ContactKind'] | '';
  archived: boolean;
}

export const contact_key = (id: string) => ['contact', id] as const;
export const summary_key = (id: string) => ['contact', id, 'summary'] as const;

export function fetch_contact(id: string, signal?: AbortSignal): Promise<Contact> {
  const params = { path: { id } };
  return body_of(api.GET('/api/v1/contacts/{id}', { params, ...(signal ? { signal } : {}) }));
}

export function fetch_summary(id: string, signal: AbortSignal): Promise<Summary> {
  return body_of(api.GET('/api/v1/contacts/{id}/summary', { params: { path: { id } }, signal }));
}

/** All contacts in the order of their names, page by page. */
export function contact_list(filter: ListFilter) {
  return infiniteQueryOptions({
    queryKey: ['contacts', filter],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: page_size,
        ...(filter.kind ? { kind: filter.kind } : {}),
        ...(filter.archived ? { archived: true } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return body_of(api.GET('/api/v1/contacts', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 30_000,
  });
}

/** Who has this e-mail address or phone number already. */
export async function find_twins(way: { email: string } | { phone: string }): Promise<Contact[]> {
  const query = { ...way, limit: 3 };
  return (await body_of(api.GET('/api/v1/contacts', { params: { query } }))).items;
}

export function create_contact(contact: Schemas['NewContact'], key: string): Promise<Contact> {
  const params = { header: { 'Idempotency-Key': key } };
  return body_of(api.POST('/api/v1/contacts', { params, body: contact }));
}

/** `id` becomes part of `into`: nothing is moved, and it can be undone. */
export function merge_contact(id: string, into: string): Promise<Contact> {
  const params = { path: { id } };
  return body_of(api.POST('/api/v1/contacts/{id}/merge', { params, body: { into } }));
}

export function unmerge_contact(id: string): Promise<Contact> {
  return body_of(api.POST('/api/v1/contacts/{id}/unmerge', { params: { path: { id } } }));
}

/** Refused (412) where somebody else changed it since `version`. */
export function change_contact(
  id: string,
  version: number,
  change: Schemas['ContactChange'],
): Promise<Contact> {
  const params = { path: { id }, header: if_match(version) };
  return body_of(api.PATCH('/api/v1/contacts/{id}', { params, body: change }));
}

export async function find_contacts(q: string, signal: AbortSignal): Promise<Contact[]> {
  const query = { q, limit: found_max };
  return (await body_of(api.GET('/api/v1/contacts', { params: { query }, signal }))).items;
}
