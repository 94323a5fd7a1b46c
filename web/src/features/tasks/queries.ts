import { infiniteQueryOptions } from '@tanstack/svelte-query';
import { api, body_of, if_match, new_id, type Schemas } from '$api';

export type Task = Schemas['Task'];

/** What a list of tasks shows. */
export interface Shown {
  when: 'overdue' | 'today' | 'upcoming' | 'open' | 'done';
  assignee: 'me' | 'none' | 'all';
  contact?: string | undefined;
}

const page_size = 50;
const open_max = 50;

export const tasks_key = ['tasks'] as const;
export const open_tasks_key = (contact: string) => ['tasks', contact, 'open'] as const;

export async function fetch_open_tasks(contact: string, signal: AbortSignal): Promise<Task[]> {
  const query = { contact, status: ['open' as const], limit: open_max };
  return (await body_of(api.GET('/api/v1/tasks', { params: { query }, signal }))).items;
}

function query_of({ when, assignee, contact }: Shown) {
  return {
    ...(contact ? { contact } : {}),
    ...(assignee === 'all' ? {} : { assignee: [assignee] }),
    ...(when === 'done'
      ? { status: ['completed' as const, 'canceled' as const] }
      : when === 'open'
        ? { status: ['open' as const] }
        : { due: when }),
  };
}

export function task_list(shown: Shown) {
  return infiniteQueryOptions({
    queryKey: [...tasks_key, shown],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        ...query_of(shown),
        limit: page_size,
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return body_of(api.GET('/api/v1/tasks', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: 10_000,
  });
}

export function create_task(task: Schemas['NewTask'], key: string): Promise<Task> {
  const params = { header: { 'Idempotency-Key': key } };
  return body_of(api.POST('/api/v1/tasks', { params, body: task }));
}

export function change_task(task: Task, change: Schemas['TaskChange']): Promise<Task> {
  const params = { path: { id: task.id }, header: if_match(task.version) };
  return body_of(api.PATCH('/api/v1/tasks/{id}', { params, body: change }));
}

export function complete_task(id: string): Promise<Task> {
  const params = { path: { id }, header: { 'Idempotency-Key': new_id() } };
  return body_of(api.POST('/api/v1/tasks/{id}/complete', { params }));
}

export async function fetch_contact_name(id: string): Promise<string> {
  return (await body_of(api.GET('/api/v1/contacts/{id}', { params: { path: { id } } }))).name;
}

/** Whether the task should be done by now. */
export function is_overdue(task: Pick<Task, 'due'>, now: Date): boolean {
  return typeof task.due === 'string' && new Date(task.due) < now;
}
