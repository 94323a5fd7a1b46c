// The columns of the Contact History Report. Which are shown is remembered in this browser.
import { remember, remembered } from '$ui';

export const columns = [
  'date',
  'client',
  'user',
  'method',
  'type',
  'contact_type',
  'status',
  'direction',
  'amount',
  'action',
] as const;
export type Column = (typeof columns)[number];

/** Always there: the action opens the entry. */
export const fixed: readonly Column[] = ['date', 'action'];
const at_first = columns.filter((column) => column !== 'amount');
const place = 'report.columns';

export function chosen_columns(): readonly Column[] {
  const kept = remembered(place)?.split(',');
  if (!kept) return at_first;
  return columns.filter((column) => fixed.includes(column) || kept.includes(column));
}

/** As the server names them: an amount is in minor units of its currency. */
export const csv_columns = (chosen: readonly Column[]): string[] =>
  chosen.flatMap((column) => (column === 'amount' ? ['amount', 'currency'] : [column]));

export function choose_columns(chosen: readonly Column[]): void {
  remember(place, chosen.join(','));
}
