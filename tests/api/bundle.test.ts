// Evidence bundles: what a reader may see of a history, with all that proves it, and
// `annals-verify`, which checks it without a server.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { await_export, Desk, fetch_bundle, verifier_bin, verify_bundle } from './support/bundle';
import { database_name, drop_database, on_postgres, place, psql } from './support/engine';
import { run_annals } from './support/server';
import { Follower } from './support/stream';
import { Studio } from './support/studio';

const desk = new Desk();
let studio: Studio;
let anna: string;
let call: string;
let medical: string;
let known: string; // a checkpoint that was kept before the rest was recorded

/** Takes record and salt of an entry out of the journal, as an erasure does. */
function blank(data: string, entry: string): void {
  const hex = entry.replaceAll('-', '');
  const set = (id: string, none: string) =>
    `UPDATE journal SET record = '', salt = ${none} WHERE entry = ${id}`;
  if (on_postgres) {
    const sql = set(`'\\x${hex}'::bytea`, `''::bytea`);
    psql(database_name(data), `SET search_path = annals; ${sql}`);
  } else {
    execFileSync('sqlite3', [join(data, 'annals.db'), set(`x'${hex}'`, `x''`)]);
  }
}

const lines = (text: string) => text.trimEnd().split('\n');
const verdicts = (out: string) => lines(out).filter((line) => /^(ok|corr|era|with|mis)/.test(line));

beforeAll(async () => {
  studio = await Studio.staffed();
  const { owner } = studio;
  anna = await studio.person();
  const bert = await studio.person({ given_name: 'Bert' });
  const file = await owner.upload('Quittung Größe.txt', 'Thank you.');
  const drafts = [
    { type: 'call', contact: { id: anna }, title: 'Asked <b>', attachments: [file] },
    { type: 'payment.taken', contact: { id: anna }, amount: { value: 4200, currency: 'EUR' } },
    { type: 'note', contact: { id: anna }, title: 'Knee', views: ['medical'] },
    { type: 'note', contact: { id: bert }, title: 'Somebody else' },
  ];
  const made = await owner.post('/api/v1/entries', drafts);
  [call, , medical] = made.items.map((item: any) => item.id);
  known = desk.write('known.note', (await owner.request('GET', '/api/v1/ledger/checkpoint')).text);
  await owner.post(`/api/v1/entries/${call}/corrections`, { title: 'Asked', reason: 'a typo' });
  await owner.post(`/api/v1/entries/${medical}/retraction`, { reason: 'of Bert' });
});
afterAll(async () => {
  desk.clear();
  await studio?.server.stop();
});

describe('the bundle of a contact', () => {
  test('holds all that was recorded, and is verified without a server', async () => {
    const file = desk.bundle(await fetch_bundle(studio.owner, { contact: anna }));
    const said = verify_bundle(file, '--known-checkpoint', known);
    expect(said, said.err).toMatchObject({ code: 0, err: '' });
    expect(verdicts(said.out)).toHaveLength(4);
    expect(said.out).toContain(`corrected entry ${call} leaf`);
    expect(said.out).toMatch(new RegExp(`corrected entry ${medical} .*, 2 versions, retracted`));
    expect(said.out).toContain('4 entries; of 6 leaves 0 are withheld and 0 erased');
    expect(verify_bundle(file).code).toBe(10);
    const members = desk.unpack(file);
    const text = members.get('records.jsonl')!.toString();
    expect(lines(text).map((line) => JSON.parse(line).id)).toContain(call);
    expect(text).not.toContain('Somebody else');
    const attached = [...members].find(([name]) => name.startsWith('files/'))!;
    expect(attached[0]).toMatch(/^files\/[0-9a-f-]{36}-Quittung_Gr__+e\.txt$/);
    expect(attached[1].toString()).toBe('Thank you.');
  });

  test('has nothing of what the reader may not see but its leaves', async () => {
    const bytes = await fetch_bundle(studio.auditor, { contact: anna });
    const file = desk.bundle(bytes);
    const said = verify_bundle(file, '--known-checkpoint', known);
    expect(said.code, said.out + said.err).toBe(0);
    expect(said.out).toContain('3 entries; of 6 leaves 2 are withheld');
    expect(verdicts(said.out).filter((line) => line.startsWith('withheld'))).toHaveLength(2);
    for (const content of desk.unpack(file).values()) {
      expect(content.includes(medical)).toBe(false);
      expect(content.includes('Knee')).toBe(false);
    }
  });

  test('withholds what was not asked for', async () => {
    const order = { contact: anna, filters: { category: ['payments'] } };
    const file = desk.bundle(await fetch_bundle(studio.owner, order));
    const said = verify_bundle(file);
    expect(said.out).toContain('1 entries; of 6 leaves 5 are withheld');
    expect(said.code).toBe(10);
    expect(JSON.parse(desk.unpack(file).get('manifest.json')!.toString()).asked).toBe(
      'category=payments',
    );
  });

  test('with all leaves leads from any checkpoint', async () => {
    const order = { contact: anna, all_leaves: true };
    const file = desk.bundle(await fetch_bundle(studio.owner, order));
    expect(verify_bundle(file, '--known-checkpoint', known).code).toBe(0);
    expect(desk.unpack(file).get('all-leaves.bin')!.length % 66).toBe(0);
  });

  test('has a page for people, without script or request', async () => {
    const members = desk.unpack(desk.bundle(await fetch_bundle(studio.owner, { contact: anna })));
    const page = members.get('index.html')!.toString();
    expect(page).toContain('<h1>History of Anna Muster</h1>');
    expect(page).toContain('Asked &lt;b&gt;');
    expect(page).toContain('42.00 EUR');
    expect(page).not.toMatch(/<script|<img|<link|@import|url\(|\son\w+=|https?:|<b>/i);
    const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) {
      const there = link.startsWith('#')
        ? page.includes(`id="${link.slice(1)}"`)
        : members.has(link);
      expect(there, link).toBe(true);
    }
  });
});

test('a bundle of many contacts holds the entries that were asked for', async () => {
  const file = desk.bundle(await fetch_bundle(studio.owner, { filters: { type: ['note'] } }));
  const said = verify_bundle(file);
  expect(said.code, said.err).toBe(10);
  expect(said.out).toContain('2 entries; of 3 leaves 0 are withheld');
  const all = verify_bundle(desk.bundle(await fetch_bundle(studio.owner)));
  expect(all.code).toBe(10);
});

test('a proof takes less than two kilobytes', async () => {
  const file = desk.bundle(await fetch_bundle(studio.owner, { contact: anna }));
  for (const line of lines(desk.unpack(file).get('proofs.txt')!.toString())) {
    expect(line.length).toBeLessThan(2048);
  }
});

test('a key that was given is the only one that is trusted', async () => {
  const file = desk.bundle(await fetch_bundle(studio.owner, { contact: anna }));
  const { keys } = await studio.owner.get('/api/v1/ledger/keys');
  expect(verify_bundle(file, '--key', desk.write('own.pub', keys.join('\n'))).code).toBe(10);
  const other = await studio.other_business();
  await other.request('GET', '/api/v1/ledger/checkpoint');
  const foreign = (await other.get('/api/v1/ledger/keys')).keys.join('\n');
  expect(verify_bundle(file, '--key', desk.write('other.pub', foreign)).code).toBe(40);
});

describe('an export', () => {
  test('is for who asked for it alone', async () => {
    const json = { format: 'bundle', contact: anna };
    const { id } = await studio.auditor.post('/api/v1/exports', json, 202);
    await await_export(studio.auditor, id);
    for (const client of [studio.owner, studio.manager]) {
      for (const path of [`/api/v1/exports/${id}`, `/api/v1/exports/${id}/file`]) {
        expect((await client.request('GET', path)).status).toBe(404);
      }
    }
  });

  test('is told of as it goes on to who asked for it', async () => {
    const own = await Follower.open(studio.auditor);
    const others = await Follower.open(studio.owner);
    const json = { format: 'bundle', contact: anna };
    const { id } = await studio.auditor.post('/api/v1/exports', json, 202);
    const done = await own.until((e) => e.event === 'job' && e.data.status === 'done');
    expect(done.id).toBeUndefined();
    expect(done.data).toEqual(await studio.auditor.get(`/api/v1/exports/${id}`));
    const { id: note } = await studio.owner.post('/api/v1/entries', {
      type: 'note',
      contact: { id: anna },
    });
    await others.until((e) => e.data.id === note);
    expect(others.events.filter((e) => e.event === 'job')).toEqual([]);
    own.close();
    others.close();
  });

  test('that is asked for twice with one key is made once', async () => {
    const options = {
      json: { format: 'bundle', contact: anna },
      headers: { 'idempotency-key': 'export-1' },
    };
    const first = await studio.owner.request('POST', '/api/v1/exports', options);
    const second = await studio.owner.request('POST', '/api/v1/exports', options);
    expect(second.body.id).toBe(first.body.id);
    expect((await await_export(studio.owner, first.body.id)).status).toBe('done');
  });

  test('is dropped once a business has twenty newer ones', async () => {
    const other = await studio.other_business();
    const ids: string[] = [];
    for (let i = 0; i < 21; ++i) {
      const { id } = await other.post('/api/v1/exports', { format: 'bundle' }, 202);
      expect((await await_export(other, id)).status).toBe('done');
      ids.push(id);
    }
    expect((await other.request('GET', `/api/v1/exports/${ids[0]}`)).status).toBe(404);
    expect((await other.request('GET', `/api/v1/exports/${ids[1]}/file`)).status).toBe(200);
  });

  test('goes with the server that made it', async () => {
    const own = await Studio.found({ data: join(desk.folder, 'jobs') });
    await fetch_bundle(own.owner);
    const folder = join(own.server.data, 'exports');
    expect(readdirSync(folder)).toHaveLength(1);
    await own.server.kill();
    expect(readdirSync(folder)).toHaveLength(1);
    await own.server.restart(); // which finds what nobody works on any more
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(join(folder, readdirSync(folder)[0]!))).toEqual(['lock']);
    await own.server.stop();
    expect(readdirSync(folder)).toEqual([]);
    if (on_postgres) drop_database(own.server.data);
  });

  test('that comes to nothing says what is wrong with it', async () => {
    const refused = async (json: object) => {
      const reply = await studio.owner.request('POST', '/api/v1/exports', { json });
      expect(reply.status).toBe(422);
      return reply.body.errors.map((one: any) => `${one.field} ${one.code}`);
    };
    expect(await refused({})).toEqual(['format required']);
    expect(await refused({ format: 'pdf' })).toEqual(['format unsupported']);
    expect(await refused({ format: 'doc' })).toEqual(['format not_one_of']);
    const format = 'bundle';
    const nobody = '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f';
    expect(await refused({ format, contact: nobody })).toEqual(['contact contact_not_found']);
    expect(await refused({ format, contact: 'x' })).toEqual(['contact id']);
    expect(await refused({ format, more: 1 })).toEqual(['more unknown_field']);
    expect(await refused({ format, filters: { as_of: '2026-01-01' } })).toEqual([
      'filters.as_of unknown_filter',
    ]);
    expect(await refused({ format, filters: { category: ['x'] } })).toEqual([
      'filters.category choice',
    ]);
    expect(await refused({ format, filters: { view: ['x'] } })).toEqual([
      'filters.view unknown_view',
    ]);
    expect(await refused({ format, filters: { category: 3 } })).toEqual(['filters.category value']);
    expect(await refused({ format, filters: [] })).toEqual(['filters object']);
  });
});

describe('annals export', () => {
  test('writes the same, with what an owner sees', async () => {
    const own = await Studio.found({ data: join(desk.folder, 'data') });
    const contact = await own.person();
    await own.owner.post('/api/v1/entries', { type: 'note', contact: { id: contact } });
    await own.server.stop();
    const file = join(desk.folder, 'command.zip');
    const where = ['--log-level', 'error', 'export', ...place(own.server.data), '--bundle', file];
    expect(run_annals(...where, '--contact', contact, '--all-leaves')).toContain('2 entries in 2');
    expect(verify_bundle(file).code).toBe(10);
    run_annals(...where, '--filter', 'type=note');
    expect(verify_bundle(file).out).toContain('1 entries; of 1 leaves');
    expect(() => run_annals(...where, '--filter', 'kind=note')).toThrow(/no filter/);
  });

  test('from a running server writes what the key lets see', async () => {
    const key = (await studio.key('admin')).credential.key!;
    const file = join(desk.folder, 'remote.zip');
    const server = studio.server.url + '/';
    const where = ['export', '--server', server, '--api-key', key, '--bundle', file];
    expect(run_annals(...where, '--contact', anna, '--all-leaves')).toContain(' bytes');
    expect(verify_bundle(file).code).toBe(10);
    const filters = 'type=note&type=call&from=2016-01-01';
    expect(run_annals(...where, '--filter', filters)).toContain(' bytes');
    expect(verify_bundle(file).code).toBe(10);
    expect(existsSync(file + '.part')).toBe(false);
    const before = readFileSync(file);
    expect(() => run_annals(...where, '--filter', 'kind=note')).toThrow(/filters.kind/);
    expect(() => run_annals(...where, '--contact', 'x')).toThrow(/contact/);
    const other = (to: string, as: string) => () =>
      run_annals('export', '--server', to, '--api-key', as, '--bundle', file);
    expect(other(server, 'no-key')).toThrow(/not valid|sign in|key/i);
    expect(other('annals.example', key)).toThrow(/must be an address/);
    expect(other('http://127.0.0.1:9', key)).toThrow(/connect/i);
    expect(() => run_annals('export', '--server', server, '--bundle', file)).toThrow(/api-key/);
    expect(readFileSync(file)).toEqual(before);
  });

  test('has of an erased entry its leaf alone', async () => {
    const own = await Studio.found({ data: join(desk.folder, 'erased') });
    const contact = await own.person();
    const made = await own.owner.post('/api/v1/entries', [
      { type: 'note', contact: { id: contact }, title: 'Stays' },
      { type: 'note', contact: { id: contact }, title: 'Goes' },
    ]);
    const gone = made.items[1].id;
    await own.server.stop();
    blank(own.server.data, gone);
    const file = join(desk.folder, 'erased.zip');
    const where = ['--log-level', 'error', 'export', ...place(own.server.data)];
    const told = run_annals(...where, '--bundle', file, '--contact', contact);
    expect(told).toContain('2 entries in 2 leaves; 0 leaves are withheld, 1 were erased');
    const said = verify_bundle(file);
    expect(said, said.err).toMatchObject({ code: 10 });
    expect(verdicts(said.out).at(-1)).toBe('erased    leaf 2');
    for (const content of desk.unpack(file).values()) {
      expect(content.includes(gone)).toBe(false);
      expect(content.includes('Goes')).toBe(false);
    }
    // An index that is made anew does not tell of it; the numbers of the contact's leaves do.
    run_annals('--log-level', 'error', 'rebuild', ...place(own.server.data));
    expect(run_annals(...where, '--bundle', file, '--contact', contact)).toBe(told);
    expect(verify_bundle(file)).toEqual(said);
    if (on_postgres) drop_database(own.server.data);
  });
});

describe('annals-verify', () => {
  test('tells of what it cannot read by its exit code', () => {
    expect(verify_bundle(join(desk.folder, 'nowhere.zip')).code).toBe(64);
    expect(verify_bundle(desk.folder).code).toBe(64);
    const text = desk.write('text.zip', 'This is no zip file.');
    expect(verify_bundle(text)).toMatchObject({ code: 40, out: '' });
    expect(verify_bundle(text, '--known-checkpoint', text).code).toBe(64);
    expect(spawnSync(verifier_bin(), ['--nonsense']).status).toBe(64);
    expect(spawnSync(verifier_bin(), ['--help']).status).toBe(0);
  });

  test('opens no connection', async () => {
    const file = desk.bundle(await fetch_bundle(studio.owner, { contact: anna }));
    const trace = join(desk.folder, 'trace');
    spawnSync('strace', ['-f', '-e', 'trace=network', '-o', trace, verifier_bin(), file]);
    expect(readFileSync(trace, 'utf8')).not.toMatch(/socket|connect/);
  });

  test('stands alone where it is built for users', () => {
    const symbols = execFileSync('nm', [verifier_bin()], { maxBuffer: 2 ** 28 });
    if (symbols.includes('__asan')) return; // sanitizers are shared libraries
    const said = spawnSync('ldd', [verifier_bin()], { encoding: 'utf8' });
    expect(said.stdout + said.stderr).toMatch(/statically linked|not a dynamic/);
  });
});
