/** Loaded when they are first shown. */
export const load_contact_form = () => import('./ContactForm.svelte');
export const load_contact_list = () => import('./ContactList.svelte');
export const load_merger = () => import('./Merger.svelte');
export const load_merges = () => import('./Merges.svelte');
export const load_details = () => import('./Details.svelte');

export { default as ContactName } from './ContactName.svelte';
export { default as Figures } from './Figures.svelte';
export { default as Find } from './Find.svelte';
export { default as Head } from './Head.svelte';
export { default as RecentContacts } from './RecentContacts.svelte';
export { contact_key, fetch_contact, fetch_summary, summary_key, type Contact } from './queries';
export { remember_opened } from './recent';
