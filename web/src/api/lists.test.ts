import { expect, it, vi } from 'vitest';
import { fetch_all } from './lists';

it('fetches a list whole, page after page', async () => {
  const fetch_page = vi.fn(({ cursor }: { limit: number; cursor?: string }) =>
    Promise.resolve(
      cursor ? { items: ['c'], next_cursor: null } : { items: ['a', 'b'], next_cursor: 'x' },
    ),
  );
  expect(await fetch_all(fetch_page)).toEqual(['a', 'b', 'c']);
  expect(fetch_page.mock.calls.map(([query]) => query)).toEqual([
    { limit: 200 },
    { limit: 200, cursor: 'x' },
  ]);
});

it('ends where a list does not', async () => {
  const fetch_page = vi.fn(() => Promise.resolve({ items: ['a'], next_cursor: 'x' }));
  expect(await fetch_all(fetch_page)).toHaveLength(10);
});
