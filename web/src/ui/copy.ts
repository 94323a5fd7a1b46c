import { tell } from './toasts.svelte';

/** Copies `text` and says so; `failed` where the browser does not let it. */
export async function copy(text: string, copied: string, failed: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(copied);
  } catch {
    tell(failed);
  }
}
