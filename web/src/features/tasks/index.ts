/** Loaded when they are first shown. */
export const load_task_form = () => import('./TaskForm.svelte');
export const load_task_list = () => import('./TaskList.svelte');

export { default as OpenTasks } from './OpenTasks.svelte';
export { open_tasks_key, tasks_key, type Shown } from './queries';
