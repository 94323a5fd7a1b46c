// Power cuts: what was acknowledged is there, once, and nothing is half there. ANNALS_LONG=1 kills
// 25 times instead of 5.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from './support/client';
import { on_postgres } from './support/engine';
import { Studio } from './support/studio';
import { may_trace, trace } from './support/trace';

const kills = process.env.ANNALS_LONG ? 25 : 5;
const writers = 8;
const batch = 4; // entries of an array, every third time

let studio: Studio;
let key: Client;

beforeEach(async () => {
  studio = await Studio.found();
  key = await studio.key('admin');
});
afterEach(async () => studio?.server.stop());

const entries = '/api/v1/entries';

/** The caller on the server that runs now, which listens elsewhere after each start. */
function here(client: Client): Client {
  return new Client(studio.server.url, client.credential);
}

interface Draft {
  source_id: string;
  [name: string]: unknown;
}

interface Load {
  acknowledged: Map<string, string>; // source_id to the entry's id
  sent: Map<string, Draft>;
}

/** Writes until the server is gone, and says what it was told. */
async function write(client: Client, name: string, contact: string, load: Load): Promise<void> {
  for (let i = 0; ; ++i) {
    const drafts: Draft[] = Array.from({ length: i % 3 ? 1 : batch }, (_, n) => ({
      type: 'note',
      contact: { id: contact },
      source: 'load',
      source_id: `${name} ${i} ${n}`,
      text: `Entry ${i} of ${name}`,
    }));
    for (const draft of drafts) load.sent.set(draft.source_id, draft);
    let reply;
    try {
      const json = drafts.length === 1 ? drafts[0] : drafts;
      reply = await client.request('POST', entries, { json });
    } catch (error) {
      if (error instanceof TypeError) return; // the line was cut
      throw error;
    }
    if (reply.status !== 201) throw new Error(reply.text);
    const items = drafts.length === 1 ? [reply.body] : reply.body.items;
    drafts.forEach((draft, n) => load.acknowledged.set(draft.source_id, items[n].id));
  }
}

function gapless(numbers: number[], first: number): boolean {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.every((n, i) => n === first + i);
}

function group_by<T>(items: Iterable<T>, name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(name(item), [...(groups.get(name(item)) ?? []), item]);
  return groups;
}

test(`${kills} times killed under load, nothing acknowledged is lost or there twice`, async () => {
  const contacts: string[] = [];
  for (let i = 0; i < 4; ++i) contacts.push(await studio.person({ given_name: `Client ${i}` }));
  const load: Load = { acknowledged: new Map(), sent: new Map() };
  for (let round = 0; round < kills; ++round) {
    const before = load.acknowledged.size;
    const client = here(key);
    const running = Array.from({ length: writers }, (_, w) =>
      write(client, `${round}/${w}`, contacts[w % contacts.length]!, load),
    );
    // At another moment each time: after some acknowledgements, and a little.
    const enough = before + 1 + Math.floor(Math.random() * 60);
    while (load.acknowledged.size < enough) await new Promise((resume) => setImmediate(resume));
    await new Promise((resume) => setTimeout(resume, Math.random() * 30));
    await studio.server.kill();
    await Promise.all(running);
    await studio.server.restart();
    await check(here(key), load);
  }
  await check_repeats(here(key), load);
}, 600_000);

/** Each acknowledged entry is there once, and no number is missing. */
async function check(client: Client, load: Load): Promise<void> {
  const all = await client.all(entries, { limit: 200 });
  const by_key = new Map<string, string>();
  for (const entry of all) {
    const { source_id } = entry.origin;
    if (!source_id) continue;
    expect(by_key.has(source_id), `${source_id} is there twice`).toBe(false);
    by_key.set(source_id, entry.id);
    expect(entry.text).toBe(load.sent.get(source_id)!.text);
  }
  const lost = [...load.acknowledged].filter(([source_id, id]) => by_key.get(source_id) !== id);
  expect(lost).toEqual([]);
  expect([...by_key.keys()].filter((source_id) => !load.sent.has(source_id))).toEqual([]);
  expect(
    gapless(
      all.map((e) => e.ledger.leaf_index),
      0,
    ),
    'leaf_index',
  ).toBe(true);
  const by_contact = group_by(all, (e: any) => e.contact_id as string);
  for (const [contact, theirs] of by_contact) {
    expect(
      gapless(
        theirs.map((e) => e.ledger.contact_seq),
        1,
      ),
      `contact_seq of ${contact}`,
    ).toBe(true);
  }
  // All of an array or nothing of it.
  const arrays = group_by(by_key.keys(), (k) => k.split(' ').slice(0, 2).join(' '));
  for (const [name, parts] of arrays) {
    expect(parts.length, name).toBe(Number(name.split(' ')[1]) % 3 ? 1 : batch);
  }
  const { facets } = await client.get(entries, { facets: '1', limit: 1 });
  expect(facets.type.note).toBe(by_key.size);
}

/** A repeat of what was acknowledged is a duplicate; of the rest, one thing or the other. */
async function check_repeats(client: Client, load: Load): Promise<void> {
  const sent = [...load.sent.values()];
  for (let at = 0; at < sent.length; at += 500) {
    const some = sent.slice(at, at + 500);
    const { items } = await client.post(entries, some);
    items.forEach((item: any, i: number) => {
      const known = load.acknowledged.get(some[i]!.source_id);
      if (!known) return;
      expect(item).toMatchObject({ id: known, status: 'duplicate' });
    });
  }
  for (const draft of sent) load.acknowledged.set(draft.source_id, '');
  const again = await client.post(entries, sent.slice(0, 1000));
  expect(again.items.every((i: any) => i.status === 'duplicate')).toBe(true);
}

test('a stop in the midst of load answers what it took, and loses nothing', async () => {
  const contact = await studio.person();
  const load: Load = { acknowledged: new Map(), sent: new Map() };
  const client = here(key);
  const running = Array.from({ length: writers }, (_, w) => write(client, `s/${w}`, contact, load));
  // A stopping server may also say that it stops.
  const settled = Promise.allSettled(running);
  while (load.acknowledged.size < 50) await new Promise((resume) => setImmediate(resume));
  process.kill(studio.server.pid, 'SIGTERM');
  for (const outcome of await settled) {
    if (outcome.status === 'rejected') expect(String(outcome.reason)).toContain('"status":503');
  }
  await studio.server.ended();
  await studio.server.restart();
  await check(here(key), load);
});

// ---- what reaches the disk before a reply leaves

const synced_by_us = may_trace && !on_postgres;
test.skipIf(!synced_by_us)('an entry is on the disk before its reply leaves', async () => {
  const contact = await studio.person();
  const calls = 'fdatasync,fsync,sendto,sendmsg,write,writev,recvfrom,recvmsg,read,readv';
  const ids: string[] = [];
  const lines = await trace(studio.server.pid, calls, async () => {
    for (let i = 0; i < 5; ++i) {
      const json = { type: 'note', contact: { id: contact }, title: `traced ${i}` };
      ids.push((await here(key).post(entries, json)).id);
    }
  });
  const find = (from: number, what: RegExp) => lines.findIndex((l, n) => n >= from && what.test(l));
  let at = 0;
  for (const id of ids) {
    const asked = find(at, /(recvfrom|recvmsg|read|readv)\(.*POST \/api\/v1\/entries/);
    expect(asked, 'the request arrives').toBeGreaterThanOrEqual(at);
    const synced = find(asked, /(fdatasync|fsync)\(\d+<.*annals\.db-wal>/);
    const answered = find(asked, /(sendmsg|sendto|write|writev)\(.*HTTP\/1\.1 201/);
    expect(answered, `the reply with ${id} leaves`).toBeGreaterThan(asked);
    expect(synced, 'the log is synced in between').toBeGreaterThan(asked);
    expect(synced).toBeLessThan(answered);
    // It is done, not only begun: its thread waits for nothing that ends after the reply.
    const thread = lines[synced]!.split(' ')[0]!;
    if (/unfinished/.test(lines[synced]!)) {
      const resumed = find(synced, new RegExp(`^${thread} +<\\.\\.\\. (fdatasync|fsync) resumed`));
      expect(resumed).toBeLessThan(answered);
    } else {
      expect(lines[synced]).toMatch(/= 0$/);
    }
    at = answered;
  }
});
