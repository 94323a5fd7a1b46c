// What proves the history, checked by code of others: the tree and the checkpoints by sigstore's,
// signatures by openssl, RFC 8785 by its author's.
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, createPublicKey } from 'node:crypto';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from './support/client';
import { drop_database, on_postgres, place } from './support/engine';
import { annals_bin, Server } from './support/server';
import { Studio } from './support/studio';

const sigstore = createRequire(import.meta.url).resolve('@sigstore/verify');
const load = createRequire(sigstore);
const { verifyCheckpoint } = load('./tlog/checkpoint.js');
const { verifyMerkleInclusion } = load('./tlog/merkle.js');

let studio: Studio;
let owner: Client;
let anna: string;
beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
  anna = await studio.person();
});
afterAll(async () => studio?.server.stop());

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** `<name>+<id>+<base64(01 ‖ key)>` */
function read_key(text: string) {
  const [name, id, key] = text.split('+').length === 3 ? text.split('+') : split_key(text);
  const raw = Buffer.from(key!, 'base64').subarray(1);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  return {
    name: name!,
    id: Buffer.from(id!, 'hex'),
    public_key: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  };
}
// (base64 may hold a plus itself)
function split_key(text: string): string[] {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

async function record(count: number, more: object = {}): Promise<string[]> {
  const drafts = Array.from({ length: count }, (_, i) => ({
    type: 'call',
    contact: { id: anna },
    title: `Call ${i}`,
    details: { n: i, 'ключ': '…\u0000\u2028"\\', '😀': 1 },
    ...more,
  }));
  const made = await owner.post('/api/v1/entries', drafts);
  return made.items.map((item: any) => item.id);
}

async function proof_of(id: string, query: object = {}): Promise<any> {
  const reply = await owner.request('GET', `/api/v1/ledger/entries/${id}/proof`, {
    headers: { accept: 'application/json' },
    query: query as any,
  });
  expect(reply.status, reply.text).toBe(200);
  return reply.body;
}

/** As sigstore's code takes an entry of a log. */
function as_entry(proof: any) {
  return {
    canonicalizedBody: Buffer.from(proof.leaf, 'base64'),
    inclusionProof: {
      logIndex: String(proof.leaf_index),
      hashes: proof.path.map((hash: string) => Buffer.from(hash, 'base64')),
      checkpoint: { envelope: proof.checkpoint },
    },
  };
}

async function trusted() {
  const { keys } = await owner.get('/api/v1/ledger/keys');
  return keys.map(read_key).map((key: any) => ({
    logID: key.id,
    baseURL: key.name,
    publicKey: key.public_key,
  }));
}

test('sigstore verifies every entry in a checkpoint, and no other leaf', async () => {
  const ids = await record(300);
  const logs = await trusted_after_a_checkpoint();
  for (const id of [ids[0]!, ids[1]!, ids[254]!, ids[255]!, ids[256]!, ids[299]!]) {
    const entry = as_entry(await proof_of(id));
    const checkpoint = verifyCheckpoint(entry, logs);
    verifyMerkleInclusion(entry, checkpoint);
    entry.canonicalizedBody[40]! ^= 1;
    expect(() => verifyMerkleInclusion(entry, checkpoint)).toThrow();
  }
});

async function trusted_after_a_checkpoint() {
  await owner.request('GET', '/api/v1/ledger/checkpoint');
  return trusted();
}

test('openssl verifies the signature, and the proof is under 2 KiB', async () => {
  const [id] = await record(1);
  const text = (await owner.request('GET', `/api/v1/ledger/entries/${id}/proof`)).text;
  expect(text.length).toBeLessThan(2048);
  expect(text.startsWith('c2sp.org/tlog-proof@v1\nextra ')).toBe(true);
  const note = text.slice(text.indexOf('\n\n') + 2);
  const body = note.slice(0, note.indexOf('\n\n') + 1);
  const [, name, signature] = /\u2014 (\S+) (\S+)\n$/.exec(note)!;
  const { keys } = await owner.get('/api/v1/ledger/keys');
  const key = read_key(keys.at(-1));
  expect(key.name).toBe(name);
  const folder = mkdtempSync(join(tmpdir(), 'annals-note-'));
  try {
    const bytes = Buffer.from(signature!, 'base64');
    expect(bytes.subarray(0, 4)).toEqual(key.id);
    writeFileSync(join(folder, 'note'), body);
    writeFileSync(join(folder, 'signature'), bytes.subarray(4));
    writeFileSync(join(folder, 'key'), key.public_key.export({ type: 'spki', format: 'pem' }));
    const verify = () =>
      execFileSync(
        'openssl',
        ['pkeyutl', '-verify', '-pubin', '-inkey', 'key', '-rawin', '-in', 'note', '-sigfile',
          'signature'],
        { cwd: folder, encoding: 'utf8', stdio: 'pipe' },
      );
    expect(verify()).toContain('Verified Successfully');
    writeFileSync(join(folder, 'note'), body.replace(/\n\d+\n/, '\n1\n'));
    expect(verify).toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the leaf commits to the record, and the record to the files', async () => {
  const file = await owner.upload('receipt.txt', 'Thank you.');
  const [id] = await record(1, { attachments: [file] });
  const proof = await proof_of(id!);
  const leaf = Buffer.from(proof.leaf, 'base64');
  const commitment = createHmac('sha256', Buffer.from(proof.salt, 'base64'))
    .update(proof.record)
    .digest();
  expect(leaf.subarray(34)).toEqual(commitment);
  const said = JSON.parse(proof.record);
  expect(said.id).toBe(id);
  const of_file = createHmac('sha256', Buffer.from(proof.attachments[0].salt, 'base64'))
    .update(sha256(Buffer.from('Thank you.')))
    .digest('hex');
  expect(said.attachments[0].commitment).toBe(of_file);
});

/** Text of all kinds, the same at every run. */
function odd_texts(count: number): string[] {
  let state = 12345;
  const next = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const ranges = [
    [0x20, 0x5f], [0x20, 0x5f], [0xa0, 0x500], [0x2000, 0x100], [0x4e00, 0x200], [0xfb00, 0x100],
    [0x1f300, 0x300], [0xe000, 0x10], [0xfff0, 0x0e],
  ];
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + next(12) }, () => {
      const [from, width] = ranges[next(ranges.length)]!;
      return String.fromCodePoint(from! + next(width!));
    }).join(''),
  );
}

test("records are RFC 8785's form", async () => {
  const texts = odd_texts(200);
  const drafts = texts.map((text, i) => ({
    type: 'call',
    contact: { id: anna },
    title: `x${text}x`,
    text: `"\\/\t\n${text}`,
    details: { [text]: [texts[(i + 1) % 200], '\u0000\u001f\u007f', 1.5e300, null, true] },
    changes: [{ field: `f${text}`, old: i, new: { [text]: text } }],
    amount: { value: i - 100, currency: 'EUR' },
  }));
  const made = await owner.post('/api/v1/entries', drafts);
  for (const item of made.items) {
    const { record: text } = await proof_of(item.id);
    expect(text).toBe(canonicalize(JSON.parse(text)));
  }
});

test('each version has a leaf of its own', async () => {
  const [id] = await record(1);
  await owner.post(`/api/v1/entries/${id}/corrections`, { title: 'Better', reason: 'typo' });
  await owner.post(`/api/v1/entries/${id}/retraction`, { reason: 'no such call' });
  const logs = await trusted_after_a_checkpoint();
  const kinds = [];
  for (const version of [1, 2, 3]) {
    const proof = await proof_of(id!, { version });
    const entry = as_entry(proof);
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, logs));
    kinds.push(entry.canonicalizedBody[1]);
    expect(proof.version).toBe(version);
  }
  expect(kinds).toEqual([1, 2, 2]);
  const beyond = `/api/v1/ledger/entries/${id}/proof?version=4`;
  expect((await owner.request('GET', beyond)).status).toBe(404);
});

test('an entry tells its place and that it verifies', async () => {
  const [id] = await record(1);
  await owner.request('GET', '/api/v1/ledger/checkpoint');
  const { proof, ledger } = await owner.get(`/api/v1/entries/${id}`);
  expect(proof.verified).toBe(true);
  expect(proof.faults).toEqual([]);
  expect(proof.leaf_index).toBe(ledger.leaf_index);
  expect(proof.checkpoint.size).toBe(proof.tree_size);
});

describe('the tree', () => {
  const size_of = (note: string) => Number(note.split('\n')[1]);
  const root_of = (note: string) => Buffer.from(note.split('\n')[2]!, 'base64');

  test('is told by its tiles', async () => {
    await record(300);
    const note = (await owner.request('GET', '/api/v1/ledger/checkpoint')).text;
    const size = size_of(note);
    const leaves: Buffer[] = [];
    for (let i = 0; i * 256 < size; ++i) {
      const width = Math.min(256, size - i * 256);
      const path = `0/${String(i).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`;
      const tile = await fetch(`${studio.server.url}/api/v1/ledger/tile/${path}`, {
        headers: owner.headers(),
      });
      expect(tile.status).toBe(200);
      const bytes = Buffer.from(await tile.arrayBuffer());
      expect(bytes.length).toBe(32 * width);
      for (let n = 0; n < width; ++n) leaves.push(bytes.subarray(32 * n, 32 * n + 32));
    }
    const root = (of: Buffer[]): Buffer => {
      if (of.length === 1) return of[0]!;
      const k = 2 ** Math.ceil(Math.log2(of.length) - 1);
      return sha256(Buffer.from([1]), root(of.slice(0, k)), root(of.slice(k)));
    };
    expect(root(leaves)).toEqual(root_of(note));
    for (const path of ['0/999', '0/000.p/0', '0/1', '9/000.p/1', '0/', 'x', '0/000/x', '0/-01']) {
      const reply = await owner.request('GET', `/api/v1/ledger/tile/${path}`);
      expect(reply.status, path).toBe(404);
    }
  });

  test('is proven to have only grown', async () => {
    const before = (await owner.request('GET', '/api/v1/ledger/checkpoint')).text;
    await record(5);
    const after = (await owner.request('GET', '/api/v1/ledger/checkpoint')).text;
    const query = { from: size_of(before), to: size_of(after) };
    const { path } = await owner.get('/api/v1/ledger/consistency', query);
    expect(path.length).toBeGreaterThan(0);
    for (const wrong of [{ from: 1, to: 10 ** 9 }, { from: 5, to: 4 }, { from: -1, to: 4 }, {}]) {
      const reply = await owner.request('GET', '/api/v1/ledger/consistency', { query: wrong });
      expect(reply.status, JSON.stringify(wrong)).toBe(400);
    }
  });

  test("is another business's alone", async () => {
    const [id] = await record(1);
    const stranger = await studio.other_business();
    const note = (await stranger.request('GET', '/api/v1/ledger/checkpoint')).text;
    expect(size_of(note)).toBe(0);
    const reply = await stranger.request('GET', `/api/v1/ledger/entries/${id}/proof`);
    expect(reply.status).toBe(404);
  });
});

test('what the caller may not see is not proven', async () => {
  const [id] = await record(1, { private: true });
  await studio.hire('staff', 'staff');
  const reply = await studio.staff.request('GET', `/api/v1/ledger/entries/${id}/proof`);
  expect(reply.status).toBe(404);
});

describe('the key of a business', () => {
  const mode = (path: string) => statSync(path).mode & 0o777;

  test('is there from its set-up on, and signs its first checkpoint', async () => {
    const other = await Studio.found();
    try {
      const folder = join(other.server.data, 'keys');
      const { business } = await other.owner.get('/api/v1/me');
      const south = (await (await other.other_business()).get('/api/v1/me')).business;
      expect(mode(folder)).toBe(0o700);
      for (const { id } of [business, south]) {
        expect(mode(join(folder, `${id}.key`))).toBe(0o600);
        expect(readFileSync(join(folder, `${id}.key`), 'utf8')).toContain('PRIVATE+KEY+annals/');
      }
      const pub = readFileSync(join(folder, `${business.id}.pub`), 'utf8');
      expect((await other.owner.get('/api/v1/ledger/keys')).keys.join('\n') + '\n').toBe(pub);
      await other.owner.request('GET', '/api/v1/ledger/checkpoint');
      expect(readFileSync(join(folder, `${business.id}.pub`), 'utf8')).toBe(pub);
    } finally {
      await other.server.stop();
    }
  });

  test('that cannot be written leaves no business behind', async () => {
    const server = await Server.start();
    try {
      const anyone = new Client(server.url);
      const json = {
        business: { name: 'S', time_zone: 'Europe/Berlin', locale: 'de', currency: 'EUR' },
        owner: { name: 'E', email: 'e@nord.example', password: 'correct horse battery' },
      };
      const set_up = () => anyone.request('POST', '/api/v1/setup', { json });
      const folder = join(server.data, 'keys');
      rmSync(folder, { recursive: true });
      writeFileSync(folder, 'in the way');
      const refused = await set_up();
      expect(refused.status, refused.text).toBe(503);
      expect(refused.body.detail).toContain('Nothing was made');
      expect((await anyone.get('/api/v1/setup')).needed).toBe(true);
      rmSync(folder);
      expect((await set_up()).status).toBe(201);
      expect(readdirSync(folder).map((name) => name.slice(36)).sort()).toEqual(['.key', '.pub']);
    } finally {
      await server.stop();
    }
  });

  test('comes with `annals business add` too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'annals-added-'));
    const data = join(folder, 'data');
    const kept = join(folder, 'kept');
    try {
      const flags = ['--time-zone', 'Europe/Berlin', '--currency', 'EUR', '--keys', kept];
      const owner = ['--owner-email', 'e@nord.example', '--owner-name', 'Erika'];
      const args = ['business', 'add', 'Nord', ...place(data), ...flags, ...owner];
      const env = { ...process.env, ANNALS_PASSWORD: 'correct horse battery' };
      const id = execFileSync(annals_bin(), args, { encoding: 'utf8', env }).trim();
      expect(mode(kept)).toBe(0o700);
      expect(mode(join(kept, `${id}.key`))).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true });
      if (on_postgres) drop_database(data);
    }
  });
});

// The folder of a server, put back to what it was an hour ago.
test.skipIf(process.env.ANNALS_TEST_POSTGRES)('an old copy of the data is not signed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'annals-old-'));
  try {
    const data = join(folder, 'data');
    let other = await Studio.found({ data });
    const cookie = other.owner.credential;
    const person = await other.person();
    await other.server.stop();
    cpSync(data, join(folder, 'old'), { recursive: true });
    let server = await Server.start({ data });
    const call = { type: 'call', contact: { id: person }, title: 'Lost' };
    const client = () => other.anyone.with(cookie);
    const at = (url: string) => Object.assign(Object.create(client()), { url });
    await at(server.url).post('/api/v1/entries', call);
    const signed = await at(server.url).request('GET', '/api/v1/ledger/checkpoint');
    expect(signed.status).toBe(200);
    await server.stop();
    for (const name of ['annals.db', 'annals.db-wal', 'annals.db-shm']) {
      rmSync(join(data, name), { force: true });
      try {
        cpSync(join(folder, 'old', name), join(data, name));
      } catch {
        // A database that was closed has no log.
      }
    }
    server = await Server.start({ data });
    const refused = await at(server.url).request('GET', '/api/v1/ledger/checkpoint');
    expect(refused.status).toBe(503);
    expect(refused.body.detail).toContain('older than what was signed');
    await server.stop();
    expect(readFileSync(join(data, 'keys', readdir_key(data)), 'utf8')).toContain('PRIVATE+KEY+');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function readdir_key(data: string): string {
  const names = execFileSync('ls', [join(data, 'keys')], { encoding: 'utf8' }).split('\n');
  return names.find((name) => name.endsWith('.key'))!;
}
