import { api, body_of, new_id, type Schemas } from '$api';

export type Task = Schemas['Task'];

export const open_tasks_key = (contact: string) => ['tasks', contact, 'open'] as const;

export async function fetch_open_tasks(contact: string, signal: AbortSignal): Promise<Task[]> {
  const query = { contact, status: ['open' as const], limit: 50 };
  return (await body_of(api.GET('/api/v1/tasks', { params: { query }, signal }))).items;
}

export function complete_task(id: string): Promise<Task> {
  const params = { path: { id }, header: { 'Idempotency-Key': new_id() } };
  return body_of(api.POST('/api/v1/tasks/{id}/complete', { params }));
}

/** Whether the task should be done by now. */
export function is_overdue(task: Pick<Task, 'due'>, now: Date): boolean {
  return typeof task.due === 'string' && new Date(task.due) < now;
}
