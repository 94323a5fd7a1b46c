// A power cut in the midst of an import: run again, it comes to the state of an undisturbed one.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from './support/client';
import { database_name, on_postgres, place, psql } from './support/engine';
import { annals_bin, Server, temp_folder } from './support/server';
import { cookie_of, password } from './support/studio';

const rows = 20_000;
const clients = 1_000;

const folder = temp_folder();
const file = join(folder, 'visits.csv');
const mapping = join(folder, 'visits.toml');

const mapping_text = `
[defaults]
source = "till"
time_zone = "Europe/Berlin"

[contact]
external_id = "{client}"
given_name = "Client"
family_name = "{client}"

[[entries]]
type = "visit"
occurred_at = { column = "at", format = "rfc3339" }
source_id = "{id}"
title = "Visit {id}"
`;

beforeAll(() => {
  // The remark is not imported: it makes the file long enough to be read in many pieces, after each
  // of which the import says how far it is.
  const remark = 'x'.repeat(100);
  const lines = ['id,client,at,remark'];
  for (let i = 0; i < rows; ++i) {
    // Neighbours are of different clients, so that a cut leaves many of them half told.
    const at = new Date(1_600_000_000_000 + i * 60_000).toISOString();
    lines.push(`${i},C-${(i * 7) % clients},${at},${remark}`);
  }
  writeFileSync(file, lines.join('\n') + '\n');
  writeFileSync(mapping, mapping_text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  signal: string | null;
  output: string;
  errors: string;
}

/** `annals` with these arguments to its end; `watch` is shown what it has said on stderr so far. */
function run(args: string[], watch: (errors: string, kill: () => void) => void = () => {}) {
  return new Promise<Ended>((ended) => {
    const child = spawn(annals_bin(), args, {
      env: { ...process.env, ANNALS_PASSWORD: password },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (piece) => (output += piece));
    child.stderr.on('data', (piece) => {
      errors += piece;
      watch(errors, () => child.kill('SIGKILL'));
    });
    child.on('close', (code, signal) => ended({ code, signal, output, errors }));
  });
}

async function new_data(name: string): Promise<string> {
  const data = join(folder, name);
  mkdirSync(data);
  const made = await run(
    ['business', 'add', 'Studio Nord', ...place(data), '--time-zone', 'Europe/Berlin'].concat(
      ['--locale', 'de', '--currency', 'EUR'],
      ['--owner-name', 'Erika Kern', '--owner-email', 'owner@nord.example'],
    ),
  );
  expect(made.code, made.errors).toBe(0);
  return data;
}

const import_into = (data: string) => ['import', ...place(data), '--mapping', mapping, file];

/** What a finished import says of its entries. */
function counts(ended: Ended): { created: number; before: number } {
  expect(ended.code, ended.errors).toBe(0);
  const said = /^entries +([\d,]+) created, ([\d,]+) there before$/m.exec(ended.output)!;
  const [created, before] = said.slice(1).map((n) => Number(n.replaceAll(',', '')));
  return { created: created!, before: before! };
}

/** How many rows the import says that it has stored. */
function stored(errors: string): number {
  const said = [...errors.matchAll(/ %  ([\d,]+) rows /g)].at(-1);
  return Number(said?.[1]!.replaceAll(',', '') ?? 0);
}

interface Leaf {
  contact: string;
  contact_seq: number;
  leaf_index: number;
  type: string;
  source_id: string | null;
  recorded_by: string;
}

/** The whole journal, from the file: an export of it would take longer than the imports. */
function journal(data: string): Leaf[] {
  if (on_postgres) {
    const rows = `SELECT encode(contact, 'hex') AS contact, contact_seq, leaf_index,
      record::json ->> 'type' AS type, record::json #>> '{origin,source_id}' AS source_id,
      record::json #>> '{recorded_by,kind}' AS recorded_by FROM annals.journal ORDER BY leaf_index`;
    return JSON.parse(psql(database_name(data), `SELECT json_agg(r) FROM (${rows}) r`));
  }
  const query = `SELECT hex(contact) AS contact, contact_seq, leaf_index, record ->> 'type' AS type,
    record ->> '$.origin.source_id' AS source_id, record ->> '$.recorded_by.kind' AS recorded_by
    FROM journal ORDER BY leaf_index`;
  const args = ['-json', join(data, 'annals.db'), query];
  return JSON.parse(execFileSync('sqlite3', args, { encoding: 'utf8', maxBuffer: 2 ** 28 }));
}

function expect_gapless(leaves: Leaf[]): void {
  const last = new Map<string, number>();
  const faults = leaves.filter((leaf, i) => {
    const before = last.get(leaf.contact) ?? 0;
    last.set(leaf.contact, leaf.contact_seq);
    return leaf.leaf_index !== i || leaf.contact_seq !== before + 1;
  });
  expect(faults).toEqual([]);
  expect(last.size).toBe(clients);
}

/** What readers are told of how many there are. */
async function counted(data: string): Promise<object> {
  const server = await Server.start({ data });
  try {
    const session = { json: { email: 'owner@nord.example', password } };
    const anyone = new Client(server.url);
    const signed_in = await anyone.request('POST', '/api/v1/session', session);
    const owner = anyone.with({ cookie: cookie_of(signed_in.headers) });
    const { facets } = await owner.get('/api/v1/entries', { facets: '1', limit: 1 });
    const found = await owner.all('/api/v1/contacts', { limit: 200 });
    return { types: facets.type, contacts: found.length };
  } finally {
    await server.stop();
  }
}

test('an import that was killed and run again ends as one that was not', async () => {
  const [whole, cut] = [await new_data('whole'), await new_data('cut')];
  const undisturbed = run(import_into(whole));

  const enough = 1 + Math.floor(Math.random() * 0.8 * rows);
  const killed = await run(import_into(cut), (errors, kill) => {
    if (stored(errors) >= enough) kill();
  });
  expect(killed.signal, killed.errors).toBe('SIGKILL');
  const again = counts(await run(import_into(cut)));
  expect(again.before).toBeGreaterThanOrEqual(stored(killed.errors));
  expect(again.created).toBeGreaterThan(0);
  expect(again.created + again.before).toBe(rows);

  expect(counts(await undisturbed)).toEqual({ created: rows, before: 0 });
  const [wanted, found] = [journal(whole), journal(cut)];
  expect_gapless(wanted);
  expect_gapless(found);
  const told = ({ contact: _, ...leaf }: Leaf) => Object.values(leaf).join(' | ');
  expect(found.map(told)).toEqual(wanted.map(told));
  const visits = wanted.filter((leaf) => leaf.type === 'visit');
  expect(visits).toHaveLength(rows);
  expect(new Set(visits.map((leaf) => leaf.source_id)).size).toBe(rows);
  expect(visits.filter((leaf) => leaf.recorded_by !== 'system')).toEqual([]);
  const types = { visit: rows, 'contact.created': clients };
  expect(await counted(cut)).toEqual({ types, contacts: clients });

  expect(counts(await run(import_into(cut)))).toEqual({ created: 0, before: rows });
});
