// GET /stream: what happens, as it happens.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './support/client';
import { Follower } from './support/stream';
import { Studio } from './support/studio';

let studio: Studio;
let owner: Client;

beforeAll(async () => {
  studio = await Studio.staffed();
  owner = studio.owner;
});
afterAll(async () => studio?.server.stop());

async function note(contact: string, more: object = {}): Promise<string> {
  return (await owner.post('/api/v1/entries', { type: 'note', contact: { id: contact }, ...more }))
    .id;
}

test('an entry, its correction and its retraction are told when they happen', async () => {
  const anna = await studio.person();
  const follower = await Follower.open(studio.staff);
  const id = await note(anna);
  const told = await follower.until((e) => e.data.id === id);
  expect(told).toMatchObject({
    event: 'entry',
    data: { id, contact_id: anna, version: 1, type: 'note', category: 'notes' },
  });
  // What is told of is there to be read.
  await studio.staff.get(`/api/v1/entries/${id}`);
  await owner.post(`/api/v1/entries/${id}/corrections`, { reason: 'x', title: 'y' });
  await follower.until((e) => e.data.id === id && e.data.version === 2);
  await owner.post(`/api/v1/entries/${id}/retraction`, { reason: 'x' });
  await follower.until((e) => e.data.id === id && e.data.version === 3);
  follower.close();
});

test('a task is told', async () => {
  const follower = await Follower.open(owner);
  const contact = { id: await studio.person() };
  const { id } = await owner.post('/api/v1/tasks', { title: 'Call back', contact });
  await follower.until((e) => e.event === 'task' && e.data.id === id);
  follower.close();
});

test('ids grow, and Last-Event-ID gives what was missed, once and in order', async () => {
  const anna = await studio.person();
  const first = await Follower.open(owner);
  const before = await note(anna);
  const last = await first.until((e) => e.data.id === before);
  first.close();
  const missed: string[] = [];
  for (let i = 0; i < 20; ++i) missed.push(await note(anna));
  const again = await Follower.open(owner, '', { 'last-event-id': last.id });
  const live = await note(anna);
  await again.until((e) => e.data.id === live);
  expect(again.events.map((e) => e.data.id)).toEqual([...missed, live]);
  const ids = again.events.map((e) => Number(e.id));
  expect([...ids].sort((a, b) => a - b)).toEqual(ids);
  again.close();
});

test('with contact, only what concerns that contact and those merged into it', async () => {
  const [anna, bert, double] = [
    await studio.person(),
    await studio.person(),
    await studio.person(),
  ];
  await owner.post(`/api/v1/contacts/${double}/merge`, { into: anna }, 200);
  const follower = await Follower.open(owner, `?contact=${anna}`);
  await note(bert);
  const own = await note(anna);
  const doubles = await note(double);
  await follower.until((e) => e.data.id === doubles);
  expect(follower.events.map((e) => e.data.id)).toEqual([own, doubles]);
  follower.close();
});

test('many followers are told of many entries, none is missed', async () => {
  const anna = await studio.person();
  const followers = await Promise.all(
    Array.from({ length: 20 }, () => Follower.open(studio.staff)),
  );
  const made: string[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 10; ++i) made.push(await note(anna));
    }),
  );
  for (const follower of followers) {
    for (const id of made) await follower.until((e) => e.data.id === id);
    const told = follower.events.map((e) => e.data.id);
    expect(new Set(told).size).toBe(told.length);
    follower.close();
  }
});

test('is for those who may read entries, and for contacts that there are', async () => {
  const refused = async (client: Client, query: string, status: number) => {
    const reply = await client.request('GET', '/api/v1/stream' + query);
    expect(reply.status).toBe(status);
  };
  await refused(studio.anyone, '', 401);
  await refused(await studio.key('contacts:read'), '', 403);
  await refused(owner, '?contact=4711', 400);
  await refused(owner, '?contact=019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f', 404);
  await refused(owner, '?colour=red', 400);
});

test('who comes back from far behind gets it all in order, and nobody waits for them', async () => {
  const anna = await studio.person();
  const live = await Follower.open(studio.staff);
  const mark = await note(anna);
  const before = await live.until((e) => e.data.id === mark);
  const made: string[] = [];
  for (let i = 0; i < 6; ++i) {
    const drafts = Array.from({ length: 500 }, () => ({ type: 'note', contact: { id: anna } }));
    const { items } = await owner.post('/api/v1/entries', drafts);
    made.push(...items.map((item: any) => item.id));
  }
  const from = { 'last-event-id': before.id };
  const late = await Promise.all([
    Follower.open(studio.staff, '', from),
    Follower.open(owner, `?contact=${anna}`, from),
  ]);
  const last = await note(anna);
  for (const follower of [live, ...late]) {
    await follower.until((e) => e.data.id === last);
    const told = follower.events.map((e) => e.data.id).filter((id) => id !== mark);
    expect(told).toEqual([...made, last]);
    follower.close();
  }
});

test('each is told what they may see, whoever listens with them', async () => {
  const [anna, bert] = [await studio.person(), await studio.person()];
  const followers = await Promise.all([
    Follower.open(owner),
    Follower.open(studio.staff),
    Follower.open(studio.colleague, `?contact=${anna}`),
    Follower.open(studio.staff, `?contact=${bert}`),
  ]);
  const own = await studio.staff.post('/api/v1/entries', {
    type: 'note',
    contact: { id: anna },
    private: true,
  });
  const berts = await note(bert);
  const annas = await note(anna);
  const expected = [[own.id, berts, annas], [own.id, berts, annas], [annas], [berts]];
  for (const [i, follower] of followers.entries()) {
    await follower.until((e) => e.data.id === expected[i]!.at(-1));
    expect(follower.events.map((e) => e.data.id)).toEqual(expected[i]);
    follower.close();
  }
});

test('ends for whoever loses their access', async () => {
  const made = await owner.post('/api/v1/api-keys', { name: 'Gone', scopes: ['entries:read'] });
  const follower = await Follower.open(studio.anyone.with({ key: made.secret }));
  const anna = await studio.person();
  const before = await note(anna);
  await follower.until((e) => e.data.id === before);
  await owner.must(204, 'DELETE', `/api/v1/api-keys/${made.id}`);
  const after = await note(anna);
  const witness = await Follower.open(owner, '', { 'last-event-id': '0' });
  await witness.until((e) => e.data.id === after);
  const last = await note(anna);
  await witness.until((e) => e.data.id === last);
  expect(follower.events.some((e) => [after, last].includes(e.data.id))).toBe(false);
  await follower.until_over();
  witness.close();
});

test('ends for whoever loses their access, though nothing happens', async () => {
  const key = await owner.post('/api/v1/api-keys', { name: 'Gone', scopes: ['entries:read'] });
  const session = await studio.sign_in('auditor@nord.example');
  const followers = await Promise.all([
    Follower.open(studio.anyone.with({ key: key.secret })),
    Follower.open(session),
  ]);
  const stays = await Follower.open(owner);
  await owner.must(204, 'DELETE', `/api/v1/api-keys/${key.id}`);
  await session.must(204, 'DELETE', '/api/v1/session');
  for (const follower of followers) await follower.until_over();
  expect(stays.over).toBe(false);
  stays.close();
});
