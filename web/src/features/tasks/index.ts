export { default as OpenTasks } from './OpenTasks.svelte';
export { open_tasks_key } from './queries';
