export { default as ContactTypes } from './ContactTypes.svelte';
export { default as EntryTypes } from './EntryTypes.svelte';
export { default as LogViews } from './LogViews.svelte';
