// Where the bytes of attachments are: files named by what they hold, on the disk before anything
// refers to them, and gone a day later where nothing did.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from './support/client';
import { on_postgres } from './support/engine';
import { temp_folder } from './support/server';
import { Studio } from './support/studio';
import { may_trace, trace } from './support/trace';

const data = temp_folder();
const gone_ms_max = 20_000;

let studio: Studio;

beforeAll(async () => {
  studio = await Studio.found({ data });
});
afterAll(async () => {
  await studio?.server.stop();
  rmSync(data, { recursive: true, force: true });
});

/** The caller on the server that runs now, which listens elsewhere after each start. */
function owner(): Client {
  return new Client(studio.server.url, studio.owner.credential);
}

function name_of(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

function blob(content: string): string {
  const name = name_of(content);
  return join(data, 'blobs', name.slice(0, 2), name);
}

function blobs(): string[] {
  const all = readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true });
  return all.filter((file) => file.isFile()).map((file) => file.name);
}

test.skipIf(on_postgres)('a file is kept by its SHA-256, the same bytes stand once', async () => {
  const before = existsSync(join(data, 'blobs')) ? blobs() : [];
  const ids = [
    await owner().upload('one.txt', 'the same bytes'),
    await owner().upload('two.txt', 'the same bytes'),
    await owner().upload('three.txt', 'other bytes'),
  ];
  expect(new Set(ids).size).toBe(3);
  expect(readFileSync(blob('the same bytes'), 'utf8')).toBe('the same bytes');
  const added = blobs().filter((name) => !before.includes(name));
  expect(added.sort()).toEqual([name_of('the same bytes'), name_of('other bytes')].sort());
});

const sees = may_trace && !on_postgres;
test.skipIf(!sees)('a file is written, synced, renamed, and then referred to', async () => {
  const content = 'as safe as an entry';
  const calls = 'write,fsync,fdatasync,rename,renameat,renameat2,sendto,sendmsg,writev';
  const lines = await trace(studio.server.pid, calls, async () => {
    await owner().upload('safe.txt', content);
  });
  let at = -1;
  const steps: [string, RegExp][] = [
    ['written under another name', new RegExp(`write\\(\\d+<[^>]*${name_of(content)}\\.part\\d+>`)],
    ['synced', new RegExp(`fsync\\(\\d+<[^>]*${name_of(content)}\\.part\\d+>`)],
    ['renamed', new RegExp(`rename\\w*\\(.*\\.part\\d+", .*${name_of(content)}"`)],
    ['its folder synced', new RegExp(`fsync\\(\\d+<[^>]*/blobs/${name_of(content).slice(0, 2)}>`)],
    ['the row that refers to it synced', /f(data)?sync\(\d+<.*annals\.db-wal>/],
    ['answered', /(sendmsg|sendto|write|writev)\(.*HTTP\/1\.1 201/],
  ];
  for (const [step, call] of steps) {
    const found = lines.findIndex((line, i) => i > at && call.test(line));
    expect(found, `${step}, after line ${at} of\n${lines.join('\n')}`).toBeGreaterThan(at);
    at = found;
  }
});

test.skipIf(on_postgres)('what nothing refers to goes after 24 hours, with its bytes', async () => {
  const contact = { id: await studio.person() };
  const files: Record<string, { hours: number; used: boolean; stays: boolean }> = {
    'old and unused': { hours: 25, used: false, stays: false },
    'young and unused': { hours: 23, used: false, stays: true },
    'old and used': { hours: 25, used: true, stays: true },
  };
  const ids: Record<string, string> = {};
  for (const [content, { used }] of Object.entries(files)) {
    ids[content] = await owner().upload('file.txt', content);
    const draft = { type: 'note', contact, attachments: [ids[content]] };
    if (used) await owner().post('/api/v1/entries', draft);
  }
  const twin = await owner().upload('twin.txt', 'old and used');
  await studio.server.stop();
  const age = (id: string, hours: number) =>
    `UPDATE attachments SET created_at = created_at - ${hours} * 3600000000
     WHERE hex(id) = '${id.replaceAll('-', '').toUpperCase()}';`;
  const aged = Object.entries(files).map(([content, { hours }]) => age(ids[content]!, hours));
  execFileSync('sqlite3', [join(data, 'annals.db'), [...aged, age(twin, 25)].join('\n')]);
  await studio.server.restart(); // and the house is kept
  const deadline = Date.now() + gone_ms_max;
  const status = async (id: string) =>
    (await owner().request('GET', `/api/v1/attachments/${id}`)).status;
  while (existsSync(blob('old and unused')) && Date.now() < deadline) {
    await new Promise((resume) => setTimeout(resume, 20));
  }
  for (const [content, { stays }] of Object.entries(files)) {
    expect(existsSync(blob(content)), content).toBe(stays);
    expect(await status(ids[content]!), content).toBe(stays ? 200 : 404);
  }
  expect(await status(twin)).toBe(404);
});
