// Replies in gzip's form: the same to who reads them, and nothing that would tell a secret.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client, Query, Reply } from './support/client';
import { Studio } from './support/studio';

const entries = '/api/v1/entries';
const compressed_bytes_max = 4 * 1024 * 1024;

let studio: Studio;
let owner: Client;
let contact: string;

beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
  contact = await studio.person();
  const drafts = Array.from({ length: 300 }, (_, i) => ({
    type: 'note',
    contact: { id: contact },
    text: `Größe ${i}: asked whether the next treatment can be moved.`,
  }));
  const made = await owner.request('POST', entries, { json: drafts });
  expect(made.status).toBe(201);
  // Long enough, and the client takes it: but it is a reply to a write.
  expect(made.text.length).toBeGreaterThan(10_000);
  expect(made.headers.get('content-encoding')).toBeNull();
});
afterAll(async () => studio?.server.stop());

function got(path: string, accepted: string, query: Query = {}, more = {}): Promise<Reply> {
  return owner.request('GET', path, { query, headers: { 'accept-encoding': accepted, ...more } });
}

test.each<[string, Query]>([
  [entries, { limit: 200, facets: 1 }],
  [entries, { q: 'treatment', limit: 50 }],
  ['/api/v1/entry-types', { limit: 200 }],
])('%s is the same with gzip and without, and several times as short', async (path, query) => {
  const plain = await got(path, 'identity', query);
  const packed = await got(path, 'br;q=1, gzip;q=0.8, *;q=0.1', query);
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(plain.headers.get('content-encoding')).toBeNull();
  for (const { headers } of [plain, packed]) expect(headers.get('vary')).toBe('Accept-Encoding');
  expect(packed.body).toEqual(plain.body);
  const length = (reply: Reply) => Number(reply.headers.get('content-length'));
  expect(length(plain)).toBe(Buffer.byteLength(plain.text));
  expect(length(packed)).toBeLessThan(length(plain) / 3);
});

test.each(['identity', 'br', 'gzip;q=0', 'gzip;q=0, *'])('"%s" gets it plain', async (accepted) => {
  const reply = await got(entries, accepted, { limit: 200 });
  expect(reply.headers.get('content-encoding')).toBeNull();
  expect(reply.body.items).toHaveLength(200);
});

test('a version that was read can be named in a change, whatever the client takes', async () => {
  const attributes = { note: 'long '.repeat(1_000) };
  const made = await owner.post('/api/v1/contacts', { given_name: 'Ida', attributes });
  const path = `/api/v1/contacts/${made.id}`;
  const read = await got(path, 'gzip');
  const tag = read.headers.get('etag')!;
  expect(read.text.length).toBeGreaterThan(4_000);
  expect(tag).toBe((await got(path, 'identity')).headers.get('etag'));
  const change = { json: { family_name: 'Berg' }, headers: { 'if-match': tag } };
  expect((await owner.request('PATCH', path, change)).status).toBe(200);
  expect((await owner.request('PATCH', path, change)).status).toBe(412);
});

test('a list that is made while it is sent comes as it is', async () => {
  const reply = await got(entries, 'gzip', {}, { accept: 'text/csv' });
  expect(reply.headers.get('content-encoding')).toBeNull();
  expect(reply.text.split('\r\n').length).toBeGreaterThan(300);
});

test('what is very long comes as it is, to many at once', async () => {
  const long = await studio.person();
  const draft = { type: 'note', contact: { id: long }, text: 'x'.repeat(60_000) };
  for (let i = 0; i < 3; i += 1) await owner.post(entries, Array.from({ length: 50 }, () => draft));
  const path = `/api/v1/contacts/${long}/entries`;
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, i) => got(path, 'gzip', { limit: i % 2 ? 150 : 60 })),
  );
  for (const [i, reply] of all.entries()) {
    expect(reply.body.items).toHaveLength(i % 2 ? 150 : 60);
    const packed = reply.text.length <= compressed_bytes_max;
    expect(reply.headers.get('content-encoding')).toBe(packed ? 'gzip' : null);
    expect(packed).toBe(i % 2 === 0);
  }
});
