// What became of a message: every report about it, in words.
import type { Schemas } from '$api';
import type { Entry } from './queries';

type Status = NonNullable<Entry['status']>;

/** What is shown of a report; `machine`: a scanner's or a mail-privacy proxy's doing. */
export type DeliveryEvent = Pick<Schemas['DeliveryEvent'], 'status' | 'occurred_at'> &
  Partial<Pick<Schemas['DeliveryEvent'], 'id' | 'reason' | 'machine'>>;

/** These ask somebody to do something. */
export const needs_action = (status: Status): boolean =>
  status === 'bounced' || status === 'failed' || status === 'complained';

const read: readonly Status[] = ['opened', 'clicked'];

/** What has to be explained about a trail, as the end of a key; null where it speaks for itself. */
export function remark_on(trail: readonly DeliveryEvent[]): 'after_bounce' | 'by_machine' | null {
  const seen = trail.filter((event) => read.includes(event.status));
  const bounced = trail.find((event) => event.status === 'bounced' || event.status === 'failed');
  if (bounced && seen.some((event) => event.occurred_at > bounced.occurred_at)) {
    return 'after_bounce';
  }
  return seen.length > 0 && seen.every((event) => event.machine) ? 'by_machine' : null;
}

/** When an entry came to the status that it has; null where its trail says nothing more. */
export function status_since(entry: Pick<Entry, 'status' | 'status_history'>): string | null {
  const { status, status_history: history } = entry;
  if (!status || !history) return null;
  return history.findLast((step) => step.status === status && !step.machine)?.at ?? null;
}
