export { default as OpenTasks } from './OpenTasks.svelte';
export { default as TaskForm } from './TaskForm.svelte';
export { default as TaskList } from './TaskList.svelte';
export { count_due, open_tasks_key, tasks_key, type Shown } from './queries';
