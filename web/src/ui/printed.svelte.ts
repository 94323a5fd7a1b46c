// Whether the page is on its way to paper, where nothing is cut that a screen has no room for.
import { flushSync } from 'svelte';

let printed = $state(false);

// At once: the browser lays the page out right after it has told.
globalThis.addEventListener?.('beforeprint', () => flushSync(() => (printed = true)));
globalThis.addEventListener?.('afterprint', () => (printed = false));

export function is_printed(): boolean {
  return printed;
}
