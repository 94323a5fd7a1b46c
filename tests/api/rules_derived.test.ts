// What is derived, never primary: shown versions, counters, search, lists and sequences. Where it
// is lost it is made anew from the journal, at start or by `annals rebuild`.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from './support/client';
import { database_name, drop_database, on_postgres, place, psql } from './support/engine';
import { read, tell } from './support/everything';
import { settings_leaves } from './support/load';
import { run_annals, temp_folder } from './support/server';
import { Studio } from './support/studio';

const data = temp_folder();
const entries = '/api/v1/entries';

let studio: Studio;
let anna: string;

beforeAll(async () => {
  studio = await Studio.found({ data });
  anna = await tell(studio);
});
afterAll(async () => {
  await studio?.server.stop();
  rmSync(data, { recursive: true, force: true });
  if (on_postgres) drop_database(data);
});

/** The caller on the server that runs now, which listens elsewhere after each start. */
function owner(): Client {
  return new Client(studio.server.url, studio.owner.credential);
}

/** The numbers of all leaves: of versions, of delivery events, of changed settings. */
async function leaf_indexes(): Promise<number[]> {
  const found = await settings_leaves(owner());
  for (const { id } of await owner().all(entries, { limit: 200 })) {
    const { versions, delivery_events } = await owner().get(`${entries}/${id}`);
    found.push(...[...versions, ...delivery_events].map((v: any) => v.ledger.leaf_index));
  }
  return found.sort((a, b) => a - b);
}

/** Takes away what only `annals rebuild` can bring back: the rows are gone, the file is there. */
function damage(): void {
  if (on_postgres) {
    psql(database_name(data), 'DELETE FROM annals.timeline; DELETE FROM annals.tally;');
    return;
  }
  const wrong = 'DELETE FROM timeline; DELETE FROM tally; DELETE FROM contact_lists;';
  execFileSync('sqlite3', [join(data, 'derived.db'), wrong]);
}

function lose(): void {
  expect(existsSync(join(data, 'derived.db'))).toBe(true);
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(join(data, 'derived.db' + suffix), { force: true });
  }
}

const ways = [
  { name: 'annals rebuild makes what is derived anew', rebuild: true },
  { name: 'what is derived and lost is made anew at start', rebuild: false },
];

test.for(ways.filter(({ rebuild }) => rebuild || !on_postgres))('$name', async ({ rebuild }) => {
  const before = await read(owner(), anna);
  await studio.server.stop();
  if (rebuild) {
    damage();
    run_annals('rebuild', ...place(data));
  } else {
    lose();
  }
  await studio.server.restart();
  expect(await read(owner(), anna)).toEqual(before);
  // The sequences go on where they stood.
  await owner().post(entries, { type: 'note', contact: { id: anna } });
  const numbers = await leaf_indexes();
  expect(numbers).toEqual(numbers.map((_, i) => i));
});
