// Imports by the API: uploading a file, and waiting for what is run.
import type { Client, Reply } from './client';

const over_ms_max = 120_000;
export const path = '/api/v1/imports';

export function send(
  client: Client,
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<Reply> {
  return client.request('POST', path, { raw: content, type: 'text/csv', query: { name } });
}

/** Uploads a file; the import that it becomes. */
export async function upload(
  client: Client,
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<any> {
  const reply = await send(client, name, content);
  if (reply.status !== 201) throw new Error(`upload: ${reply.status} ${reply.text}`);
  return reply.body;
}

/** The import once `is_so` of it. */
export async function await_import(
  client: Client,
  id: string,
  is_so: (job: any) => boolean = (job) => !['waiting', 'running'].includes(job.status),
): Promise<any> {
  const deadline = Date.now() + over_ms_max;
  for (;;) {
    const job = await client.get(`${path}/${id}`);
    if (is_so(job)) return job;
    if (Date.now() > deadline)
      throw new Error(`the import is ${job.status}: ${JSON.stringify(job)}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

/** Runs it to its end. */
export async function run(client: Client, id: string, order: object): Promise<any> {
  await client.post(`${path}/${id}/run`, order, 202);
  return await_import(client, id);
}
