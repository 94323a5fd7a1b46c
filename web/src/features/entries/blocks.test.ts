import { describe, expect, it } from 'vitest';
import {
  block_at,
  block_of,
  chapters_of,
  compare,
  let_go,
  refilled,
  spots_of,
  with_first_page,
  type Block,
} from './blocks';
import type { Entry, EntryList } from './queries';

const entry = (id: string, minute: number) =>
  ({ id, occurred_at: `2025-03-12T10:${String(minute).padStart(2, '0')}:00.000000Z` }) as Entry;
const page = (items: Entry[], next_cursor: string | null): EntryList => ({ items, next_cursor });
const block = (items: Entry[], next_cursor: string | null) =>
  block_of(page(items, next_cursor), undefined)!;
const ids = (of: Block | null) => of?.entries?.map((each) => each.id).join('');

describe('the order', () => {
  it('is by time, then by id', () => {
    expect(compare(entry('a', 2), entry('b', 1), 'newest')).toBeLessThan(0);
    expect(compare(entry('a', 1), entry('b', 1), 'newest')).toBeGreaterThan(0);
    expect(compare(entry('a', 1), entry('b', 1), 'oldest')).toBeLessThan(0);
    expect(compare(entry('a', 1), entry('a', 1), 'newest')).toBe(0);
  });
});

describe('the first page, fetched anew', () => {
  const old = block([entry('c', 30), entry('b', 20), entry('a', 10)], 'x');

  it('puts what is new on top and keeps what was loaded below', () => {
    const next = with_first_page(old, page([entry('d', 40), entry('c', 30)], 'z'), 'newest');
    expect(ids(next)).toBe('dcba');
    expect(next).toMatchObject({ next_cursor: 'x', count: 4 });
  });

  it('leaves out what is gone', () => {
    expect(ids(with_first_page(old, page([entry('c', 30), entry('a', 10)], 'z'), 'newest'))).toBe(
      'ca',
    );
  });

  it('says where it would leave a gap', () => {
    expect(with_first_page(old, page([entry('f', 50), entry('e', 45)], 'z'), 'newest')).toBeNull();
  });

  it('takes nothing that belongs to the next block', () => {
    const small = block([entry('c', 30)], 'x');
    expect(ids(with_first_page(small, page([entry('c', 30), entry('b', 20)], 'z'), 'newest'))).toBe(
      'c',
    );
  });

  it('is all there is where nothing follows', () => {
    const all = block([entry('c', 30)], null);
    expect(ids(with_first_page(all, page([entry('d', 40), entry('c', 30)], null), 'newest'))).toBe(
      'dc',
    );
  });
});

describe('a block', () => {
  it('can be let go and filled again, up to where the next one begins', () => {
    const gone = let_go(block([entry('c', 30), entry('b', 20)], 'x'));
    expect(gone.entries).toBeNull();
    const again = refilled(
      gone,
      page([entry('c', 30), entry('n', 25), entry('b', 20), entry('a', 10)], 'y'),
      'newest',
    );
    expect(ids(again)).toBe('cnb');
    expect(again.next_cursor).toBe('x');
  });

  it('is found by time', () => {
    const blocks = [block([entry('c', 30)], 'x'), block([entry('b', 20), entry('a', 10)], 'y')];
    expect(block_at(blocks, entry('n', 25), 'newest')).toBe(blocks[1]);
    expect(block_at(blocks, entry('n', 35), 'newest')).toBe(blocks[0]);
    expect(block_at(blocks, entry('n', 5), 'newest')).toBeUndefined();
  });
});

describe('where blocks stand', () => {
  it('is below all that is above, and keeps no entry', () => {
    const blocks = [block([entry('c', 30), entry('b', 20)], 'x'), block([entry('a', 10)], null)];
    expect(spots_of(blocks)).toEqual([
      { key: blocks[0]?.key, above: 0, above_at: undefined },
      { key: blocks[1]?.key, above: 2, above_at: entry('b', 20).occurred_at },
    ]);
  });

  it('is in a chapter that stays the same while the list grows', () => {
    const blocks = Array.from({ length: 45 }, (_, i) => block([entry(`e${i}`, i)], 'x'));
    const chapters = chapters_of(spots_of(blocks));
    expect(chapters.map(({ key, from, spots }) => [key, from, spots.length])).toEqual([
      [blocks[0]?.key, 0, 20],
      [blocks[20]?.key, 20, 20],
      [blocks[40]?.key, 40, 5],
    ]);
    expect(chapters.flatMap(({ spots }) => spots)).toEqual(spots_of(blocks));
    expect(chapters_of(spots_of(blocks.slice(0, 30)))[0]).toEqual(chapters[0]);
    expect(chapters_of([])).toEqual([]);
  });
});
