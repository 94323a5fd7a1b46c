// Power cuts: what was acknowledged is there, once, and nothing is half there. ANNALS_LONG=1 kills
// 25 times instead of 5.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from './support/client';
import { on_postgres } from './support/engine';
import { check, check_repeats, entries, Load, pause, write } from './support/load';
import { Studio } from './support/studio';
import { may_trace, trace } from './support/trace';

const kills = process.env.ANNALS_LONG ? 25 : 5;
const writers = 8;

let studio: Studio;
let key: Client;

beforeEach(async () => {
  studio = await Studio.found();
  key = await studio.key('admin');
});
afterEach(async () => studio?.server.stop());

/** The caller on the server that runs now, which listens elsewhere after each start. */
function here(client: Client): Client {
  return new Client(studio.server.url, client.credential);
}

test(`${kills} times killed under load, nothing acknowledged is lost or there twice`, async () => {
  const contacts: string[] = [];
  for (let i = 0; i < 4; ++i) contacts.push(await studio.person({ given_name: `Client ${i}` }));
  const load = new Load();
  for (let round = 0; round < kills; ++round) {
    const client = here(key);
    const running = Array.from({ length: writers }, (_, w) =>
      write(client, `${round}/${w}`, contacts[w % contacts.length]!, load),
    );
    // At another moment each time: after some acknowledgements, and a little.
    await load.more(1 + Math.floor(Math.random() * 60));
    await pause(Math.random() * 30);
    await studio.server.kill();
    await Promise.all(running);
    await studio.server.restart();
    await check(here(key), load);
  }
  await check_repeats(here(key), load);
}, 600_000);

test('a stop in the midst of load answers what it took, and loses nothing', async () => {
  const contact = await studio.person();
  const load = new Load();
  const client = here(key);
  const running = Array.from({ length: writers }, (_, w) => write(client, `s/${w}`, contact, load));
  // A stopping server may also say that it stops.
  const settled = Promise.allSettled(running);
  await load.more(50);
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
    // (another thread's call may come between the call and what it read)
    const asked = find(at, /(recvfrom|recvmsg|read|readv)(\(| resumed>).*POST \/api\/v1\/entries/);
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
