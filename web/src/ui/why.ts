// What to tell the reader where something did not work, and what to do next.
import { Problem } from '$api';
import { t } from './i18n.svelte';

/** `shown`: the fields that already tell beside themselves what is wrong. */
export function why(cause: unknown, shown: readonly string[] = []): string {
  if (!(cause instanceof Problem)) return t('wrong.unexpected');
  if (cause.status === 0) return t('wrong.unreachable');
  if (cause.status === 403) return t('wrong.forbidden');
  if (cause.status === 429) return t('wrong.too_many');
  if (cause.status >= 500) return t('wrong.server');
  return cause.beyond(shown);
}
