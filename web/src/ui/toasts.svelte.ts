// Short words about what was just done, with a way back where there is one.
import { t } from './i18n.svelte';
import { why } from './why';

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void } | undefined;
}

const shown_ms = 6_000;
const shown_max = 3;

let toasts = $state.raw<readonly Toast[]>([]);
let last = 0;

export function all_toasts(): readonly Toast[] {
  return toasts;
}

export function dismiss(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id);
}

/** Tells `text` for a few seconds; `action` is offered as long. */
export function tell(text: string, action?: Toast['action']): void {
  const id = (last += 1);
  toasts = [...toasts, { id, text, action }].slice(-shown_max);
  setTimeout(() => dismiss(id), shown_ms);
}

/** Tells `text` with a way back. */
export function tell_undoable(text: string, undo: () => Promise<unknown>): void {
  const run = () => void undo().catch((cause: unknown) => tell(why(cause)));
  tell(text, { label: t('common.undo'), run });
}
