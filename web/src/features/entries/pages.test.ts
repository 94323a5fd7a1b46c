import { describe, expect, it } from 'vitest';
import { entries_of, with_entry, with_first_page } from './pages';
import type { Entry, EntryList } from './queries';

const entry = (id: string, minute: number, title = '') =>
  ({
    id,
    title,
    occurred_at: `2025-03-12T10:${String(minute).padStart(2, '0')}:00.000000Z`,
  }) as Entry;
const page = (items: Entry[], next_cursor: string | null): EntryList => ({ items, next_cursor });
const pages = (...all: EntryList[]) => ({
  pages: all,
  pageParams: all.map((_, i) => (i === 0 ? undefined : String(i))),
});
const ids = (of: Parameters<typeof entries_of>[0]) =>
  entries_of(of)
    .map((each) => each.id)
    .join('');

describe('with_first_page', () => {
  const old = pages(page([entry('c', 30), entry('b', 20)], 'x'), page([entry('a', 10)], 'y'));

  it('puts what is new on top and keeps what was loaded below', () => {
    const next = with_first_page(old, page([entry('d', 40), entry('c', 30)], 'z'));
    expect(ids(next)).toBe('dcba');
    expect(next.pages.at(-1)?.next_cursor).toBe('y');
  });

  it('leaves no gap where more is new than a page holds', () => {
    const next = with_first_page(old, page([entry('f', 50), entry('e', 45)], 'z'));
    expect(ids(next)).toBe('fe');
    expect(next.pages.at(-1)?.next_cursor).toBe('z');
  });

  it('is all there is where nothing follows', () => {
    expect(ids(with_first_page(old, page([entry('c', 30)], null)))).toBe('c');
    expect(ids(with_first_page(pages(page([], null)), page([entry('a', 10)], null)))).toBe('a');
  });
});

describe('with_entry', () => {
  const old = pages(page([entry('c', 30), entry('b', 20)], 'x'), page([entry('a', 10)], null));

  it('takes the entry’s new state, and its new place', () => {
    const next = with_entry(old, entry('b', 5, 'corrected'));
    expect(ids(next)).toBe('cab');
    expect(entries_of(next).at(-1)?.title).toBe('corrected');
    expect(next.pages.at(-1)?.next_cursor).toBeNull();
  });

  it('changes nothing for an entry that is not there', () => {
    expect(with_entry(old, entry('z', 1))).toBe(old);
  });
});
