export { default as Figures } from './Figures.svelte';
export { default as Find } from './Find.svelte';
export { default as Head } from './Head.svelte';
export { default as RecentContacts } from './RecentContacts.svelte';
export { contact_key, fetch_contact, fetch_summary, summary_key } from './queries';
export { remember_opened } from './recent';
