// A type is switched at once; the server hears of it behind, one change after the other.
import type { QueryClient } from '@tanstack/svelte-query';
import { logging_rule_list } from '$api';
import { t, tell, tell_undoable, why } from '$ui';
import { change_logging_rule, create_logging_rule, type LoggingRule } from './queries';

const { queryKey } = logging_rule_list;
const not_made = ''; // the id of a rule that the server has not made yet

export interface Switched {
  type: string;
  source: string | null;
  /** What people call it. */
  name: string;
  enabled: boolean;
}

const is_of = (rule: LoggingRule, { type, source }: Switched) =>
  rule.type === type && rule.source === source;

let last: Promise<unknown> = Promise.resolve();

/** Switches the rule for this type and source, and makes it where there is none. */
export async function switch_rule(client: QueryClient, wanted: Switched): Promise<void> {
  const rules = () => client.getQueryData<LoggingRule[]>(queryKey) ?? [];
  await client.cancelQueries({ queryKey });
  client.setQueryData(queryKey, shown_as(rules(), wanted));
  last = last.then(() => send(client, wanted, rules));
  await last;
}

function shown_as(rules: LoggingRule[], wanted: Switched): LoggingRule[] {
  const { type, source, enabled } = wanted;
  if (rules.some((rule) => is_of(rule, wanted))) {
    return rules.map((rule) => (is_of(rule, wanted) ? { ...rule, enabled } : rule));
  }
  const not_logged = { count: 0, last_at: null };
  const made = { id: not_made, contact_type: null, views: [], not_logged, version: 0 };
  return [...rules, { ...made, type, source, enabled }];
}

async function send(client: QueryClient, wanted: Switched, rules: () => LoggingRule[]) {
  const { type, source, name, enabled } = wanted;
  try {
    const known = rules().find((rule) => is_of(rule, wanted) && rule.id !== not_made);
    const now = known
      ? await change_logging_rule(known, { enabled })
      : await create_logging_rule({ type, source, enabled });
    client.setQueryData(
      queryKey,
      rules().map((rule) => (is_of(rule, wanted) ? now : rule)),
    );
    const done = enabled
      ? t('logging.recorded_again', { name })
      : t('logging.recorded_no_more', { name });
    tell_undoable(done, async () => {
      await change_logging_rule({ id: now.id }, { enabled: !enabled });
      await client.invalidateQueries({ queryKey });
    });
  } catch (cause) {
    tell(why(cause));
    await client.invalidateQueries({ queryKey });
  }
}
