import { tick } from 'svelte';

/** Leads to the first field that something is wrong with. */
export async function focus_first_invalid(form: HTMLElement | undefined): Promise<void> {
  await tick();
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
