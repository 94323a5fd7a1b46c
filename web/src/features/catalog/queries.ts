import { api, body_of, type Schemas } from '$api';

export type ContactType = Schemas['ContactType'];
export type EntryType = Schemas['EntryType'];
export type LogView = Schemas['LogView'];

export const contact_types_key = ['contact_types'] as const;
export const entry_types_key = ['entry_types'] as const;
export const log_views_key = ['log_views'] as const;

const all_of_them = { params: { query: { limit: 200 } } };
const if_match = (version: number) => ({ 'If-Match': `"${version}"` });

export async function fetch_contact_types(): Promise<ContactType[]> {
  return (await body_of(api.GET('/api/v1/contact-types', all_of_them))).items;
}
export function create_contact_type(body: Schemas['NewContactType']): Promise<ContactType> {
  return body_of(api.POST('/api/v1/contact-types', { body }));
}
export function change_contact_type(
  { key, version }: ContactType,
  body: Schemas['ContactTypeChange'],
): Promise<ContactType> {
  const params = { path: { key }, header: if_match(version) };
  return body_of(api.PATCH('/api/v1/contact-types/{key}', { params, body }));
}

export async function fetch_entry_types(): Promise<EntryType[]> {
  return (await body_of(api.GET('/api/v1/entry-types', all_of_them))).items;
}
export function create_entry_type(body: Schemas['NewEntryType']): Promise<EntryType> {
  return body_of(api.POST('/api/v1/entry-types', { body }));
}
export function change_entry_type(
  { type, version }: EntryType,
  body: Schemas['EntryTypeChange'],
): Promise<EntryType> {
  const params = { path: { type }, header: version > 0 ? if_match(version) : {} };
  return body_of(api.PATCH('/api/v1/entry-types/{type}', { params, body }));
}

export async function fetch_log_views(): Promise<LogView[]> {
  return (await body_of(api.GET('/api/v1/log-views', all_of_them))).items;
}
export function create_log_view(body: Schemas['NewLogView']): Promise<LogView> {
  return body_of(api.POST('/api/v1/log-views', { body }));
}
export function change_log_view(
  { key, version }: LogView,
  body: Schemas['LogViewChange'],
): Promise<LogView> {
  const params = { path: { key }, header: if_match(version) };
  return body_of(api.PATCH('/api/v1/log-views/{key}', { params, body }));
}
