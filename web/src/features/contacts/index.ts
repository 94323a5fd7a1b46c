export { default as ContactForm } from './ContactForm.svelte';
export { default as ContactList } from './ContactList.svelte';
export { default as Figures } from './Figures.svelte';
export { default as Find } from './Find.svelte';
export { default as Head } from './Head.svelte';
export { default as RecentContacts } from './RecentContacts.svelte';
export { contact_key, fetch_contact, fetch_summary, summary_key, type Contact } from './queries';
export { remember_opened } from './recent';
