import { api, body_of, if_match, type EntryProof, type EntryQuery, type Schemas } from '$api';
import { to_query, to_search, type Filters } from './filters';

export type Entry = Schemas['Entry'];
export type EntryDetail = Schemas['EntryDetail'];
export type EntryList = Schemas['EntryList'];
export type Facets = Schemas['Facets'];
export type SavedFilter = Schemas['SavedFilter'];

export const page_size = 50;
export const page_size_max = 200;

export const entry_key = (id: string) => ['entry', id] as const;

export interface Asked {
  cursor?: string | undefined;
  limit?: number;
  facets?: boolean;
  signal?: AbortSignal | undefined;
}

/** A page of one contact's history, or of everybody's. */
export async function fetch_page(
  contact: string | null,
  filters: Filters,
  { cursor, limit = page_size, facets = false, signal }: Asked = {},
): Promise<EntryList> {
  const query = {
    ...to_query(filters),
    limit,
    ...(facets ? { facets: '1' as const } : {}),
    ...(cursor ? { cursor } : {}),
  } as EntryQuery; // what stands in an address may be anything: the server tells
  const rest = signal ? { signal } : {};
  const call = contact
    ? api.GET('/api/v1/contacts/{id}/entries', {
        params: { path: { id: contact }, query },
        ...rest,
      })
    : api.GET('/api/v1/entries', { params: { query }, ...rest });
  return (await body_of<unknown>(call)) as EntryList; // and not a stream, which `Accept` asks for
}

/** Where the whole filtered result can be had as a file; of all clients, with these columns. */
export function export_path(
  contact: string | null,
  filters: Filters,
  columns: readonly string[] = [],
): string {
  const search = to_search({ ...filters, at: null });
  if (!contact && columns.length > 0) search.set('columns', columns.join(','));
  const path = contact ? `/api/v1/contacts/${contact}/entries` : '/api/v1/reports/contact-history';
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export function fetch_entry(id: string, signal?: AbortSignal): Promise<EntryDetail> {
  const params = { path: { id } };
  return body_of(api.GET('/api/v1/entries/{id}', { params, ...(signal ? { signal } : {}) }));
}

export function save_filter(name: string, filter: string, shared: boolean): Promise<SavedFilter> {
  return body_of(api.POST('/api/v1/saved-filters', { body: { name, filter, shared } }));
}

export async function drop_filter(id: string): Promise<void> {
  await body_of(api.DELETE('/api/v1/saved-filters/{id}', { params: { path: { id } } }));
}

export function create_contact_type(name: string): Promise<Schemas['ContactType']> {
  return body_of(api.POST('/api/v1/contact-types', { body: { name } }));
}

/** Sending the same draft again records nothing twice: its source_id is its key. */
// What staff write is recorded whatever the logging rules say, and so has an id.
type Written = Schemas['Recorded'] & { id: string };
export async function record(draft: Schemas['EntryDraft']): Promise<Written> {
  return (await body_of(api.POST('/api/v1/entries', { body: draft }))) as Written;
}

/** Refused (412) where somebody else changed it since `version`. */
export function correct(
  id: string,
  version: number,
  correction: Schemas['Correction'],
  key: string,
): Promise<EntryDetail> {
  const header = { ...if_match(version), 'Idempotency-Key': key };
  const params = { path: { id }, header };
  return body_of(api.POST('/api/v1/entries/{id}/corrections', { params, body: correction }));
}

export function retract(id: string, reason: string, key: string): Promise<EntryDetail> {
  const params = { path: { id }, header: { 'Idempotency-Key': key } };
  return body_of(api.POST('/api/v1/entries/{id}/retraction', { params, body: { reason } }));
}

/** What proves that a version of an entry is in the ledger. */
export function fetch_proof(id: string, version: number): Promise<EntryProof> {
  const params = { path: { id }, query: { version } };
  const call = api.GET('/api/v1/ledger/entries/{id}/proof', {
    params,
    headers: { accept: 'application/json' },
  });
  return body_of<unknown>(call) as Promise<EntryProof>;
}

export async function pin(id: string, on: boolean): Promise<void> {
  const params = { path: { id } };
  if (on) await body_of(api.PUT('/api/v1/entries/{id}/pin', { params }));
  else await body_of(api.DELETE('/api/v1/entries/{id}/pin', { params }));
}
