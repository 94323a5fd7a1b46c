// How what is new comes into a history that is open.
import type { InfiniteData } from '@tanstack/svelte-query';
import type { Entry, EntryList } from './queries';

type Pages = InfiniteData<EntryList, unknown>;

export function entries_of(pages: Pages | undefined): Entry[] {
  return pages?.pages.flatMap((page) => page.items) ?? [];
}

/** Newest first; what happened at the same time stays as it came. */
function newest_first(entries: Entry[]): Entry[] {
  return entries.sort((a, b) =>
    a.occurred_at < b.occurred_at ? 1 : a.occurred_at > b.occurred_at ? -1 : 0,
  );
}

/**
 * `first`, fetched anew, and what was loaded below it. Where more is new than one page holds, the
 * loaded rest would leave a gap, so it goes.
 */
export function with_first_page(pages: Pages, first: EntryList): Pages {
  const old = entries_of(pages);
  const ids = new Set(first.items.map((entry) => entry.id));
  const touches = old.some((entry) => ids.has(entry.id));
  const last = first.items.at(-1);
  if (first.next_cursor === null || !last || !touches) {
    return { pages: [first], pageParams: [undefined] };
  }
  const below = old.filter((entry) => !ids.has(entry.id) && entry.occurred_at <= last.occurred_at);
  const next_cursor =
    below.length > 0 ? (pages.pages.at(-1)?.next_cursor ?? null) : first.next_cursor;
  return {
    pages: [{ ...first, items: [...first.items, ...below], next_cursor }],
    pageParams: [undefined],
  };
}

/** The pages with `entry` as it is now, in its place; the same pages where they don't have it. */
export function with_entry(pages: Pages, entry: Entry): Pages {
  if (!entries_of(pages).some((each) => each.id === entry.id)) return pages;
  const all = entries_of(pages).map((each) => (each.id === entry.id ? entry : each));
  const [first, ...others] = pages.pages;
  const next_cursor = (others.at(-1) ?? first!).next_cursor;
  return { pages: [{ ...first!, items: newest_first(all), next_cursor }], pageParams: [undefined] };
}
