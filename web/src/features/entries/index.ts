export { default as Composer } from './Composer.svelte';
export { default as Timeline } from './Timeline.svelte';
export { filters_of, no_filters, with_filters, type Filters } from './filters';
export { History } from './history.svelte';
