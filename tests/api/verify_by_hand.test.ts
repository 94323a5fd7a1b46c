// docs/verify-by-hand.md, run as it stands: on a bundle that is honest, and on some that are not.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Authority } from './support/authority';
import { Desk, fetch_bundle, verify_bundle } from './support/bundle';
import { pause } from './support/load';
import { Studio } from './support/studio';

const page = resolve(import.meta.dirname, '../../docs/verify-by-hand.md');
const script = [...readFileSync(page, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)]
  .map((match) => match[1])
  .join('\n');

const desk = new Desk();
let authority: Authority;
let studio: Studio;
let honest: string;
let known: string;

beforeAll(async () => {
  authority = await Authority.start();
  studio = await Studio.found({ env: { ANNALS_TIMESTAMP_AUTHORITY: authority.url } });
  const { owner } = studio;
  const anna = await studio.person();
  const bert = await studio.person({ given_name: 'Bert' });
  const files = [await owner.upload('a.txt', 'one'), await owner.upload('b ü.txt', 'two')];
  const note = (more: object) => ({ type: 'note', contact: { id: anna }, ...more });
  const drafts = [
    note({ title: 'Größe "und" \\ mehr', attachments: files, details: { a: [1, { b: '},{' }] } }),
    note({ contact: { id: bert } }),
    note({ private: true }),
  ];
  const { items } = await owner.post('/api/v1/entries', drafts);
  known = desk.write('known.txt', (await owner.request('GET', '/api/v1/ledger/checkpoint')).text);
  await stamped();
  await owner.post(`/api/v1/entries/${items[0].id}/corrections`, { title: 'B', reason: 'x' });
  await owner.post('/api/v1/entries', note({ title: 'Later' }));
  await studio.hire('manager', 'manager'); // who does not see the private one
  honest = desk.bundle(await fetch_bundle(studio.manager, { contact: anna }));
});
afterAll(async () => {
  desk.clear();
  await studio?.server.stop();
  await authority?.stop();
});

/** Waits until the last checkpoint has its stamp. */
async function stamped(): Promise<void> {
  const headers = { accept: 'application/json' };
  const look = () => studio.owner.request('GET', '/api/v1/ledger/checkpoint', { headers });
  for (let i = 0; (await look()).body.stamp === null; ++i) {
    if (i === 1_000) throw new Error('it is not stamped');
    await pause(20);
  }
}

function by_hand(bundle: string, kept = known) {
  const env = {
    ...process.env,
    bundle,
    known: kept,
    authority: authority.ca,
    LC_ALL: 'C.UTF-8',
  };
  const done = spawnSync('bash', ['-c', script], { encoding: 'utf8', env });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test('an honest bundle is verified by hand, as by the program', () => {
  const said = by_hand(honest);
  expect(said, said.err).toMatchObject({ code: 0 });
  expect(said.out).toContain('Verified by hand: 5 leaves.');
  expect(said.out).toMatch(/^Time stamp: /m);
  const flags = ['--known-checkpoint', known, '--tsa-ca', authority.ca];
  const program = verify_bundle(honest, ...flags);
  expect(program.code, program.out).toBe(0);
  expect(program.out).toMatch(/^stamped .* an authority that was given signed it$/m);
});

/** The bundle with a file changed, zipped again by another program. */
function changed(name: string, change: (text: string) => string): string {
  const folder = join(desk.folder, `changed-${name}`);
  for (const [path, content] of desk.unpack(honest)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const other = path === name ? change(content.toString('latin1')) : content;
    writeFileSync(join(folder, path), other, 'latin1');
  }
  const file = join(desk.folder, `${name.replaceAll('/', '_')}.zip`);
  const sums = (path: string) =>
    execFileSync('sha256sum', [join(folder, path)], { encoding: 'utf8' }).slice(0, 64);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  for (const one of manifest.files) one.sha256 = sums(one.path);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest) + '\n');
  execFileSync('zip', ['-q', '-r', '-X', '-D', file, '.'], { cwd: folder });
  return file;
}

test('one that another program packed again is still the same', () => {
  const file = changed('none', (text) => text);
  expect(by_hand(file).code).toBe(0);
  expect(verify_bundle(file, '--known-checkpoint', known)).toMatchObject({ code: 0, err: '' });
});

test.each([
  ['records.jsonl', 'Later', 'Never'],
  ['salts.txt', /^[0-9a-f]{2}/, (two: string) => (two === '00' ? '11' : '00')],
  ['leaves.txt', /[0-9a-f]$/m, (one: string) => (one === '0' ? '1' : '0')],
  ['proofs.txt', /^./, (one: string) => (one === 'A' ? 'B' : 'A')],
  ['checkpoint.txt', /\n\d+\n/, '\n9\n'],
  ['consistency.txt', / [^ ]+$/m, ` ${'A'.repeat(43)}=`],
])('a change of %s is found by hand, as by the program', (name, what, instead) => {
  const file = changed(name, (text) => {
    const other = text.replace(what, instead as string);
    expect(other).not.toBe(text);
    return other;
  });
  expect(by_hand(file).code).not.toBe(0);
  expect(verify_bundle(file, '--known-checkpoint', known).code).toBe(40);
});

test('a change of an attachment is found by hand, as by the program', () => {
  const name = [...desk.unpack(honest).keys()].find((path) => path.startsWith('files/'))!;
  const file = changed(name, () => 'six');
  expect(by_hand(file).err).toContain('attachment');
  expect(verify_bundle(file).code).toBe(40);
});

test('a change of a time stamp is found by hand, as by the program', () => {
  const name = [...desk.unpack(honest).keys()].find((path) => path.endsWith('.tsr'))!;
  const file = changed(name, (bytes) => {
    const other = bytes.replace(/20\d\d(?=\d{10}Z)/, '2015');
    expect(other).not.toBe(bytes);
    return other;
  });
  expect(by_hand(file).code).not.toBe(0);
  expect(verify_bundle(file).code).toBe(40);
});

test('the checkpoint of another ledger is told by hand, as by the program', async () => {
  const other = await studio.other_business();
  const note = (await other.request('GET', '/api/v1/ledger/checkpoint')).text;
  const kept = desk.write('other.txt', note);
  expect(by_hand(honest, kept).err).toContain('the name of the ledger');
  expect(verify_bundle(honest, '--known-checkpoint', kept).code).toBe(30);
});
