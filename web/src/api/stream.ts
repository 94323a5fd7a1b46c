// What happens, as it happens: the server's event stream. The browser reconnects by itself and asks
// for what it missed (Last-Event-ID).
import type { components } from './schema';

export type EntryEvent = components['schemas']['EntryEvent'];
export type TaskEvent = components['schemas']['TaskEvent'];

export interface Following {
  entry(event: EntryEvent): void;
  task(event: TaskEvent): void;
  /** Whether the line stands. */
  connected(yes: boolean): void;
}

/** Follows one contact, or all; gives the way to stop. */
export function follow(contact: string | null, to: Following): () => void {
  const of = contact ? `?contact=${encodeURIComponent(contact)}` : '';
  const source = new EventSource(`/api/v1/stream${of}`);
  source.addEventListener('open', () => to.connected(true));
  source.addEventListener('error', () => to.connected(false));
  source.addEventListener('entry', (event) => to.entry(JSON.parse(event.data) as EntryEvent));
  // What became of a message is news of its entry.
  source.addEventListener('delivery', (event) => to.entry(JSON.parse(event.data) as EntryEvent));
  source.addEventListener('task', (event) => to.task(JSON.parse(event.data) as TaskEvent));
  return () => source.close();
}
