import { api, body_of, if_match, type Schemas } from '$api';

export type ContactType = Schemas['ContactType'];
export type EntryType = Schemas['EntryType'];
export type LogView = Schemas['LogView'];

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
