// Fields that changed: what they are called, and their values in words.
import { consent_in } from './consents';
import { t, type Key } from './i18n.svelte';

/** What the fields of a client are called; those of other things have the names that they came with. */
const field_keys: Record<string, Key> = {
  given_name: 'contacts.given_name',
  family_name: 'contacts.family_name',
  organization_name: 'contacts.organization_name',
  organization_id: 'contacts.organization',
  emails: 'contacts.email',
  phones: 'contacts.phone',
  client_number: 'contacts.client_number',
  birthday: 'contacts.birthday',
  language: 'contacts.language',
  addresses: 'contacts.address',
  tags: 'contacts.tags',
  consents: 'consents.title',
  archived: 'contacts.archived',
};

export function field_name(field: string): string {
  const key = field_keys[field];
  return key ? t(key) : field.replaceAll('_', ' ');
}

/** A changed value, a line for each of several. */
export function shown_value(value: unknown): string {
  if (value === null || value === undefined || value === '') return '—';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.map(shown_value).join('\n');
  const said = consent_in(value);
  if (said) return said;
  const parts = Object.values(value).filter((part) => part !== null && part !== '');
  return parts.every((part) => typeof part !== 'object' || Array.isArray(part))
    ? parts.map((part) => String(part)).join(', ')
    : JSON.stringify(value);
}
