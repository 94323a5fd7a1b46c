// A history while its page is open: of one contact or of all, in blocks, kept up to date by events.
import { untrack } from 'svelte';
import { follow } from '$api';
import { block_at, block_of, let_go, refilled, with_first_page, type Block } from './blocks';
import type { Filters } from './filters';
import {
  fetch_entry,
  fetch_page,
  page_size,
  page_size_max,
  type Entry,
  type Facets,
} from './queries';

const gather_ms = 80;
/** Of all contacts much may come at once, and counting takes longer. */
const gather_all_ms = 1_000;
const offline_after_ms = 3_000;
const fresh_ms = 3_000;
/** How many blocks hold their entries at once. */
const blocks_held_max = 8;
/** What may have come into a block since it was let go. */
const grown_max = 50;

interface Told {
  /** Something changed: figures, tasks. */
  onchange: (entries: readonly string[]) => void;
}

export class History {
  blocks = $state.raw<readonly Block[]>([]);
  facets = $state.raw<Facets>();
  facets_exact = $state(true);
  /** Loading for the first time, or with other filters. */
  loading = $state(true);
  loading_more = $state(false);
  error = $state.raw<unknown>();
  /** What could not be had beyond what is shown; `retry` fetches it. */
  more_error = $state.raw<unknown>();
  /** Entries that came while the page was open, for a moment. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());
  /** Since when the line has been down; null while it stands. */
  offline_since = $state<Date | null>(null);
  loaded_at = $state.raw(new Date());

  readonly contact: string | null;
  /** How high blocks were, by their keys: they keep their place while nothing of them is there. */
  readonly heights = new Map<number, number>();
  #filters: Filters | null = null;
  #told: Told;
  #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | undefined;
  #near = new Set<number>();

  constructor(contact: string | null, told: Told) {
    this.contact = contact;
    this.#told = told;
  }

  get is_empty(): boolean {
    return this.blocks.length === 0;
  }
  get has_more(): boolean {
    return (this.blocks.at(-1)?.next_cursor ?? null) !== null;
  }
  /** Whether this is what is shown, or asked for. */
  shows(filters: Filters): boolean {
    return JSON.stringify(filters) === JSON.stringify(this.#filters);
  }
  get loaded(): Entry[] {
    return this.blocks.flatMap((block) => block.entries ?? []);
  }

  /** Shows what `filters` say; what is there stays until the answer comes. */
  async show(filters: Filters): Promise<void> {
    this.#filters = filters;
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.loading = true;
    this.error = undefined;
    try {
      const { signal } = abort;
      // The day where the list begins hides nothing: the figures are those of all.
      const [page, counted] = await Promise.all([
        fetch_page(this.contact, filters, { facets: !filters.at, signal }),
        filters.at
          ? fetch_page(this.contact, { ...filters, at: null }, { limit: 1, facets: true, signal })
          : undefined,
      ]);
      const { facets, facets_exact } = counted ?? page;
      if (signal.aborted) return;
      const block = block_of(page, undefined);
      this.blocks = block ? [block] : [];
      this.heights.clear();
      this.facets = facets;
      this.facets_exact = facets_exact ?? true;
      this.more_error = undefined;
      this.loaded_at = new Date();
    } catch (cause) {
      if (abort.signal.aborted) return;
      this.error = cause;
      this.blocks = [];
    }
    this.loading = false;
  }

  async load_more(): Promise<void> {
    const last = this.blocks.at(-1);
    if (!last || last.next_cursor === null || this.loading || this.loading_more) return;
    const filters = this.#filters!;
    this.loading_more = true;
    this.more_error = undefined;
    try {
      const page = await fetch_page(this.contact, filters, { cursor: last.next_cursor });
      if (filters !== this.#filters || this.blocks.at(-1)?.key !== last.key) return;
      const block = block_of(page, last.next_cursor);
      this.blocks = block ? [...this.blocks, block] : this.#with({ ...last, next_cursor: null });
      this.#let_go();
    } catch (cause) {
      this.more_error = cause;
    } finally {
      this.loading_more = false;
    }
  }

  /** Fetches anew what could not be had. */
  async retry(): Promise<void> {
    if (this.error) return this.show(this.#filters!);
    if (!this.more_error) return;
    this.more_error = undefined;
    const empty = this.blocks.filter((block) => !block.entries && this.#near.has(block.key));
    await Promise.all(empty.map((block) => this.#refill(block)));
    if (this.#waiting.size > 0) await this.take([]);
    await this.load_more();
  }

  /** Tells whether a block is near the screen: only those, and a few more, hold their entries. */
  near(key: number, yes: boolean): void {
    if (!yes) {
      this.#near.delete(key);
      return;
    }
    this.#near.add(key);
    const block = untrack(() => this.blocks).find((each) => each.key === key);
    if (block && !block.entries) void this.#refill(block);
  }

  #with(changed: Block): readonly Block[] {
    return this.blocks.map((block) => (block.key === changed.key ? changed : block));
  }

  #let_go(): void {
    const held = this.blocks.filter((block) => block.entries);
    const spare = held.slice(1, -1).filter((block) => !this.#near.has(block.key));
    const much = new Set(spare.slice(0, Math.max(0, held.length - blocks_held_max)));
    if (much.size > 0) {
      this.blocks = this.blocks.map((block) => (much.has(block) ? let_go(block) : block));
    }
  }

  async #refill(block: Block): Promise<void> {
    const filters = this.#filters!;
    try {
      const page = await fetch_page(this.contact, filters, {
        cursor: block.cursor,
        limit: Math.min(page_size_max, block.count + grown_max),
      });
      if (filters !== this.#filters) return;
      const now = this.blocks.find((each) => each.key === block.key);
      if (now) this.blocks = this.#with(refilled(now, page, filters.order));
      this.#let_go();
    } catch (cause) {
      this.more_error = cause;
    }
  }

  /** Follows the server's events; gives the way to stop. */
  listen(): () => void {
    let lost: ReturnType<typeof setTimeout> | undefined;
    let was_down = false;
    const stop = follow(this.contact, {
      entry: (event) => this.#gather(event.id),
      task: () => this.#gather(null), // which is an entry, too
      connected: (yes) => {
        if (!yes) {
          was_down = true;
          lost ??= setTimeout(() => (this.offline_since = this.loaded_at), offline_after_ms);
          return;
        }
        clearTimeout(lost);
        lost = undefined;
        this.offline_since = null;
        if (was_down) void this.take([]);
        was_down = false;
      },
    });
    return () => {
      clearTimeout(lost);
      clearTimeout(this.#timer);
      this.#abort?.abort();
      stop();
    };
  }

  /** Several events close together are one look at the server. */
  #gather(entry: string | null): void {
    if (entry) this.#waiting.add(entry);
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.take([]);
      },
      this.contact ? gather_ms : gather_all_ms,
    );
  }

  /** Brings the state of these entries, and of those that wait, into what is loaded. */
  async take(ids: readonly string[]): Promise<void> {
    const all = [...new Set([...this.#waiting, ...ids])];
    this.#waiting.clear();
    const filters = this.#filters;
    if (!filters || filters.as_of) return; // The past does not change.
    if (this.error) {
      await this.show(filters);
      return;
    }
    try {
      await this.#bring_in(all, filters);
      if (this.more_error) await this.retry(); // What failed before may be had now, too.
    } catch (cause) {
      for (const id of all) this.#waiting.add(id);
      this.more_error = cause;
    }
  }

  async #bring_in(ids: readonly string[], filters: Filters): Promise<void> {
    const known = new Set(this.loaded.map((entry) => entry.id));
    const first = await fetch_page(this.contact, filters, { facets: !filters.at });
    if (filters !== this.#filters) return;
    const [top] = this.blocks;
    const merged = top && with_first_page(top, first, filters.order);
    if (merged) {
      this.blocks = this.#with(merged);
    } else {
      const block = block_of(first, undefined);
      this.blocks = block ? [block] : [];
    }
    if (first.facets) this.facets = first.facets;
    this.loaded_at = new Date();
    const on_first = new Set(first.items.map((entry) => entry.id));
    await this.#refresh(ids.filter((id) => !on_first.has(id)));
    this.#show_fresh(ids.filter((id) => !known.has(id)));
    this.#told.onchange(ids);
  }

  /** Fetches the blocks anew that hold these entries, or have to. */
  async #refresh(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const order = this.#filters!.order;
    const entries = await Promise.all(
      ids.slice(0, page_size).map((id) => fetch_entry(id).catch(() => undefined)),
    );
    const touched = new Set<Block>();
    for (const entry of entries) {
      if (!entry) continue;
      const had = this.blocks.find((block) => block.entries?.some(({ id }) => id === entry.id));
      const has = block_at(this.blocks, entry, order);
      for (const block of [had, has]) if (block?.entries) touched.add(block);
    }
    await Promise.all([...touched].map((block) => this.#refill(block)));
  }

  #show_fresh(ids: readonly string[]): void {
    this.fresh = new Set([...this.fresh, ...ids]);
    setTimeout(() => {
      this.fresh = new Set([...this.fresh].filter((id) => !ids.includes(id)));
    }, fresh_ms);
  }
}
