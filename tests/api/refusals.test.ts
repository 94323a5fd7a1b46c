// What every operation of the document refuses alike: no credential, a query parameter that it does
// not name, a field of its body that it does not name.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, Reply } from './support/client';
import { operations, type Operation } from './support/contract';
import { Studio } from './support/studio';

const nothing = '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f';

let studio: Studio;
let owner: Client;
/** Something that is there, for the paths that name one. */
let there: Record<string, string>;

beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
  await studio.hire('staff', 'staff');
  const contact = await studio.person();
  const entry = await owner.post('/api/v1/entries', { type: 'note', contact: { id: contact } });
  const task = await owner.post('/api/v1/tasks', { title: 'Call back' });
  const rule = await owner.post('/api/v1/logging-rules', { type: 'sms.sent', enabled: true });
  const file = { query: { name: 'a.csv' }, raw: 'a,b\n1,2\n', type: 'text/csv' };
  const job = await owner.must(201, 'POST', '/api/v1/imports', file);
  there = {
    imports: job.id,
    contacts: contact,
    entries: entry.id,
    tasks: task.id,
    staff: studio.members.staff.id,
    businesses: (await owner.get('/api/v1/me')).business.id,
    'contact-types': (await owner.get('/api/v1/contact-types')).items[0].key,
    'log-views': 'financial',
    'entry-types': 'call',
    'logging-rules': rule.id,
  };
});
afterAll(async () => studio?.server.stop());

function path_of(operation: Operation): string {
  const kind = operation.path.split('/')[3]!;
  return operation.path.replace(/\{\w+\}/, encodeURIComponent(there[kind] ?? nothing));
}

async function refused(reply: Promise<Reply>, status: number, field: string): Promise<void> {
  const { status: got, body, text } = await reply;
  expect(got, text).toBe(status);
  expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
}

const api = operations.filter(({ path }) => path.startsWith('/api/v1/'));

describe('no credential is refused by', () => {
  test.each(api.filter(({ spec }) => spec.security?.length !== 0))('$id', async (operation) => {
    const path = path_of(operation);
    const reply = await studio.anyone.request(operation.method, path, { contract: false });
    expect(reply.status).toBe(401);
  });
});

describe('an unknown query parameter is refused by', () => {
  test.each(api)('$id', async (operation) => {
    const options = { query: { colour: 'red' }, contract: false };
    await refused(owner.request(operation.method, path_of(operation), options), 400, 'colour');
  });
});

describe('an unknown field is named by', () => {
  // Set-up is over when these run, and says so first.
  const takes_json = ({ id, spec }: Operation) =>
    id !== 'set_up' && spec.requestBody?.content['application/json'] !== undefined;
  test.each(api.filter(takes_json))('$id', async (operation) => {
    const options = { json: { colour: 'red' }, contract: false };
    await refused(owner.request(operation.method, path_of(operation), options), 422, 'colour');
  });
});
