// Logging rules: what is recorded of what other systems send. A type without one is recorded.
import type { Category } from '$ui';
import { add_days, categories } from '$ui';
import type { EntryType, LoggingRule, Trial } from './queries';

/** A consent, and what was done with a person's data, is recorded whatever a business says. */
export function is_always_recorded({ type, category }: EntryType): boolean {
  return category === 'data_protection' || type.startsWith('consent.');
}

/** Whether what no rule of its own source speaks of is recorded. */
export function is_recorded(rules: readonly LoggingRule[]): boolean {
  return rules.find((rule) => rule.source === null)?.enabled ?? true;
}

/** Whether the rule does, or did, anything that its type's switch does not tell. */
export function tells_something(rule: LoggingRule): boolean {
  if (rule.source !== null || !rule.enabled || rule.not_logged.count > 0) return true;
  return rule.contact_type !== null || rule.views.length > 0;
}

/** What all rules kept from being recorded. */
export function missed_by(rules: readonly LoggingRule[]): { count: number; last_at: string } {
  let [count, last_at] = [0, ''];
  for (const { not_logged } of rules) {
    count += not_logged.count;
    if (not_logged.last_at && not_logged.last_at > last_at) last_at = not_logged.last_at;
  }
  return { count, last_at };
}

export type TrialItem = Trial['items'][number];
export interface TrialGroup {
  category: Category;
  seen: number;
  logged: number;
  would_log: number;
  items: TrialItem[];
}

function sum(items: readonly TrialItem[], of: 'seen' | 'logged' | 'would_log'): number {
  return items.reduce((total, item) => total + item[of], 0);
}

export function sums_of(items: readonly TrialItem[]) {
  return {
    seen: sum(items, 'seen'),
    logged: sum(items, 'logged'),
    would_log: sum(items, 'would_log'),
  };
}

/** By category, in the order of all lists; what came most stands first. */
export function by_category(items: readonly TrialItem[]): TrialGroup[] {
  return categories
    .map((category) => ({
      category,
      items: items.filter((item) => item.category === category).sort((a, b) => b.seen - a.seen),
    }))
    .filter((group) => group.items.length > 0)
    .map((group) => ({ ...group, ...sums_of(group.items) }));
}

/** The calendar month before that of `today`, with its last day. */
export function last_month(today: string): { from: string; until: string } {
  const until = add_days(`${today.slice(0, 7)}-01`, -1);
  return { from: `${until.slice(0, 7)}-01`, until };
}
