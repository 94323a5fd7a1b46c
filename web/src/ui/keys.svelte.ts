// Keys that work anywhere, except while typing. A combination is one key ('n', '/', 'Ctrl+k') or
// two in a row ('g c').
import { untrack } from 'svelte';
import type { Key } from './i18n.svelte';

export interface Shortcut {
  keys: string;
  label: Key;
  run: () => void;
}

const second_key_ms_max = 1_200;

let shortcuts = $state.raw<readonly Shortcut[]>([]);
let first: { key: string; at: number } | undefined;

export function all_shortcuts(): readonly Shortcut[] {
  return shortcuts;
}

/** Adds shortcuts; gives the way to take them back. Use inside an effect. */
export function add_shortcuts(added: readonly Shortcut[]): () => void {
  // Adding depends on nothing: else every effect that adds would run again for each other one.
  shortcuts = [...untrack(all_shortcuts), ...added];
  return () => {
    shortcuts = shortcuts.filter((shortcut) => !added.includes(shortcut));
  };
}

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** 'n', 'Ctrl+k'; empty for what is no shortcut's key. */
export function name_of(pressed: Pressed): string {
  if (pressed.altKey) return '';
  const held = pressed.ctrlKey || pressed.metaKey;
  return held ? `Ctrl+${pressed.key.toLowerCase()}` : pressed.key;
}

export function is_typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches('textarea, select, input:not([type="checkbox"], [type="radio"])'))
  );
}

/** The shortcut that this key completes, if there is one. */
export function match_key(
  name: string,
  now_ms: number,
  known: readonly Shortcut[],
): Shortcut | undefined {
  const before = first && now_ms - first.at <= second_key_ms_max ? first.key : undefined;
  first = undefined;
  const last_wins = [...known].reverse();
  const found =
    (before && last_wins.find((shortcut) => shortcut.keys === `${before} ${name}`)) ||
    last_wins.find((shortcut) => shortcut.keys === name);
  if (!found && known.some((shortcut) => shortcut.keys.startsWith(`${name} `))) {
    first = { key: name, at: now_ms };
  }
  return found;
}

/** For the window's keydown. */
export function press(event: KeyboardEvent): void {
  const name = name_of(event);
  if (!name || event.defaultPrevented || event.isComposing) return;
  if (is_typing(event.target) && !name.startsWith('Ctrl+')) return;
  if (document.querySelector('dialog[open]')) return;
  const shortcut = match_key(name, event.timeStamp, shortcuts);
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run();
}
