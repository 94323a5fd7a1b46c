// What is derived, never primary: shown versions, counters, search, lists and sequences. Where it
// is lost it is made anew from the journal, at start or by `annals rebuild`.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from './support/client';
import { database_name, drop_database, on_postgres, place, psql } from './support/engine';
import { run_annals, temp_folder } from './support/server';
import { Studio } from './support/studio';

const data = temp_folder();
const entries = '/api/v1/entries';
const contacts = '/api/v1/contacts';

let studio: Studio;
let anna: string;

beforeAll(async () => {
  studio = await Studio.found({ data });
  await tell(studio.owner);
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

/** Something of each kind that is derived. */
async function tell(client: Client): Promise<void> {
  anna = await studio.person({ given_name: 'Jürgen', family_name: 'Größe', tags: ['vip'] });
  const bert = await studio.person({ given_name: 'Bert', emails: [{ address: 'b@example.com' }] });
  const file = await client.upload('contract.txt', 'signed');
  const euros = { value: 4200, currency: 'EUR' };
  const ids: string[] = [];
  for (const draft of [
    { type: 'note', title: 'Platypus', text: 'ornithorhynchus', attachments: [file] },
    { type: 'payment.taken', amount: euros, occurred_at: '2016-05-02T10:00:00Z' },
    { type: 'payment.taken', amount: euros },
    { type: 'call', direction: 'inbound', private: true },
    { type: 'visit', views: ['medical'] },
  ]) {
    ids.push((await client.post(entries, { contact: { id: anna }, ...draft })).id);
  }
  await client.post(`${entries}/${ids[0]}/corrections`, { reason: 'x', text: 'monotreme' });
  await client.post(`${entries}/${ids[2]}/retraction`, { reason: 'x' });
  await client.post(entries, { type: 'note', contact: { id: bert }, about: ids[0] });
  await client.post(`${contacts}/${bert}/merge`, { into: anna }, 200);
}

/** All that the derived tables answer. */
async function read(): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  const all_versions = { as_of: '2200-01-01' };
  for (const path of [`${contacts}/${anna}/entries`, entries]) {
    for (const query of [
      {},
      all_versions,
      { q: 'monotreme' },
      { q: 'ornithorhynchus' },
      { has_attachment: true },
      { tag: 'vip' },
      { view: 'medical' },
    ]) {
      const name = `${path} ${JSON.stringify(query)}`;
      answers[name] = await owner().get(path, { ...query, facets: '1', limit: 200 });
    }
  }
  answers.summary = await owner().get(`${contacts}/${anna}/summary`);
  for (const query of [{}, { q: 'grosse' }, { q: 'Jurgan' }, { q: 'b@example.com' }]) {
    answers[`contacts ${JSON.stringify(query)}`] = await owner().get(contacts, query);
  }
  for (const entry of (answers[`${entries} {}`] as any).items) {
    answers[entry.id] = await owner().get(`${entries}/${entry.id}`);
  }
  return answers;
}

/** The numbers of all leaves, of each version of each entry. */
async function leaf_indexes(): Promise<number[]> {
  const found: number[] = [];
  for (const { id } of await owner().all(entries, { limit: 200 })) {
    const { versions } = await owner().get(`${entries}/${id}`);
    found.push(...versions.map((v: any) => v.ledger.leaf_index));
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

test.for([
  { name: 'annals rebuild makes what is derived anew', rebuild: true },
  { name: 'what is derived and lost is made anew at start', rebuild: false },
].filter(({ rebuild }) => rebuild || !on_postgres))('$name', async ({ rebuild }) => {
  const before = await read();
  await studio.server.stop();
  if (rebuild) {
    damage();
    run_annals('rebuild', ...place(data));
  } else {
    lose();
  }
  await studio.server.restart();
  expect(await read()).toEqual(before);
  // The sequences go on where they stood.
  await owner().post(entries, { type: 'note', contact: { id: anna } });
  const numbers = await leaf_indexes();
  expect(numbers).toEqual(numbers.map((_, i) => i));
});
