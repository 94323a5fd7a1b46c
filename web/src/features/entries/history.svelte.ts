// A contact's history while its page is open: loaded page by page, and kept up to date by events.
import type { QueryClient } from '@tanstack/svelte-query';
import { follow } from '$api';
import type { Filters } from './filters';
import { entries_of, with_entry, with_first_page } from './pages';
import { entry_key, fetch_entry, fetch_page, timeline, timeline_key } from './queries';

const gather_ms = 80;
const offline_after_ms = 3_000;
const fresh_ms = 3_000;

interface Told {
  /** Something of this contact changed: figures, tasks. */
  onchange: () => void;
}

export class History {
  /** Entries that came while the page was open, for a moment. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());
  /** Since when the line has been down; null while it stands. */
  offline_since = $state<Date | null>(null);

  #client: QueryClient;
  #contact: string;
  #filters: () => Filters;
  #told: Told;
  #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: QueryClient, contact: string, filters: () => Filters, told: Told) {
    this.#client = client;
    this.#contact = contact;
    this.#filters = filters;
    this.#told = told;
  }

  /** Follows the server's events; gives the way to stop. */
  listen(): () => void {
    let lost: ReturnType<typeof setTimeout> | undefined;
    let was_down = false;
    const stop = follow(this.#contact, {
      entry: (event) => this.#gather(event.id),
      task: () => this.#gather(null), // which is an entry, too
      connected: (yes) => {
        if (!yes) {
          was_down = true;
          lost ??= setTimeout(() => (this.offline_since = new Date()), offline_after_ms);
          return;
        }
        clearTimeout(lost);
        lost = undefined;
        this.offline_since = null;
        if (was_down) void this.#client.invalidateQueries({ queryKey: ['entries', this.#contact] });
        was_down = false;
      },
    });
    return () => {
      clearTimeout(lost);
      clearTimeout(this.#timer);
      stop();
    };
  }

  /** Several events close together are one look at the server. */
  #gather(entry: string | null): void {
    if (entry) this.#waiting.add(entry);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const ids = [...this.#waiting];
      this.#waiting.clear();
      void this.take(ids).catch(() =>
        this.#client.invalidateQueries({ queryKey: ['entries', this.#contact] }),
      );
    }, gather_ms);
  }

  /** Brings the state of these entries into what is loaded. */
  async take(ids: readonly string[]): Promise<void> {
    const filters = this.#filters();
    const key = timeline(this.#contact, filters).queryKey;
    await this.#client.cancelQueries({ queryKey: key });
    const known = new Set(entries_of(this.#client.getQueryData(key)).map((entry) => entry.id));
    const first = await fetch_page(this.#contact, filters);
    const changed = await Promise.all(
      ids.filter((id) => known.has(id)).map((id) => fetch_entry(id)),
    );
    this.#client.setQueryData(key, (pages) => {
      if (!pages) return { pages: [first], pageParams: [undefined] };
      return changed.reduce(with_entry, with_first_page(pages, first));
    });
    for (const id of ids) void this.#client.invalidateQueries({ queryKey: entry_key(id) });
    const others = timeline_key(this.#contact, filters);
    void this.#client.invalidateQueries({
      queryKey: ['entries', this.#contact],
      predicate: (query) => JSON.stringify(query.queryKey) !== JSON.stringify(others),
    });
    this.#show_fresh(ids.filter((id) => !known.has(id)));
    this.#told.onchange();
  }

  #show_fresh(ids: readonly string[]): void {
    this.fresh = new Set([...this.fresh, ...ids]);
    setTimeout(() => {
      this.fresh = new Set([...this.fresh].filter((id) => !ids.includes(id)));
    }, fresh_ms);
  }
}
