import { api, body_of, type Schemas } from '$api';

export type Contact = Schemas['Contact'];
export type Summary = Schemas['Summary'];

export const found_max = 8;

export const contact_key = (id: string) => ['contact', id] as const;
export const summary_key = (id: string) => ['contact', id, 'summary'] as const;

export function fetch_contact(id: string, signal: AbortSignal): Promise<Contact> {
  return body_of(api.GET('/api/v1/contacts/{id}', { params: { path: { id } }, signal }));
}

export function fetch_summary(id: string, signal: AbortSignal): Promise<Summary> {
  return body_of(api.GET('/api/v1/contacts/{id}/summary', { params: { path: { id } }, signal }));
}

export async function find_contacts(q: string, signal: AbortSignal): Promise<Contact[]> {
  const query = { q, limit: found_max };
  return (await body_of(api.GET('/api/v1/contacts', { params: { query }, signal }))).items;
}
