import { api, body_of, if_match, type Schemas } from '$api';

export type ContactType = Schemas['ContactType'];
export type EntryType = Schemas['EntryType'];
export type LogView = Schemas['LogView'];
export type LoggingRule = Schemas['LoggingRule'];
export type NewLoggingRule = Schemas['NewLoggingRule'];
export type Trial = Schemas['LoggingTrialResult'];

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

export function create_logging_rule(body: NewLoggingRule): Promise<LoggingRule> {
  return body_of(api.POST('/api/v1/logging-rules', { body }));
}
/** Without a version it is changed whatever somebody else said meanwhile. */
export function change_logging_rule(
  { id, version }: { id: string; version?: number },
  body: Schemas['LoggingRuleChange'],
): Promise<LoggingRule> {
  const params = { path: { id }, header: version === undefined ? {} : if_match(version) };
  return body_of(api.PATCH('/api/v1/logging-rules/{id}', { params, body }));
}
export function try_logging_rules(body: Schemas['LoggingTrial']): Promise<Trial> {
  return body_of(api.POST('/api/v1/logging-rules/dry-run', { body }));
}
