// Log views and private entries: one predicate on every route that reads, and 404 for what it
// hides. And businesses, which see nothing of each other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const entries = '/api/v1/entries';
const occurred_at = '2024-01-01T10:00:00.000000Z'; // before its client was written down

interface Hidden {
  contact: string;
  id: string;
  file: string;
}

/** An entry of money, words and a file, that every figure and search would show. */
async function record(author: Client, more: object): Promise<Hidden> {
  const contact = await studio.person();
  const file = await author.upload('secret.txt', 'secret');
  const { id } = await author.post(entries, {
    type: 'payment.taken',
    contact: { id: contact },
    amount: { value: 4321, currency: 'EUR' },
    title: 'Platypus',
    text: 'ornithorhynchus',
    direction: 'inbound',
    occurred_at,
    attachments: [file],
    ...more,
  });
  return { contact, id, file };
}

/** The ways in which `client` sees the entry, of all there are. */
async function ways_of_seeing(client: Client, hidden: Hidden): Promise<string[]> {
  const { contact, id, file } = hidden;
  const seen: string[] = [];
  const look = (way: string, does: boolean) => does && seen.push(way);
  for (const path of [`/api/v1/contacts/${contact}/entries`, entries]) {
    const listed = (items: any[]) => items.some((e) => e.id === id);
    look(`list ${path}`, listed(await client.all(path, { limit: 200 })));
    look(`search ${path}`, listed(await client.all(path, { q: 'ornithorhynchus' })));
    look(`files ${path}`, listed(await client.all(path, { has_attachment: true })));
    look(`then ${path}`, listed(await client.all(path, { as_of: '2200-01-01', limit: 200 })));
    for (const accept of ['text/csv', 'application/x-ndjson']) {
      const reply = await client.request('GET', path, { headers: { accept } });
      if (reply.status !== 403) look(`${accept} ${path}`, reply.text.includes(id));
    }
  }
  for (const query of [{}, { q: 'ornithorhynchus' }, { as_of: '2200-01-01' }]) {
    const path = `/api/v1/contacts/${contact}/entries`;
    const { facets } = await client.get(path, { facets: '1', ...query });
    look(`facets ${JSON.stringify(query)}`, (facets.type['payment.taken'] ?? 0) > 0);
  }
  const summary = await client.get(`/api/v1/contacts/${contact}/summary`);
  look('summary', summary.lifetime_value.length > 0);
  look('last contact', summary.last_contact_at !== null);
  look('first entry', summary.first_entry_at === occurred_at);
  const detail = await client.request('GET', `${entries}/${id}`);
  expect([200, 404]).toContain(detail.status);
  look('detail', detail.status === 200);
  const download = await client.request('GET', `/api/v1/attachments/${file}`);
  expect([200, 404]).toContain(download.status);
  look('attachment', download.status === 200);
  return seen;
}

/** That it is seen in every way, but for exports by those who may not export. */
async function expect_seen(client: Client, hidden: Hidden, exports = true): Promise<void> {
  expect(await ways_of_seeing(client, hidden)).toHaveLength(exports ? 20 : 16);
}

async function expect_hidden(client: Client, hidden: Hidden): Promise<void> {
  expect(await ways_of_seeing(client, hidden)).toEqual([]);
}

describe('private', () => {
  test('is for the author and owners', async () => {
    const mine = await record(studio.staff, { private: true });
    await expect_seen(studio.staff, mine, false);
    await expect_seen(owner, mine);
    await expect_hidden(studio.colleague, mine);
    await expect_hidden(studio.manager, mine);
    await expect_hidden(studio.auditor, mine);
    await expect_hidden(await studio.key('entries:read', 'view:general', 'view:financial'), mine);
    await expect_seen(await studio.key('admin'), mine);
  });

  test('an entry is hidden while a correction makes it private', async () => {
    const mine = await record(studio.staff, {});
    const path = `${entries}/${mine.id}/corrections`;
    await studio.staff.post(path, { reason: 'x', private: true });
    await expect_hidden(studio.colleague, mine);
    await studio.staff.post(path, { reason: 'x', private: false });
    await expect_seen(studio.colleague, mine, false);
  });

  test('cannot be changed by who cannot see it: 404', async () => {
    const mine = await record(studio.staff, { private: true });
    for (const [method, path, json] of [
      ['POST', 'corrections', { reason: 'x', title: 'y' }],
      ['POST', 'retraction', { reason: 'x' }],
      ['PUT', 'pin', undefined],
      ['DELETE', 'pin', undefined],
    ] as const) {
      const reply = await studio.manager.request(method, `${entries}/${mine.id}/${path}`, { json });
      expect(reply.status, path).toBe(404);
    }
  });

  test('a private note is not among the notes about an entry', async () => {
    const shown = await record(owner, {});
    const note = await owner.post(entries, {
      type: 'note',
      contact: { id: shown.contact },
      about: shown.id,
      private: true,
    });
    expect((await owner.get(`${entries}/${shown.id}`)).notes).toEqual([note.id]);
    expect((await studio.staff.get(`${entries}/${shown.id}`)).notes).toEqual([]);
  });
});

describe('a task that follows on an entry', () => {
  test('is seen by those who see the entry, and by its assignee', async () => {
    const contact = await studio.person();
    const { task_id, id } = await owner.post(entries, {
      type: 'note',
      contact: { id: contact },
      private: true,
      task: { title: 'Platypus', assignee: studio.members.manager.id },
    });
    const ways = async (client: Client) => {
      const path = `/api/v1/tasks/${task_id}`;
      const listed = await client.all('/api/v1/tasks', { limit: 200 });
      const history = await client.all(`/api/v1/contacts/${contact}/entries`);
      return {
        read: (await client.request('GET', path)).status,
        listed: listed.some((task) => task.id === task_id),
        counted: (await client.get(`/api/v1/contacts/${contact}/summary`)).open_tasks,
        recorded: history.some((e) => e.type === 'task.created'),
      };
    };
    const seen = { read: 200, listed: true, counted: 1 };
    const hidden = { read: 404, listed: false, counted: 0, recorded: false };
    expect(await ways(owner)).toEqual({ ...seen, recorded: true });
    expect(await ways(studio.manager)).toMatchObject(seen);
    for (const client of [studio.staff, studio.auditor]) {
      expect(await ways(client)).toEqual(hidden);
      for (const [method, path, json] of [
        ['PATCH', '', { title: 'x' }],
        ['POST', '/complete', undefined],
      ] as const) {
        const reply = await client.request(method, `/api/v1/tasks/${task_id}${path}`, { json });
        expect(reply.status).toBe(client === studio.auditor ? 403 : 404);
      }
      const wrong = { title: 'Mine', entry: id };
      const reply = await studio.staff.request('POST', '/api/v1/tasks', { json: wrong });
      expect([404, 422]).toContain(reply.status);
    }
  });
});

describe('log views', () => {
  test('general is there from the start, for all, and stays', async () => {
    const views = await owner.all('/api/v1/log-views');
    const general = views.find((view) => view.key === 'general');
    const all = ['auditor', 'manager', 'owner', 'staff'];
    expect([...general.roles].sort()).toEqual(all);
    const fewer = await owner.request('PATCH', '/api/v1/log-views/general', {
      json: { roles: ['owner'] },
    });
    expect(fewer.status).toBe(422);
    const plain = await record(owner, {});
    expect((await owner.get(`${entries}/${plain.id}`)).views).toEqual(['general']);
    for (const client of [studio.manager, studio.auditor]) await expect_seen(client, plain);
    for (const client of [studio.staff, studio.colleague]) await expect_seen(client, plain, false);
    await expect_seen(await studio.key('entries:read'), plain);
  });

  test('stated views are for their roles, owners and keys that name them', async () => {
    const money = await record(owner, { views: ['financial'] });
    await expect_seen(owner, money);
    await expect_seen(studio.manager, money);
    await expect_seen(studio.auditor, money);
    await expect_hidden(studio.staff, money);
    await expect_hidden(await studio.key('entries:read'), money);
    await expect_hidden(await studio.key('entries:read', 'view:medical'), money);
    await expect_seen(await studio.key('entries:read', 'view:financial'), money);
    await expect_seen(await studio.key('admin'), money);
  });

  test('even the author sees only the views of their role', async () => {
    await expect_hidden(studio.staff, await record(studio.staff, { views: ['medical'] }));
  });

  test('one of several views is enough', async () => {
    const both = await record(owner, { views: ['medical', 'financial'] });
    await expect_seen(studio.auditor, both);
    await expect_seen(await studio.key('entries:read', 'view:medical'), both);
    await expect_hidden(studio.staff, both);
  });

  test('views of types and contact types hold at once, for what is there too', async () => {
    await owner.post('/api/v1/contact-types', { name: 'Anamnese' });
    const labelled = await record(studio.staff, { contact_type: 'Anamnese' });
    await expect_seen(studio.staff, labelled, false);
    await owner.patch('/api/v1/contact-types/Anamnese', { views: ['medical'] });
    await expect_hidden(studio.staff, labelled);
    await expect_seen(studio.manager, labelled);
    await owner.patch('/api/v1/contact-types/Anamnese', { views: [] });
    await expect_seen(studio.staff, labelled, false);

    const typed = await record(studio.staff, {});
    await owner.patch('/api/v1/entry-types/payment.taken', { views: ['financial'] });
    try {
      await expect_hidden(studio.staff, typed);
      await expect_seen(studio.auditor, typed);
      // What it states itself counts, not its type.
      await expect_seen(studio.staff, await record(studio.staff, { views: ['general'] }), false);
    } finally {
      await owner.patch('/api/v1/entry-types/payment.taken', { views: [] });
    }
    await expect_seen(studio.staff, typed, false);
  });

  test('the roles of a view hold from when they are changed', async () => {
    await owner.post('/api/v1/log-views', { key: 'board', name: 'Board', roles: [] });
    const secret = await record(owner, { views: ['board'] });
    await expect_hidden(studio.manager, secret);
    await owner.patch('/api/v1/log-views/board', { roles: ['manager'] });
    await expect_seen(studio.manager, secret);
  });

  test('view= narrows to a view and never widens', async () => {
    const money = await record(owner, { views: ['financial'] });
    const plain = await record(owner, {});
    const ids = async (client: Client, view: string) =>
      (await client.all(entries, { view, limit: 200 })).map((e) => e.id);
    expect(await ids(owner, 'financial')).toContain(money.id);
    expect(await ids(owner, 'financial')).not.toContain(plain.id);
    expect(await ids(owner, 'general')).toContain(plain.id);
    expect(await ids(studio.staff, 'financial')).toEqual([]);
    expect((await owner.request('GET', entries, { query: { view: 'nonsense' } })).status).toBe(400);
  });
});

describe('the stream', () => {
  test('sends nothing of what is hidden, live or missed', async () => {
    const live = await Follower.open(studio.staff);
    const hidden = [
      (await record(owner, { private: true })).id,
      (await record(owner, { views: ['financial'] })).id,
    ];
    const seen = (await record(owner, {})).id;
    await live.until((e) => e.data.id === seen);
    expect(live.events.some((e) => hidden.includes(e.data.id))).toBe(false);
    live.close();
    const missed = await Follower.open(studio.staff, '', { 'last-event-id': '0' });
    await missed.until((e) => e.data.id === seen);
    expect(missed.events.some((e) => hidden.includes(e.data.id))).toBe(false);
    missed.close();
  });
});

describe('businesses', () => {
  test('see nothing of each other', async () => {
    const ours = await record(owner, {});
    const task = await owner.post('/api/v1/tasks', {
      title: 'Ours',
      contact: { id: ours.contact },
    });
    const filter = await owner.post('/api/v1/saved-filters', {
      name: 'Ours',
      filter: 'type=note',
      shared: true,
    });
    const key = await owner.post('/api/v1/api-keys', { name: 'Ours', scopes: ['admin'] });
    const other = await studio.other_business();

    for (const path of ['entries', 'contacts', 'tasks', 'saved-filters', 'api-keys']) {
      expect(await other.all(`/api/v1/${path}`), path).toEqual([]);
    }
    expect(await other.all('/api/v1/staff')).toHaveLength(1);
    expect(await other.all('/api/v1/contacts', { q: 'Muster' })).toEqual([]);
    expect(await other.all(entries, { q: 'ornithorhynchus' })).toEqual([]);

    const staff = studio.members.staff.id;
    const business = (await owner.get('/api/v1/me')).business.id;
    for (const [method, path, json] of [
      ['GET', `entries/${ours.id}`],
      ['POST', `entries/${ours.id}/corrections`, { reason: 'x', title: 'y' }],
      ['POST', `entries/${ours.id}/retraction`, { reason: 'x' }],
      ['PUT', `entries/${ours.id}/pin`],
      ['GET', `attachments/${ours.file}`],
      ['GET', `contacts/${ours.contact}`],
      ['PATCH', `contacts/${ours.contact}`, { language: 'en' }],
      ['GET', `contacts/${ours.contact}/entries`],
      ['GET', `contacts/${ours.contact}/summary`],
      ['POST', `contacts/${ours.contact}/unmerge`],
      ['GET', `stream?contact=${ours.contact}`],
      ['GET', `tasks/${task.id}`],
      ['PATCH', `tasks/${task.id}`, { title: 'Theirs' }],
      ['POST', `tasks/${task.id}/complete`],
      ['GET', `staff/${staff}`],
      ['PATCH', `staff/${staff}`, { name: 'Theirs' }],
      ['DELETE', `saved-filters/${filter.id}`],
      ['DELETE', `api-keys/${key.id}`],
      ['PATCH', `businesses/${business}`, { name: 'Theirs' }],
    ] as const) {
      const reply = await other.request(method, `/api/v1/${path}`, { json });
      expect(reply.status, `${method} ${path} ${reply.text}`).toBe(404);
    }

    const theirs = (await other.post('/api/v1/contacts', { given_name: 'Theirs' })).id;
    const refused = [
      { type: 'note', contact: { id: ours.contact } },
      { type: 'note', contact: { id: theirs }, about: ours.id },
      { type: 'note', contact: { id: theirs }, attachments: [ours.file] },
      { type: 'note', contact: { id: theirs }, actor: { kind: 'staff', id: staff } },
    ];
    for (const json of refused) {
      const reply = await other.request('POST', entries, { json });
      expect(reply.status, JSON.stringify(json)).toBe(422);
    }
    const merge = { json: { into: ours.contact } };
    const merged = await other.request('POST', `/api/v1/contacts/${theirs}/merge`, merge);
    expect(merged.status).toBe(422);
  });

  test('have keys, UIDs and client numbers of their own', async () => {
    const other = await studio.other_business();
    const uids = [{ source: 'booking', external_id: 'both' }];
    for (const client of [owner, other]) {
      const made = await client.post('/api/v1/contacts', {
        given_name: 'B',
        uids,
        client_number: 'B-1',
      });
      const draft = { type: 'note', contact: uids[0], source: 'till', source_id: 'both' };
      const entry = await client.post(entries, draft);
      expect(entry).toMatchObject({ status: 'created', contact_id: made.id });
    }
  });
});
