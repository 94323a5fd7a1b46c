import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '$api';
import { no_filters } from './filters';
import { History } from './history.svelte';
import { fetch_entry, fetch_page, type Entry, type EntryList } from './queries';

vi.mock('./queries', async (original) => ({
  ...(await original<typeof import('./queries')>()),
  fetch_page: vi.fn(),
  fetch_entry: vi.fn(),
}));

const entry = (id: string) => ({ id, occurred_at: `2025-03-1${id}T10:00:00.000000Z` }) as Entry;
const page = (ids: string[], next_cursor: string | null): EntryList => ({
  items: ids.map(entry),
  next_cursor,
});
const answer = vi.mocked(fetch_page);
const unreachable = Problem.unreachable();

describe('a history that could not be had', () => {
  const changed = vi.fn();
  let history: History;
  const ids = () => history.loaded.map(({ id }) => id).join('');

  beforeEach(async () => {
    vi.resetAllMocks();
    history = new History('c', { onchange: changed });
    answer.mockResolvedValueOnce(page(['5', '4'], 'x'));
    await history.show(no_filters);
  });

  it('is fetched anew where not even its first page came', async () => {
    answer.mockRejectedValueOnce(unreachable);
    await history.show(no_filters);
    expect(history.error).toBe(unreachable);
    answer.mockResolvedValueOnce(page(['5'], null));
    await history.retry();
    expect([ids(), history.error]).toEqual(['5', undefined]);
  });

  it('goes on where more of it failed', async () => {
    answer.mockRejectedValueOnce(unreachable);
    await history.load_more();
    expect([ids(), history.more_error]).toEqual(['54', unreachable]);
    answer.mockResolvedValueOnce(page(['3'], null));
    await history.retry();
    expect([ids(), history.more_error]).toEqual(['543', undefined]);
  });

  it('brings in later what came meanwhile, and fails nobody who saved something', async () => {
    answer.mockRejectedValueOnce(unreachable);
    await history.take(['6']);
    expect([ids(), history.more_error]).toEqual(['54', unreachable]);
    expect(changed).not.toHaveBeenCalled();
    answer.mockResolvedValueOnce(page(['6', '5', '4'], 'x'));
    answer.mockResolvedValueOnce(page([], null));
    await history.retry();
    expect([ids(), history.more_error]).toEqual(['654', undefined]);
    expect(changed).toHaveBeenCalledWith(['6']);
    expect(fetch_entry).not.toHaveBeenCalled();
  });

  it('says nothing more of a failure once all is there', async () => {
    answer.mockRejectedValueOnce(unreachable);
    await history.load_more();
    answer.mockResolvedValueOnce(page(['5', '4'], 'x'));
    answer.mockResolvedValueOnce(page(['3'], null));
    await history.take([]);
    expect([ids(), history.more_error, history.has_more]).toEqual(['543', undefined, false]);
  });
});
