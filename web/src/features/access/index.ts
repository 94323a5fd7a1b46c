export { default as Account } from './Account.svelte';
export { default as ApiKeys } from './ApiKeys.svelte';
export { default as BusinessMenu } from './BusinessMenu.svelte';
export { default as BusinessSettings } from './BusinessSettings.svelte';
export { default as Gate } from './Gate.svelte';
export { default as StaffSettings } from './StaffSettings.svelte';
export { default as UserMenu } from './UserMenu.svelte';
export { may_write, session_over, type Me } from './session.svelte';
export { use_me } from './who';
