// A long history in blocks, of which only those near the screen hold their entries: the others know
// their place and how to be fetched again.
import type { Entry, EntryList } from './queries';

export type Order = 'newest' | 'oldest';
export type Place = Pick<Entry, 'occurred_at' | 'id'>;

export interface Block {
  /** Stays the same while the block lives. */
  key: number;
  /** How it was asked for; none is the first. */
  cursor: string | undefined;
  /** For what follows; null where nothing does. */
  next_cursor: string | null;
  /** Null where they were let go. */
  entries: readonly Entry[] | null;
  count: number;
  first: Place;
  last: Place;
}

/** Below zero where `a` stands above `b`. */
export function compare(a: Place, b: Place, order: Order): number {
  const up = a.occurred_at < b.occurred_at || (a.occurred_at === b.occurred_at && a.id < b.id);
  if (a.id === b.id && a.occurred_at === b.occurred_at) return 0;
  return up === (order === 'oldest') ? -1 : 1;
}

/** The place alone: a block that was let go keeps no entry. */
function place_of({ occurred_at, id }: Place): Place {
  return { occurred_at, id };
}

/** Where a block stands in the list. */
export interface Spot {
  key: number;
  /** How many entries stand above. */
  above: number;
  /** When the entry above was. */
  above_at: string | undefined;
}

/**
 * What a list of blocks is drawn from: an item of a list, and a value derived for it, may keep what
 * it first saw for as long as the item lives, and so they must not see a block.
 */
export function spots_of(blocks: readonly Block[]): Spot[] {
  let above = 0;
  let above_at: string | undefined;
  return blocks.map(({ key, count, last }) => {
    const spot = { key, above, above_at };
    above += count;
    above_at = last.occurred_at;
    return spot;
  });
}

export interface Chapter {
  /** That of its first block. */
  key: number;
  /** How many blocks stand above. */
  from: number;
  spots: readonly Spot[];
}

const blocks_per_chapter = 20;

/** The list in parts that stay the same while it grows at its end. */
export function chapters_of(spots: readonly Spot[]): Chapter[] {
  const chapters: Chapter[] = [];
  for (let from = 0; from < spots.length; from += blocks_per_chapter) {
    const part = spots.slice(from, from + blocks_per_chapter);
    chapters.push({ key: part[0]!.key, from, spots: part });
  }
  return chapters;
}

let last_key = 0;

/** Null for a page without entries. */
export function block_of(page: EntryList, cursor: string | undefined): Block | null {
  const [first] = page.items;
  const last = page.items.at(-1);
  if (!first || !last) return null;
  last_key += 1;
  return {
    key: last_key,
    cursor,
    next_cursor: page.next_cursor,
    entries: page.items,
    count: page.items.length,
    first: place_of(first),
    last: place_of(last),
  };
}

export function let_go(block: Block): Block {
  return { ...block, entries: null };
}

/** `block` fetched anew: what stands below its old end belongs to the next one. */
export function refilled(block: Block, page: EntryList, order: Order): Block {
  const inside =
    block.next_cursor === null
      ? page.items
      : page.items.filter((entry) => compare(entry, block.last, order) <= 0);
  const next_cursor = block.next_cursor === null ? page.next_cursor : block.next_cursor;
  return {
    ...block,
    next_cursor,
    entries: inside,
    count: inside.length,
    ...(inside.length > 0 && block.next_cursor === null ? { last: place_of(inside.at(-1)!) } : {}),
  };
}

/**
 * The first block with the first page, fetched anew: what was loaded below that page stays. Null
 * where more is new than the page holds, so that a gap would be left.
 */
export function with_first_page(block: Block, page: EntryList, order: Order): Block | null {
  const last = page.items.at(-1);
  const [first] = page.items;
  if (!first || !last || !block.entries) return null;
  if (page.next_cursor === null && block.next_cursor === null) {
    return {
      ...block,
      entries: page.items,
      count: page.items.length,
      first: place_of(first),
      last: place_of(last),
    };
  }
  if (block.entries.length > 0 && compare(block.first, last, order) > 0) return null;
  const below = block.entries.filter((entry) => compare(entry, last, order) > 0);
  const inside = page.items.filter(
    (entry) => block.next_cursor === null || compare(entry, block.last, order) <= 0,
  );
  const entries = [...inside, ...below];
  return { ...block, entries, count: entries.length, first: place_of(first) };
}

/** The block that `place` belongs into; undefined where it stands below what is loaded. */
export function block_at(blocks: readonly Block[], place: Place, order: Order): Block | undefined {
  return blocks.find(
    (block) => block.next_cursor === null || compare(place, block.last, order) <= 0,
  );
}
