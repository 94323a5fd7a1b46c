// What a client agreed to, in words: "no marketing by e-mail".
import { t } from './i18n.svelte';

export const consent_channels = ['email', 'sms', 'phone', 'chat', 'push', 'mail'] as const;
export const consent_purposes = ['marketing', 'newsletter', 'reminders'] as const;

interface Consent {
  channel: (typeof consent_channels)[number];
  purpose: string;
  granted: boolean;
}

const is_known = (purpose: string): purpose is (typeof consent_purposes)[number] =>
  (consent_purposes as readonly string[]).includes(purpose);

export function purpose_name(purpose: string): string {
  return is_known(purpose) ? t(`consents.for_${purpose}`) : purpose.replaceAll('_', ' ');
}

export function consent_words({ channel, purpose, granted }: Consent): string {
  const by = t(`consents.by_${channel}`);
  if (granted) return t('consents.yes', { purpose: purpose_name(purpose), by });
  if (is_known(purpose)) return t(`consents.no_${purpose}`, { by });
  return t('consents.no', { purpose: purpose_name(purpose), by });
}

/** The consent that an entry's details are about, in words; '' where they are about none. */
export function consent_in(details: unknown): string {
  if (typeof details !== 'object' || details === null) return '';
  const { channel, purpose, granted } = details as Partial<Consent>;
  const known = consent_channels.find((each) => each === channel);
  if (!known || typeof purpose !== 'string' || typeof granted !== 'boolean') return '';
  return consent_words({ channel: known, purpose, granted });
}
