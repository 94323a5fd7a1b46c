/** Loaded when they are first shown. */
export const load_files = () => import('./Files.svelte');

export { default as Composer } from './Composer.svelte';
export { default as Report } from './Report.svelte';
export { default as Timeline } from './Timeline.svelte';
export { filters_of, no_filters, with_filters, type Filters } from './filters';
export { History } from './history.svelte';
export { entry_key, fetch_entry, fetch_page, page_size_max, type Entry } from './queries';
