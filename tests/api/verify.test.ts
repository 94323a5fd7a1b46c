// `annals verify` against somebody who has the database: each change by SQL is found and named.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createHmac, createPrivateKey, sign } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client, type Credential } from './support/client';
import { database_name, database_url, drop_database } from './support/engine';
import { on_postgres, place, psql } from './support/engine';
import { annals_bin, run_annals, Server } from './support/server';
import { Studio } from './support/studio';

const root = mkdtempSync(join(tmpdir(), 'annals-verify-'));
const original = join(root, 'original');
let business: string;
let known: string; // a checkpoint that was kept
let anna: string;
let bert: string;
let entries: string[];
let message: string; // an e-mail, and what was reported of it
let owner: Credential;
let copies = 0;

interface Row {
  pos: number;
  leaf_index: number;
  entry: string; // hex
  record: string;
  salt: string;
  leaf: string;
}

/** SQL on a database of the folder, as rows of text. */
function sql(data: string, text: string, file = 'annals.db'): string[] {
  const said = on_postgres
    ? psql(database_name(data), `SET search_path = annals; ${text}`)
    : String(execFileSync('sqlite3', [join(data, file), text])).trim();
  return said === '' ? [] : said.split('\n');
}
const bytes = (hex: string) => (on_postgres ? `'\\x${hex}'::bytea` : `x'${hex}'`);
const hex = (column: string) =>
  on_postgres ? `encode(${column}, 'hex')` : `lower(hex(${column}))`;
const id_bytes = (id: string) => bytes(id.replaceAll('-', ''));

function row_of(data: string, entry: string): Row {
  const columns = `pos, leaf_index, ${hex('entry')}, ${hex('salt')}, ${hex('leaf')}, record`;
  const where = `entry = ${id_bytes(entry)} AND version = 1 AND kind < 4`;
  const parts = sql(data, `SELECT ${columns} FROM journal WHERE ${where}`)[0]!.split('|');
  return {
    pos: Number(parts[0]),
    leaf_index: Number(parts[1]),
    entry: parts[2]!,
    salt: parts[3]!,
    leaf: parts[4]!,
    record: parts.slice(5).join('|'),
  };
}

function copy(): string {
  const data = join(root, `copy-${++copies}`);
  cpSync(original, data, { recursive: true });
  if (on_postgres) {
    const names = [database_name(data), database_name(original)];
    psql('postgres', `CREATE DATABASE ${names[0]} TEMPLATE ${names[1]}`);
  }
  return data;
}

function drop(data: string): void {
  if (on_postgres) drop_database(data);
  rmSync(data, { recursive: true, force: true });
}

function verify(data: string, ...more: string[]) {
  const args = ['--log-level', 'error', 'verify', ...where(data), ...more];
  const done = spawnSync(annals_bin(), args, { encoding: 'utf8' });
  return { code: done.status, text: done.stdout + done.stderr };
}
const where = (data: string) => (copies && on_postgres ? place_of(data) : place(data));
function place_of(data: string): string[] {
  return ['--data', data, '--database', database_url(data)];
}

beforeAll(async () => {
  const studio = await Studio.found({ data: original });
  business = (await studio.owner.get('/api/v1/me')).business.id;
  owner = studio.owner.credential;
  anna = await studio.person();
  bert = await studio.person({ given_name: 'Bert' });
  const files = [
    await studio.owner.upload('a.txt', 'first file'),
    await studio.owner.upload('b.txt', 'second file'),
  ];
  const drafts = Array.from({ length: 12 }, (_, i) => ({
    type: i % 2 ? 'call' : 'payment.taken',
    contact: { id: i % 3 ? anna : bert },
    title: `Number ${i}`,
    amount: i % 2 ? undefined : { value: 4200, currency: 'EUR' },
    attachments: i < 2 ? [files[i]] : undefined,
  }));
  const made = await studio.owner.post('/api/v1/entries', drafts);
  entries = made.items.map((item: any) => item.id);
  const changed = { title: 'Better', reason: 'a typo' };
  await studio.owner.post(`/api/v1/entries/${entries[3]}/corrections`, changed);
  await studio.owner.post(`/api/v1/entries/${entries[5]}/retraction`, { reason: 'never was' });
  const email = { type: 'email.sent', contact: { id: anna } };
  message = (await studio.owner.post('/api/v1/entries', email)).id;
  for (const event of [{ status: 'bounced', reason: 'Full' }, { status: 'opened' }]) {
    await studio.owner.post(`/api/v1/entries/${message}/delivery-events`, event);
  }
  const note = (await studio.owner.request('GET', '/api/v1/ledger/checkpoint')).text;
  known = join(root, 'known.note');
  writeFileSync(known, note);
  await studio.server.stop();
});
afterAll(() => {
  if (on_postgres) drop_database(original);
  rmSync(root, { recursive: true, force: true });
});

test('a database that nobody changed is verified, also without a checkpoint from outside', () => {
  const data = copy();
  const anchored = verify(data, '--known-checkpoint', known);
  expect(anchored.text).toContain('19 leaves of 1 businesses, 2 files; 0 faults; 1 checkpoints');
  expect(anchored.code, anchored.text).toBe(0);
  expect(verify(data).code).toBe(10);
  expect(verify(data, '--known-checkpoint', join(root, 'nowhere')).code).toBe(64);
  drop(data);
});

test('what an interrupted run had read is not read again, unless it was changed since', () => {
  const data = copy();
  const state = join(root, 'state.json');
  const read = { pos: 19, size: 19, root: Buffer.from(root_of(known), 'base64').toString('hex') };
  const leave = () => writeFileSync(state, JSON.stringify({ [business]: read }));
  leave();
  expect(verify(data, '--state', state).text).toContain('19 leaves');
  expect(existsSync(state)).toBe(false); // it came to its end
  const { leaf } = row_of(data, entries[1]!);
  set(data, entries[1]!, `leaf = ${bytes(leaf.slice(0, 130) + '0000')}`);
  leave();
  expect(verify(data, '--state', state).text).toContain('had checked were changed since');
  drop(data);
});
const root_of = (file: string) => readFileSync(file, 'utf8').split('\n')[2]!;

interface Tampering {
  change: (data: string) => void;
  says: RegExp;
  code?: number;
  sqlite_only?: boolean;
}

const set = (data: string, entry: string, assignment: string) =>
  sql(data, `UPDATE journal SET ${assignment}
    WHERE entry = ${id_bytes(entry)} AND version = 1 AND kind < 4`);

const set_event = (data: string, assignment: string) =>
  sql(data, `UPDATE journal SET ${assignment} WHERE leaf_index = 17`);

const named = (i: number) => new RegExp(`entry ${entries[i]} version 1: `);

const tamperings: Record<string, Tampering> = {
  contact: {
    change: (data) => set(data, entries[1]!, `contact = ${id_bytes(bert)}`),
    says: /entry .*: contact: is not (whom the leaf's tag means|what the record says)/,
  },
  entry: {
    change: (data) => set(data, entries[1]!, `entry = ${bytes('00'.repeat(15) + '07')}`),
    says: /entry: is not what the record says/,
  },
  version: {
    change: (data) => set(data, entries[1]!, 'version = 9'),
    says: /version: is not what the record says/,
  },
  kind: {
    change: (data) => set(data, entries[1]!, 'kind = 2'),
    says: /kind: is not what the leaf says/,
  },
  contact_seq: {
    change: (data) => set(data, entries[1]!, 'contact_seq = 77'),
    says: /contact_seq: is not what the leaf says/,
  },
  leaf_index: {
    change: (data) => set(data, entries[1]!, 'leaf_index = 77'),
    says: /leaf_index: 77 follows 2: something is missing/,
  },
  'recorded_at, back-dated': {
    change: (data) => set(data, entries[1]!, 'recorded_at = recorded_at - 86400000000'),
    says: /recorded_at: is not what the leaf says/,
  },
  occurred_at: {
    change: (data) => set(data, entries[1]!, 'occurred_at = occurred_at + 1'),
    says: /occurred_at: is not what the record says/,
  },
  record: {
    change: (data) => set(data, entries[1]!, "record = replace(record, 'Number', 'Amount')"),
    says: /record or salt: is not what the leaf commits to/,
  },
  'record, blanked': {
    change: (data) => set(data, entries[1]!, "record = ''"),
    says: /record or salt: is not what the leaf commits to/,
  },
  salt: {
    change: (data) => set(data, entries[1]!, `salt = ${bytes('ab'.repeat(64))}`),
    says: /record or salt: is not what the leaf commits to/,
  },
  'salt of a file': {
    change: (data) => {
      const row = row_of(data, entries[1]!);
      set(data, entries[1]!, `salt = ${bytes(row.salt.slice(0, 64) + 'ab'.repeat(32))}`);
    },
    says: /attachment .*: its hash or salt is not what the record commits to/,
  },
  leaf: {
    change: (data) => {
      const { leaf } = row_of(data, entries[1]!);
      set(data, entries[1]!, `leaf = ${bytes(leaf.slice(0, 4) + 'ff' + leaf.slice(6))}`);
    },
    says: /another tag|whom the leaf's tag means/,
  },
  'leaf, record and salt of another time': {
    change: (data) => {
      const other = row_of(data, entries[9]!);
      set(data, entries[1]!,
        `leaf = ${bytes(other.leaf)}, record = '${other.record}', salt = ${bytes(other.salt)}`);
    },
    says: /contact_seq: is not what the leaf says/,
  },
  'the last leaf, deleted': {
    change: (data) => sql(data, 'DELETE FROM journal WHERE leaf_index = 18'),
    says: /the database holds 18 leaves, and .* was of 19/,
  },
  'a leaf in the middle, deleted': {
    change: (data) => sql(data, 'DELETE FROM journal WHERE leaf_index = 6'),
    says: /leaf_index: 7 follows 5: something is missing/,
  },
  'a whole contact, deleted': {
    change: (data) => {
      sql(data, `DELETE FROM journal WHERE contact = ${id_bytes(bert)}`);
      sql(data, `DELETE FROM contacts WHERE id = ${id_bytes(bert)}`);
    },
    says: /leaf_index: 3 follows 0: something is missing/,
  },
  'two entries, swapped': {
    change: (data) => {
      const [a, b] = [row_of(data, entries[1]!), row_of(data, entries[2]!)];
      const put = (to: Row, from: Row) =>
        sql(data, `UPDATE journal SET record = '${from.record}', salt = ${bytes(from.salt)},
          entry = ${bytes(from.entry)} WHERE leaf_index = ${to.leaf_index}`);
      put(a, b);
      put(b, a);
    },
    says: /record or salt: is not what the leaf commits to/,
  },
  'two salts, swapped': {
    change: (data) => {
      const [a, b] = [row_of(data, entries[6]!), row_of(data, entries[7]!)];
      set(data, entries[6]!, `salt = ${bytes(b.salt)}`);
      set(data, entries[7]!, `salt = ${bytes(a.salt)}`);
    },
    says: /record or salt: is not what the leaf commits to/,
  },
  'two attachments, swapped': {
    change: (data) => {
      const [a, b] = sql(data, `SELECT ${hex('sha256')} FROM attachments ORDER BY id`);
      const [x, y] = sql(data, `SELECT ${hex('id')} FROM attachments ORDER BY id`);
      sql(data, `UPDATE attachments SET sha256 = ${bytes(b!)} WHERE id = ${bytes(x!)}`);
      sql(data, `UPDATE attachments SET sha256 = ${bytes(a!)} WHERE id = ${bytes(y!)}`);
    },
    says: /attachment .*: its hash or salt is not what the record commits to/,
  },
  "an attachment's name": {
    change: (data) => sql(data, "UPDATE attachments SET name = 'x.txt' WHERE name = 'a.txt'"),
    says: /attachment .*: is named or sized otherwise in the record/,
  },
  'an attachment, deleted': {
    change: (data) => sql(data, "DELETE FROM attachments WHERE name = 'a.txt'"),
    says: /attachment .*: is missing/,
  },
  'a leaf, replayed': {
    change: (data) => {
      const columns = (pos: string, index: string) => `${pos}, business, contact, entry, version,
        kind, contact_seq, ${index}, recorded_at, occurred_at, record, salt, leaf, draft_digest`;
      sql(data, `INSERT INTO journal (${columns('pos', 'leaf_index')})
        SELECT ${columns('20', '19')} FROM journal WHERE leaf_index = 5`);
    },
    says: /contact_seq: \d+ follows|recorded_at: is not after/,
  },
  'the supersession of a corrected entry': {
    change: (data) => sql(data, 'DELETE FROM supersession WHERE kind = 2'),
    says: /supersession: /,
  },
  'the time of a retraction': {
    change: (data) => sql(data, 'UPDATE supersession SET recorded_at = 1 WHERE kind = 3'),
    says: /supersession: differs from the journal/,
  },
  'a delivery event': {
    change: (data) => set_event(data, "record = replace(record, 'bounced', 'clicked')"),
    says: /record or salt: is not what the leaf commits to/,
  },
  'the reason of a delivery event': {
    change: (data) => set_event(data, "record = replace(record, 'Full', 'None')"),
    says: /record or salt: is not what the leaf commits to/,
  },
  'the salt of a delivery event': {
    change: (data) => set_event(data, `salt = ${bytes('ab'.repeat(32))}`),
    says: /record or salt: is not what the leaf commits to/,
  },
  'the leaf of a delivery event': {
    change: (data) => set_event(data, `leaf = ${bytes('01'.repeat(66))}`),
    says: /contact_seq: is not what the leaf says/,
  },
  'the time of a delivery event': {
    change: (data) => set_event(data, 'occurred_at = occurred_at - 1'),
    says: /occurred_at: is not what the record says/,
  },
  'a delivery event of another entry': {
    change: (data) => set_event(data, `entry = ${id_bytes(entries[1]!)}`),
    says: /entry: is not what the record says/,
  },
  'a delivery event of another contact': {
    change: (data) => set_event(data, `contact = ${id_bytes(bert)}`),
    says: /contact: is not (whom the leaf's tag means|what the record says)/,
  },
  'a delivery event, made an entry': {
    change: (data) => set_event(data, 'kind = 1'),
    says: /kind: is not what the leaf says/,
  },
  'a delivery event, deleted': {
    change: (data) => sql(data, 'DELETE FROM journal WHERE leaf_index = 17'),
    says: /leaf_index: 18 follows 16: something is missing/,
  },
  'two delivery events, swapped': {
    change: (data) => {
      const [a, b] = sql(data, `SELECT pos, record FROM journal WHERE kind = 4 ORDER BY pos`).map(
        (row) => [row.split('|')[0]!, row.split('|').slice(1).join('|')] as const,
      );
      sql(data, `UPDATE journal SET record = '${b![1]}' WHERE pos = ${a![0]}`);
      sql(data, `UPDATE journal SET record = '${a![1]}' WHERE pos = ${b![0]}`);
    },
    says: /record or salt: is not what the leaf commits to/,
  },
  'the status of a message': {
    change: (data) =>
      sql(data, "UPDATE timeline SET status = 'opened' WHERE status = 'bounced'", 'derived.db'),
    says: /timeline: differs from the delivery events/,
  },
  'the status of a message, in the list of all': {
    change: (data) =>
      sql(data, "UPDATE timeline_all SET status = 'sent' WHERE status = 'bounced'", 'derived.db'),
    says: /timeline_all: differs from the delivery events/,
  },
  'the status of what has no delivery events': {
    change: (data) => sql(data, "UPDATE timeline SET status = 'sent' WHERE pos = 2", 'derived.db'),
    says: /timeline: differs from the record/,
  },
  'the list of delivery events, shortened': {
    change: (data) => sql(data, 'DELETE FROM delivery_events WHERE pos = 18', 'derived.db'),
    says: /delivery_events: lacks it/,
  },
  'the status before a delivery event': {
    change: (data) =>
      sql(data, "UPDATE delivery_events SET status_before = 'sent!' WHERE pos = 18", 'derived.db'),
    says: /delivery_events: differs from the journal/,
  },
  'a delivery event, invented': {
    change: (data) =>
      sql(data, `INSERT INTO delivery_events (business, entry, pos, recorded_at)
        SELECT business, entry, 99, recorded_at FROM delivery_events WHERE pos = 18`, 'derived.db'),
    says: /delivery_events: has rows of no event/,
  },
  "a contact's tag": {
    change: (data) =>
      sql(data, `UPDATE contacts SET tag = ${bytes('11'.repeat(16))} WHERE id = ${id_bytes(anna)}`),
    says: /contact: is not whom the leaf's tag means/,
  },
  'a line of the timeline': {
    change: (data) => sql(data, "UPDATE timeline SET type = 'visit' WHERE pos = 2", 'derived.db'),
    says: /timeline: differs from the record/,
  },
  'a line of the timeline, deleted': {
    change: (data) => sql(data, 'DELETE FROM timeline_all WHERE pos = 2', 'derived.db'),
    says: /timeline_all: lacks it/,
  },
  'a line of the timeline, invented': {
    change: (data) => {
      const of = (pos: string) => `business, contact, occurred_at, ${pos}, recorded_at, category,
        type, actor_kind, manual, has_attachment`;
      sql(data, `INSERT INTO timeline (${of('pos')}) SELECT ${of('99')} FROM timeline
        WHERE pos = 2`, 'derived.db');
    },
    says: /timeline: has rows of no entry/,
  },
  'a retracted entry, shown as if it stood': {
    change: (data) =>
      sql(data, 'UPDATE timeline SET retracted_at = NULL WHERE retracted_at > 0', 'derived.db'),
    says: /timeline: differs about later versions/,
  },
  'the stored tree': {
    change: (data) =>
      sql(data, `UPDATE tree_hashes SET hashes = ${bytes('00'.repeat(32))} || substr(hashes, 33)
        WHERE idx = (SELECT max(idx) FROM tree_hashes)`, 'derived.db'),
    says: /the stored tree is not that of the leaves/,
  },
  'a checkpoint in the database': {
    change: (data) => sql(data, `UPDATE checkpoints SET note = replace(note, '\n19\n', '\n18\n')`),
    says: /a checkpoint in the database is not signed by a key of this ledger/,
  },
};

describe('by SQL', () => {
  test.each(Object.entries(tamperings))('%s is found', (_, tampering) => {
    const data = copy();
    try {
      tampering.change(data);
      const found = verify(data, '--known-checkpoint', known);
      expect(found.text).toMatch(tampering.says);
      expect([30, 40], found.text).toContain(found.code);
    } finally {
      drop(data);
    }
  });

  test('the entry, its contact and its business are named', () => {
    const data = copy();
    set(data, entries[7]!, "record = replace(record, 'Number', 'Amount')");
    const { text, code } = verify(data);
    expect(code).toBe(40);
    expect(text).toMatch(named(7));
    expect(text).toContain(`fault: business ${business} contact ${anna} entry ${entries[7]}`);
    expect(text.match(/^fault: /gm)).toHaveLength(1);
    drop(data);
  });
});

/** What an eraser does: content and salts go, and a leaf says so where `with_leaf`. */
function erase(data: string, entry: string, with_leaf: boolean, blank = true): void {
  const { leaf } = row_of(data, entry);
  const [contact, seq, index, time] = sql(data, `SELECT ${hex('contact')}, max(contact_seq),
    (SELECT max(leaf_index) FROM journal), (SELECT max(recorded_at) FROM journal)
    FROM journal WHERE contact = (SELECT contact FROM journal WHERE entry = ${id_bytes(entry)}
      AND version = 1) GROUP BY contact`)[0]!.split('|');
  if (blank) {
    sql(data, `UPDATE journal SET record = '', salt = ${bytes('')}
      WHERE entry = ${id_bytes(entry)}`);
  }
  if (with_leaf) {
    const recorded_at = Number(time) + 1;
    const record = JSON.stringify({ business, id: entry, kind: 'shred', recorded_at, v: 1 });
    const salt = Buffer.alloc(32, 9);
    const u64 = (n: number) => n.toString(16).padStart(16, '0');
    const shred = '0104' + leaf.slice(4, 36) + u64(Number(seq) + 1) + u64(recorded_at) +
      createHmac('sha256', salt).update(record).digest('hex');
    sql(data, `INSERT INTO journal (pos, business, contact, entry, version, kind, contact_seq,
      leaf_index, recorded_at, occurred_at, record, salt, leaf) VALUES (${Number(index) + 2}, 1,
      ${bytes(contact!)}, ${id_bytes(entry)}, 1, 5, ${Number(seq) + 1}, ${Number(index) + 1},
      ${recorded_at}, ${recorded_at}, '${record}', ${bytes(salt.toString('hex'))},
      ${bytes(shred)})`);
  }
  const at = on_postgres ? place_of(data) : ['--data', data];
  run_annals('--log-level', 'error', 'rebuild', ...at);
}

describe('an erased entry', () => {
  test('is no fault where its shred leaf says so, be it one version or several', () => {
    const data = copy();
    erase(data, entries[6]!, true);
    erase(data, entries[3]!, true); // corrected
    erase(data, entries[5]!, true); // retracted
    const found = verify(data, '--known-checkpoint', known);
    expect(found.text).toContain('22 leaves of 1 businesses, 2 files; 0 faults');
    expect(found.code).toBe(0);
    drop(data);
  });

  test('is one where no leaf says so, or that of another entry', () => {
    const data = copy();
    erase(data, entries[6]!, false);
    erase(data, entries[8]!, true, false);
    const { text, code } = verify(data);
    expect(code).toBe(40);
    expect(text).toContain(`entry ${entries[6]} version 1: record: is blank, and no leaf says`);
    expect(text).toContain(`entry ${entries[8]} version 1: record: is there, and this leaf says`);
    expect(text.match(/^fault: /gm)).toHaveLength(2);
    drop(data);
  });
});

test.skipIf(on_postgres)("a file's bytes are compared with its name", () => {
  const data = copy();
  const folder = join(data, 'blobs');
  const file = (readdirSync(folder, { recursive: true }) as string[]).find((f) => f.length > 60)!;
  writeFileSync(join(folder, file), 'another file');
  expect(verify(data).text).toMatch(/file [0-9a-f]{64}: does not hold what it should/);
  rmSync(join(folder, file));
  expect(verify(data).text).toMatch(/file [0-9a-f]{64}: is missing/);
  drop(data);
});

/** Somebody who has database, files and key: everything made anew, and signed. */
function rewrite(data: string): void {
  const row = row_of(data, entries[2]!);
  const record = row.record.replace('4200', '9900');
  expect(record).not.toBe(row.record);
  const salt = Buffer.from(row.salt, 'hex').subarray(0, 32);
  const commitment = createHmac('sha256', salt).update(record).digest('hex');
  set(data, entries[2]!,
    `record = '${record}', leaf = ${bytes(row.leaf.slice(0, 68) + commitment)}`);
  sql(data, 'DELETE FROM checkpoints');
  rmSync(join(data, 'keys', `${business}.checkpoint`));
  const at = on_postgres ? place_of(data) : ['--data', data];
  run_annals('--log-level', 'error', 'rebuild', ...at);
  run_annals('--log-level', 'error', 'ledger', 'checkpoint', ...at);
}

test('a ledger that was rebuilt and signed again is found by a checkpoint that was kept', () => {
  const data = copy();
  rewrite(data);
  expect(verify(data).code).toBe(10); // which says that this is so
  const found = verify(data, '--known-checkpoint', known);
  expect(found.text).toContain(`the first 19 leaves are not those of ${known}`);
  expect(found.code).toBe(30);
  drop(data);
});

test('two checkpoints of one size are printed', () => {
  const data = copy();
  rewrite(data);
  const other = readFileSync(join(data, 'keys', `${business}.checkpoint`), 'utf8');
  const found = verify(data, '--known-checkpoint', known);
  expect(found.text).toContain('two checkpoints of 19 leaves differ');
  expect(found.text).toContain(other);
  expect(found.text).toContain(readFileSync(known, 'utf8'));
  expect(found.code).toBe(30);
  drop(data);
});

test('a checkpoint that another key signed proves nothing', () => {
  const text = `annals/${business}\n19\n${Buffer.alloc(32).toString('base64')}\n`;
  const seed = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, 7)]);
  const key = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
  const signature = Buffer.concat([createHash('sha256').update('x').digest().subarray(0, 4),
    sign(null, Buffer.from(text), key)]);
  const file = join(root, 'forged.note');
  writeFileSync(file, `${text}\n\u2014 annals/${business} ${signature.toString('base64')}\n`);
  const data = copy();
  const found = verify(data, '--known-checkpoint', file);
  expect(found.text).toContain(`${file} is not signed by a key of this ledger`);
  expect(found.code).toBe(40);
  drop(data);
});

test('an old copy is told by the checkpoint that the server kept', async () => {
  const data = copy();
  const at = on_postgres ? place_of(data) : ['--data', data];
  sql(data, 'DELETE FROM journal WHERE leaf_index >= 10');
  sql(data, 'DELETE FROM supersession');
  sql(data, 'DELETE FROM checkpoints');
  run_annals('--log-level', 'error', 'rebuild', ...at);
  const found = verify(data);
  expect(found.text).toContain('the database holds 10 leaves, and');
  expect(found.code, found.text).toBe(30);
  expect(() => run_annals('ledger', 'checkpoint', ...at)).toThrow(/older than what was signed/);
  const fresh = run_annals('ledger', 'new-epoch', '--reason', 'restored', ...at);
  expect(fresh).toContain(`annals/${business}/2\n11\n`);
  const after = verify(data, '--known-checkpoint', known);
  expect(after.text).toContain('was of 19, in an earlier epoch');
  expect(after.code).toBe(30);
  drop(data);
});

/** What the ledger covers, as text; read from a copy, since who reads a log moves it away. */
function covered(of: string): string {
  const data = join(root, 'peek');
  rmSync(data, { recursive: true, force: true });
  cpSync(of, data, { recursive: true });
  // Of a file what an entry's record says of it; when it was sent and by whom is for the server,
  // which removes what no entry names in time.
  const file = 'business, id, name, media_type, size, sha256';
  const parts = ['* FROM journal', '* FROM supersession', `${file} FROM attachments`];
  const query = parts.map((part) => `SELECT ${part} ORDER BY 1, 2, 3;`).join(' ');
  const args = ['-cmd', '.mode quote', join(data, 'annals.db'), query];
  const done = spawnSync('sqlite3', args, { encoding: 'utf8' });
  return done.status === 0 ? done.stdout : 'unreadable';
}

function files_of(folder: string): string[] {
  return (readdirSync(folder, { recursive: true, withFileTypes: true }) as any[])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

// The log of a server that was killed is there to be hit, too.
const flips = process.env.ANNALS_LONG ? 1000 : 60;
const flip_ms_max = 5_000; // a copy, and `annals verify` of it
test.skipIf(on_postgres)(`each of ${flips} flipped bits that hits content is found`, async () => {
  const source = copy();
  const server = await Server.start({ data: source });
  const call = { type: 'call', contact: { id: anna }, title: 'In the log' };
  const client = new Client(server.url, owner);
  await client.post('/api/v1/entries', [call, call, call]);
  // SQLite passes over the rest of a log that is damaged: only a checkpoint tells what was in it.
  await client.must(200, 'GET', '/api/v1/ledger/checkpoint');
  await server.kill();
  const sound = covered(source);
  let state = 2026;
  const next = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  let hits = 0;
  for (let i = 0; i < flips; ++i) {
    const data = join(root, 'flipped');
    rmSync(data, { recursive: true, force: true });
    cpSync(source, data, { recursive: true });
    const targets = files_of(data).filter((f) => /annals\.db(-wal)?$|\/blobs\//.test(f));
    const target = targets[i % targets.length]!;
    const content = readFileSync(target);
    if (content.length === 0) continue;
    const at = next(content.length);
    content[at]! ^= 1 << next(8);
    writeFileSync(target, content);
    const changed = target.includes('/blobs/') || covered(data) !== sound;
    const { code, text } = verify(data, '--known-checkpoint', known);
    if (!changed) continue;
    ++hits;
    expect([0, 10], `bit in byte ${at} of ${target}: ${text}`).not.toContain(code);
  }
  expect(hits).toBeGreaterThan(flips / 10);
}, flips * flip_ms_max);
