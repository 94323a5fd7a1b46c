// `annals migrate-engine`: what was in a data folder is in PostgreSQL, and reads the same.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from './support/client';
import { database_name, database_url, drop_database, make_database } from './support/engine';
import { on_postgres, psql } from './support/engine';
import { read, tell } from './support/everything';
import { run_annals, Server, temp_folder } from './support/server';
import { Studio } from './support/studio';

const data = temp_folder();
const entries = '/api/v1/entries';

// What PostgreSQL has besides: what is derived, and what only it needs.
const not_copied = new Set(
  `applied attachment_uses blobs contact_lists contact_rows contact_search contact_tags
   contact_words delivery_events entry_notes entry_search entry_versions heads tally tally_zones
   timeline timeline_all tree_hashes turns`.split(/\s+/),
);

describe.skipIf(!on_postgres)('annals migrate-engine', () => {
  let studio: Studio;
  let anna: string;
  let before: Record<string, unknown>;
  let key: Client;
  let there: Server;
  const keyed = { type: 'note', source: 'till', source_id: '1', title: 'kept' };

  beforeAll(async () => {
    studio = await Studio.staffed({ data, database: '' });
    anna = await tell(studio);
    key = await studio.key('admin');
    await key.post(entries, { ...keyed, contact: { id: anna } });
    const other = await studio.other_business();
    await other.post('/api/v1/contacts', { given_name: 'Somebody', family_name: 'Else' });
    await studio.owner.post('/api/v1/tasks', { title: 'Call back', contact: { id: anna } });
    await studio.owner.post('/api/v1/saved-filters', { name: 'Mine', filter: 'type=note' });
    await studio.owner.post('/api/v1/contact-types', { name: 'Beratung' });
    before = await read(studio.owner, anna);
    await studio.server.stop();
    make_database(data);
    const said = run_annals('migrate-engine', '--data', data, '--database', database_url(data));
    expect(said).toMatch(/^Copied and compared: 2 businesses, 3 contacts, \d+ entries .* 1 attach/);
    there = await Server.start({ data, database: database_url(data) });
  });
  afterAll(async () => {
    await there?.stop();
    rmSync(data, { recursive: true, force: true });
    drop_database(data);
  });
  const at_new = (client: Client) => new Client(there.url, client.credential);

  test('everything reads the same, with its ids, sequences and leaves', async () => {
    const after = await read(at_new(studio.owner), anna);
    for (const name of Object.keys(before)) expect(after[name], name).toEqual(before[name]);
  });

  test('every table is copied whole', () => {
    const name = database_name(data);
    const tables = psql(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'annals'")
      .split('\n')
      .filter((table) => !not_copied.has(table) && table !== 'schema_version');
    expect(tables.length).toBeGreaterThan(15);
    const file = join(data, 'annals.db');
    for (const table of tables) {
      const rows = execFileSync('sqlite3', [file, `SELECT count(*) FROM ${table}`]);
      const copied = psql(name, `SELECT count(*) FROM annals.${table}`);
      // The new server signs what was not signed yet.
      if (['checkpoints', 'ledger_keys'].includes(table)) {
        expect(Number(copied), table).toBeGreaterThanOrEqual(Number(rows));
        expect(Number(rows), table).toBeGreaterThan(0);
      } else {
        expect(copied, table).toBe(String(rows).trim());
      }
    }
    const leaf = 'ORDER BY business, leaf_index';
    const hex = (column: string) => `SELECT lower(hex(${column})) FROM journal ${leaf}`;
    const encode = (column: string) =>
      `SELECT encode(${column}, 'hex') FROM annals.journal ${leaf}`;
    for (const column of ['leaf', 'salt']) {
      const old = String(execFileSync('sqlite3', [file, hex(column)])).trim();
      expect(psql(name, encode(column)), column).toBe(old);
    }
  });

  test('credentials, idempotency keys and sequences go on', async () => {
    const again = { ...keyed, contact: { id: anna } };
    const reply = await at_new(key).request('POST', entries, { json: again });
    expect(reply.status).toBe(200);
    expect(reply.body.status).toBe('duplicate');
    const all = await at_new(studio.owner).all(entries, { limit: 200 });
    const made = await at_new(key).post(entries, { type: 'note', contact: { id: anna } });
    const [newest] = await at_new(studio.owner).all(entries, { limit: 200 });
    expect(newest.id).toBe(made.id);
    const highest = Math.max(
      ...all.filter((e) => e.contact_id === anna).map((e) => e.ledger.contact_seq),
    );
    expect(made.ledger.contact_seq).toBeGreaterThan(highest);
  });

  test('a second time nothing is copied', () => {
    const rows = () => psql(database_name(data), 'SELECT count(*) FROM annals.journal');
    const there_before = rows();
    expect(() =>
      run_annals('migrate-engine', '--data', data, '--database', database_url(data)),
    ).toThrow(/is in that database already; nothing was copied/);
    expect(rows()).toBe(there_before);
  });
});
