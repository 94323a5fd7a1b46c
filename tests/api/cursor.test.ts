// Pages: nothing twice and nothing missed, also while entries arrive.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, Query } from './support/client';
import { play } from './support/scenario';
import { Studio } from './support/studio';

let studio: Studio;
let owner: Client;

beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
});
afterAll(async () => studio?.server.stop());

const entries = '/api/v1/entries';

function drafts(contact: string, n: number, more: object = {}): object[] {
  return Array.from({ length: n }, (_, i) => ({
    type: 'note',
    contact: { id: contact },
    // Five share each instant, so that pages end between equals.
    occurred_at: new Date(Date.UTC(2020, 0, 1 + Math.floor(i / 5))).toISOString(),
    title: `Number ${i}`,
    ...more,
  }));
}

async function record(contact: string, n: number, more: object = {}): Promise<string[]> {
  const made = await owner.post(entries, drafts(contact, n, more));
  return made.items.map((i: any) => i.id);
}

describe.each(['newest', 'oldest'])('walking %s first', (order) => {
  test.each<[string, Query]>([
    ['a contact', {}],
    ['a contact, filtered', { direction: 'internal', category: ['notes', 'payments'] }],
    ['a search', { q: 'number' }],
    ['the past', { as_of: '2200-01-01' }],
  ])('%s while entries arrive, in order, nothing twice and nothing missed', async (_, query) => {
    const contact = await studio.person();
    const there = new Set(await record(contact, 60));
    const path = `/api/v1/contacts/${contact}/entries`;
    const seen: any[] = [];
    let cursor: string | undefined;
    let arrived = 0;
    do {
      const page = await owner.get(path, { type: 'note', order, limit: 7, cursor, ...query });
      seen.push(...page.items);
      cursor = page.next_cursor ?? undefined;
      // Some are new, some are from long ago.
      await record(contact, 3, { occurred_at: `20${10 + arrived}-01-01T00:00:00Z` });
      await record(contact, 3, { occurred_at: new Date().toISOString() });
      ++arrived;
    } while (cursor && arrived < 60);
    const ids = seen.map((e) => e.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => there.has(id))).toHaveLength(60);
    const times = seen.map((e) => e.occurred_at);
    const sorted = [...times].sort();
    expect(times).toEqual(order === 'oldest' ? sorted : sorted.reverse());
  });
});

test('all contacts together are walked alike', async () => {
  const contacts = [await studio.person(), await studio.person(), await studio.person()];
  const there: string[] = [];
  for (const contact of contacts) there.push(...(await record(contact, 20)));
  const walked = (await owner.all(entries, { type: 'note', limit: 13 })).map((e) => e.id);
  expect(new Set(walked).size).toBe(walked.length);
  expect(walked).toEqual(expect.arrayContaining(there));
});

test('a correction and a retraction during the walk show nothing twice', async () => {
  const contact = await studio.person();
  const there = await record(contact, 20);
  const path = `/api/v1/contacts/${contact}/entries`;
  const first = await owner.get(path, { type: 'note', limit: 10 });
  const { id } = first.items[0];
  await owner.post(`${entries}/${id}/corrections`, { reason: 'x', title: 'Changed' });
  await owner.post(`${entries}/${first.items[1].id}/retraction`, { reason: 'x' });
  const rest = await owner.get(path, { type: 'note', limit: 10, cursor: first.next_cursor });
  expect([...first.items, ...rest.items].map((e: any) => e.id).sort()).toEqual([...there].sort());
});

const walked = [
  'contacts',
  'staff',
  'api-keys',
  'tasks',
  'saved-filters',
  'entry-types',
  'logging-rules',
];
describe.each(walked)('%s', (list) => {
  test('are walked page by page, the last page has no cursor', async () => {
    const body: Record<string, (i: number) => object> = {
      contacts: (i) => ({ given_name: `Given ${i}` }),
      staff: (i) => ({ name: `Name ${i}`, email: `n${i}@nord.example`, role: 'staff' }),
      'api-keys': (i) => ({ name: `Key ${i}`, scopes: ['entries:read'] }),
      tasks: (i) => ({ title: `Task ${i}`, due: i % 2 ? '2031-01-01' : undefined }),
      'saved-filters': (i) => ({ name: `Filter ${i}`, filter: 'type=note' }),
      'entry-types': (i) => ({ type: `own.type_${i}`, category: 'notes' }),
      'logging-rules': (i) => ({ type: `own.type_${i}`, source: 'till', enabled: false }),
    };
    for (let i = 0; i < 5; ++i) await owner.post(`/api/v1/${list}`, body[list]!(i));
    const path = `/api/v1/${list}`;
    const whole = await owner.all(path, { limit: 200 });
    const walked = await owner.all(path, { limit: 2 });
    expect(whole.length).toBeGreaterThanOrEqual(5);
    expect(walked).toEqual(whole);
  });
});

describe('a cursor', () => {
  let path: string;
  let cursor: string;
  const filters = { type: 'note', order: 'newest', from: '2019-01-01' };

  beforeAll(async () => {
    const contact = await studio.person();
    await record(contact, 10);
    path = `/api/v1/contacts/${contact}/entries`;
    cursor = (await owner.get(path, { ...filters, limit: 3 })).next_cursor;
  });

  test('carries its filters and order', async () => {
    const named = await owner.get(path, { ...filters, limit: 3, cursor });
    expect(await owner.get(path, { limit: 3, cursor })).toEqual(named);
    expect(
      await owner.get(path, {
        limit: 3,
        cursor,
        from: '2019-01-01',
        order: 'newest',
        type: 'note',
      }),
    ).toEqual(named);
    expect((await owner.get(path, { cursor, limit: 200 })).items).toHaveLength(7);
  });

  test.each<[string, Query]>([
    ['another type', { ...filters, type: 'call' }],
    ['one more type', { ...filters, type: ['note', 'call'] }],
    ['another order', { ...filters, order: 'oldest' }],
    ['another day', { ...filters, from: '2019-01-02' }],
    ['one filter more', { ...filters, q: 'number' }],
    ['one filter less', { type: 'note', order: 'newest' }],
  ])('is refused with %s', async (_, query) => {
    await play(owner, {
      name: '',
      path,
      query: { ...query, cursor },
      status: 400,
      errors: ['cursor cursor'],
    });
  });

  test('is refused where it is broken', async () => {
    const decoded = Buffer.from(cursor, 'base64url').toString();
    const forged = (text: string) => Buffer.from(text).toString('base64url');
    const broken = [
      'x',
      '%00',
      'AAAA',
      cursor.slice(1),
      cursor.slice(0, 10),
      cursor + '!',
      forged(decoded.replace(/^1/, '2')),
      forged(decoded.replace(/;\d+;/, ';x;')),
      forged(decoded.replace(/;\d+;/, ';99999999999999999999999;')),
      forged(decoded.replace('type=note', 'type=%FF')),
      forged(decoded.replace('type=note', 'colour=red')),
      forged('1;1;1'),
      forged(';;;'),
      forged('\0\0\0\0'),
      'A'.repeat(5000),
    ];
    for (const one of broken) {
      const reply = await owner.request('GET', path, { query: { cursor: one } });
      expect(reply.status, one.slice(0, 100)).toBe(400);
    }
    for (const list of [...walked, 'log-views', 'contact-types', 'businesses']) {
      for (const one of ['x', cursor, forged('\0')]) {
        const reply = await owner.request('GET', `/api/v1/${list}`, { query: { cursor: one } });
        expect(reply.status, `${list} ${one}`).toBe(400);
      }
    }
  });

  test('of another list or another contact is no way in', async () => {
    const contacts = await owner.get('/api/v1/contacts', { limit: 1 });
    for (const list of ['staff', 'tasks', 'api-keys']) {
      const query = { cursor: contacts.next_cursor };
      const reply = await owner.request('GET', `/api/v1/${list}`, { query });
      expect(reply.status, list).toBe(400);
    }
  });

  test('limit is 1 to 200', async () => {
    for (const limit of ['0', '-1', '201', 'x', '1.5', '', '99999999999999999999']) {
      await play(owner, {
        name: limit,
        path,
        query: { limit },
        status: 400,
        errors: ['limit'],
      }).catch(async () => {
        await play(owner, { name: limit, path, query: { limit }, status: 400 });
      });
    }
  });
});
