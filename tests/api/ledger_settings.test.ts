// What decides how the history is kept or shown cannot be changed unseen: each change is a leaf.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from './support/client';
import { database_name, drop_database, on_postgres, place, psql } from './support/engine';
import { annals_bin } from './support/server';
import { Studio } from './support/studio';

const root = mkdtempSync(join(tmpdir(), 'annals-settings-'));
const data = join(root, 'data');
let studio: Studio;
let owner: Client;
let owner_by: object;
beforeAll(async () => {
  studio = await Studio.found({ data });
  owner = studio.owner;
  owner_by = { kind: 'staff', id: studio.members.owner.id, name: 'Erika Kern' };
});
afterAll(async () => {
  await studio?.server.stop();
  if (on_postgres) drop_database(data);
  rmSync(root, { recursive: true, force: true });
});

const list = '/api/v1/ledger/settings';

/** What was recorded since the list had `count` items, oldest first. */
async function since(count: number): Promise<any[]> {
  const items = await owner.all(list, { limit: 200 });
  return items.slice(0, items.length - count).reverse();
}
const count = async () => (await owner.all(list, { limit: 200 })).length;

/** What the changes recorded, without places and times. */
async function recorded(change: () => Promise<unknown>): Promise<any[]> {
  const before = await count();
  await change();
  return (await since(before)).map(({ kind, key, changes, recorded_by }) => {
    expect(recorded_by).toEqual(owner_by);
    return { kind, key, changes };
  });
}

const patch = async (path: string, json: object) => {
  const reply = await owner.request('PATCH', path, { json });
  expect(reply.status, reply.text).toBe(200);
  return reply.body;
};

describe('a leaf of its own has', () => {
  test('a change of the business, with what was and what is', async () => {
    const { business } = await owner.get('/api/v1/me');
    const change = () =>
      patch(`/api/v1/businesses/${business.id}`, { name: 'Studio West', country: null });
    expect(await recorded(change)).toEqual([
      {
        kind: 'business',
        key: business.id,
        changes: [
          { field: 'name', old: 'Studio Nord', new: 'Studio West' },
          { field: 'country', old: 'DE', new: '' },
        ],
      },
    ]);
  });

  test('a log view that is made or changed', async () => {
    const made = await recorded(() =>
      owner.post('/api/v1/log-views', { key: 'board', name: 'Board', roles: ['manager'] }),
    );
    expect(made).toEqual([
      {
        kind: 'log_view',
        key: 'board',
        changes: [
          { field: 'name', old: null, new: 'Board' },
          { field: 'roles', old: null, new: ['manager'] },
        ],
      },
    ]);
    const change = () => patch('/api/v1/log-views/board', { roles: ['manager', 'auditor'] });
    expect((await recorded(change))[0].changes).toEqual([
      { field: 'roles', old: ['manager'], new: ['manager', 'auditor'] },
    ]);
  });

  test('a contact type or an entry type that is made or changed, a built-in one too', async () => {
    const changes = await recorded(async () => {
      await owner.post('/api/v1/contact-types', { name: 'Complaint' });
      await patch('/api/v1/contact-types/Complaint', { archived: true });
      await owner.post('/api/v1/entry-types', { type: 'gym.entered', category: 'appointments' });
      await patch('/api/v1/entry-types/call', { views: ['financial'] });
    });
    expect(changes.map(({ kind, key }) => [kind, key])).toEqual([
      ['contact_type', 'Complaint'],
      ['contact_type', 'Complaint'],
      ['entry_type', 'gym.entered'],
      ['entry_type', 'call'],
    ]);
    expect(changes[1].changes).toEqual([{ field: 'archived', old: false, new: true }]);
    expect(changes[3].changes).toEqual([{ field: 'views', old: [], new: ['financial'] }]);
  });

  test('a logging rule that is made or switched', async () => {
    const changes = await recorded(async () => {
      const { id } = await owner.post('/api/v1/logging-rules', { type: 'visit', enabled: false });
      await patch(`/api/v1/logging-rules/${id}`, { enabled: true });
    });
    expect(changes[0]).toMatchObject({
      kind: 'logging_rule',
      changes: [
        { field: 'type', old: null, new: 'visit' },
        { field: 'enabled', old: null, new: false },
        { field: 'views', old: null, new: [] },
      ],
    });
    expect(changes[1]).toMatchObject({
      key: changes[0].key,
      changes: [{ field: 'enabled', old: false, new: true }],
    });
  });

  test('a role that is given, changed or taken, and no password or address', async () => {
    const before = await count();
    await studio.hire('colleague', 'staff');
    const { id } = studio.members.colleague;
    await patch(`/api/v1/staff/${id}`, { role: 'manager' });
    await patch(`/api/v1/staff/${id}`, { password: 'another horse battery' });
    await patch(`/api/v1/staff/${id}`, { email: 'c@nord.example' });
    await patch(`/api/v1/staff/${id}`, { active: false });
    const all = await since(before);
    expect(all.map((item) => [item.kind, item.key])).toEqual(Array(3).fill(['staff', id]));
    expect(all.map((item) => item.changes)).toEqual([
      [
        { field: 'name', old: null, new: 'The colleague' },
        { field: 'role', old: null, new: 'staff' },
        { field: 'active', old: null, new: true },
      ],
      [{ field: 'role', old: 'staff', new: 'manager' }],
      [{ field: 'active', old: true, new: false }],
    ]);
  });

  test('an API key that is made or revoked, once, and nothing of its secret', async () => {
    const before = await count();
    const key = await owner.post('/api/v1/api-keys', { name: 'Till', scopes: ['entries:write'] });
    for (const _ of [1, 2]) {
      const reply = await owner.request('DELETE', `/api/v1/api-keys/${key.id}`);
      expect(reply.status).toBe(204);
    }
    const all = await since(before);
    expect(all.map((item) => item.changes)).toEqual([
      [
        { field: 'name', old: null, new: 'Till' },
        { field: 'scopes', old: null, new: ['entries:write'] },
        { field: 'revoked', old: null, new: false },
      ],
      [{ field: 'revoked', old: false, new: true }],
    ]);
    const records = sql(data, 'SELECT record FROM journal WHERE kind = 7').join('\n');
    expect(records).toContain('"setting":"api_key"');
    expect(records).not.toContain(key.secret);
    expect(records).not.toMatch(/secret|hash|password|@/);
  });
});

test('what changes nothing, or is refused, leaves no leaf', async () => {
  const changes = await recorded(async () => {
    await patch('/api/v1/log-views/financial', { name: 'Financial' });
    const refused = await owner.request('PATCH', '/api/v1/log-views/general', {
      json: { name: 'All', roles: [] },
    });
    expect(refused.status).toBe(422);
    const taken = { name: 'Again', key: 'general' };
    const conflict = await owner.request('POST', '/api/v1/log-views', { json: taken });
    expect(conflict.status).toBe(409);
  });
  expect(changes).toEqual([]);
});

test('they are among the leaves of entries, newest first, and come by pages', async () => {
  const contact = { id: await studio.person() };
  const { id } = await owner.post('/api/v1/entries', { type: 'call', contact });
  await patch('/api/v1/log-views/medical', { name: 'Health' });
  const whole = await owner.get(list);
  const entry = await owner.get(`/api/v1/entries/${id}`);
  expect(whole.items[0].leaf_index).toBe(entry.ledger.leaf_index + 1);
  const one_by_one = await owner.all(list, { limit: 1 });
  expect(one_by_one).toEqual(whole.items);
  const indexes = one_by_one.map((item) => item.leaf_index);
  expect(indexes).toEqual([...indexes].sort((a, b) => b - a));
  const odd = await owner.request('GET', list, { query: { cursor: 'x' } });
  expect(odd.status).toBe(400);
});

function sql(folder: string, text: string): string[] {
  const said = on_postgres
    ? psql(database_name(folder), `SET search_path = annals; ${text}`)
    : String(execFileSync('sqlite3', [join(folder, 'annals.db'), text])).trim();
  return said === '' ? [] : said.split('\n');
}

function verify(folder: string): string {
  const args = ['--log-level', 'error', 'verify', ...place(folder)];
  return spawnSync(annals_bin(), args, { encoding: 'utf8' }).stdout;
}

const bytes = (hex: string) => (on_postgres ? `'\\x${hex}'::bytea` : `x'${hex}'`);

describe('`annals verify` finds', () => {
  beforeAll(async () => {
    await studio.server.stop();
    expect(verify(data)).toMatch(/ 0 faults/);
  });

  test.each([
    ['who did it', `record = replace(record, 'Erika', 'Erik')`, /record or salt: /],
    ['the contact', `contact = ${bytes('07'.repeat(16))}`, /contact: is not what the record says/],
    ['the id', `entry = ${bytes('07'.repeat(16))}`, /entry: is not what the record says/],
    ['the version', 'version = 2', /version: is not what the record says/],
    ['the time', 'occurred_at = 1', /occurred_at: is not what the record says/],
    ['the time of the record', 'recorded_at = 1', /recorded_at: is not what the leaf says/],
    ['the kind', 'kind = 6', /kind: is not what the leaf says/],
    ['an empty record', `record = ''`, /record or salt: /],
  ])('%s, changed', (_, assignment, says) => {
    const last = 'leaf_index = (SELECT max(leaf_index) FROM journal WHERE kind = 7)';
    expect(verify_after(`UPDATE journal SET ${assignment} WHERE ${last}`)).toMatch(says);
  });

  // Whoever has the database makes somebody an owner, or lets a key in again.
  test.each([
    ['role of staff', "UPDATE staff SET role = 'owner' WHERE role <> 'owner'"],
    ['revoked of api_key', 'UPDATE api_keys SET revoked_at = NULL'],
    ['scopes of api_key', `UPDATE api_keys SET scopes = '["admin"]'`],
    ['name of business', "UPDATE businesses SET name = 'Studio Ost'"],
    ['roles of log_view', `UPDATE log_views SET roles = '["staff"]' WHERE key <> 'general'`],
    ['enabled of logging_rule', 'UPDATE logging_rules SET enabled = 1 - enabled'],
    ['views of contact_type', `UPDATE contact_types SET views = '["general"]'`],
  ])('the %s that no leaf tells of', (what, change) => {
    expect(verify_after(change)).toMatch(new RegExp(`settings: ${what} .* is not what its last`));
  });

  function verify_after(change: string): string {
    const copy = join(root, 'copy');
    cpSync(data, copy, { recursive: true });
    if (on_postgres) {
      const names = [database_name(copy), database_name(data)];
      psql('postgres', `CREATE DATABASE ${names[0]} TEMPLATE ${names[1]}`);
    }
    sql(copy, change);
    const said = verify(copy);
    if (on_postgres) drop_database(copy);
    rmSync(copy, { recursive: true });
    return said;
  }
});
