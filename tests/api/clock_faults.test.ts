// A clock that is set, back by an hour and forth by a day, under a running server: what is recorded
// stays in order, and what waits goes on by the steady clock.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from './support/client';
import { on_postgres } from './support/engine';
import { temp_folder } from './support/server';
import { Follower } from './support/stream';
import { password, Studio } from './support/studio';

const hour_s = 3_600;
const day_s = 24 * hour_s;
const ping_s = 15; // of /stream
const answer_ms_max = 5_000; // nothing waits for a clock

const library = readdirSync('/usr/lib')
  .map((folder) => join('/usr/lib', folder, 'faketime/libfaketimeMT.so.1'))
  .find((path) => existsSync(path));
if (!library) console.warn('faketime is not installed: a clock that is set is not tested');

let folder: string;
let studio: Studio;

/** Sets the server's clock to the true time and so many seconds. */
function set_clock(seconds: number): void {
  writeFileSync(join(folder, 'clock'), `${seconds < 0 ? '' : '+'}${seconds}\n`);
}

beforeEach(async () => {
  folder = temp_folder();
  set_clock(0);
  const env = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // It has to come before the sanitizer's library, which asks to be the first.
    ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
  };
  if (library) studio = await Studio.found({ env });
});
afterEach(async () => {
  await studio?.server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const entries = '/api/v1/entries';

async function soon<T>(answer: Promise<T>): Promise<T> {
  const started = Date.now();
  const value = await answer;
  expect(Date.now() - started).toBeLessThan(answer_ms_max);
  return value;
}

const clock_test = test.skipIf(!library || on_postgres);

clock_test('what is recorded rises, whatever the clock does', async () => {
  const key = await studio.key('admin');
  const contact = await studio.person();
  const steps = [0, -hour_s, day_s, 0, -hour_s];
  const seen: number[] = []; // how far recorded_at is from the true time, in seconds
  const record = async () => {
    const client = new Client(studio.server.url, key.credential);
    for (let i = 0; i < 3; ++i) {
      const draft = { type: 'note', contact: { id: contact }, title: 'A note' };
      const { id } = await soon(client.post(entries, draft));
      const entry = await soon(client.get(`${entries}/${id}`));
      seen.push((Date.parse(entry.recorded_at) - Date.now()) / 1000);
    }
  };
  for (const step of steps) {
    set_clock(step);
    await record();
  }
  await studio.server.kill(); // what it remembered is read anew
  await studio.server.restart();
  await record();

  expect(seen[2]).toBeGreaterThan(-60);
  expect(seen[5]).toBeGreaterThan(-60); // not an hour ago
  expect(seen[6]).toBeGreaterThan(day_s - 60); // the clock was really set
  const client = new Client(studio.server.url, key.credential);
  const all = await client.all(`/api/v1/contacts/${contact}/entries`, { limit: 5 });
  expect(all.length).toBe(1 + 3 * (steps.length + 1)); // the first tells of the contact
  all.sort((a, b) => a.ledger.contact_seq - b.ledger.contact_seq);
  expect(all.map((e) => e.ledger.contact_seq)).toEqual(all.map((_, i) => i + 1));
  for (let i = 1; i < all.length; ++i) {
    // RFC 3339 with six decimals: they compare as texts.
    expect(all[i].recorded_at > all[i - 1].recorded_at, `recorded_at of ${i + 1}`).toBe(true);
  }
  const middle = all[7].recorded_at;
  const then = await client.all(`/api/v1/contacts/${contact}/entries`, { as_of: middle });
  expect(then.length).toBe(8);
});

clock_test('sessions end by the clock, and keys and sign-in work on', async () => {
  const key = await studio.key('admin');
  const me = (client: Client) => soon(client.request('GET', '/api/v1/me'));
  set_clock(-hour_s);
  expect((await me(studio.owner)).status).toBe(200);
  expect((await me(await studio.sign_in('owner@nord.example'))).status).toBe(200);
  set_clock(day_s);
  expect((await me(studio.owner)).status).toBe(401); // idle for more than twelve hours
  expect((await me(key)).status).toBe(200);
  const late = await studio.sign_in('owner@nord.example');
  expect((await me(late)).status).toBe(200);
  set_clock(0);
  expect((await me(late)).status).toBe(200);
  expect((await me(key)).status).toBe(200);
});

clock_test('failed sign-ins are not held against an account for longer', async () => {
  const sign_in = (word: string) => {
    const json = { email: 'owner@nord.example', password: word };
    return soon(studio.anyone.request('POST', '/api/v1/session', { json }));
  };
  set_clock(day_s);
  for (let i = 0; i < 12; ++i) await sign_in('not the password');
  expect((await sign_in(password)).status).toBe(429);
  set_clock(0); // the mistaken day is over
  expect((await sign_in(password)).status).toBe(201);
});

clock_test('/stream goes on with its pings and its events', async () => {
  const key = await studio.key('admin');
  const contact = await studio.person();
  const follower = await Follower.open(key);
  try {
    for (const step of [-hour_s, day_s]) {
      set_clock(step);
      const draft = { type: 'note', contact: { id: contact }, title: `At ${step}` };
      const { id } = await soon(key.post(entries, draft));
      await follower.until((event) => event.data.id === id);
      // An event puts the next ping off.
      const before = follower.pings;
      const since = performance.now();
      await follower.until_pings(before + 1, (ping_s + 5) * 1000);
      expect(performance.now() - since).toBeGreaterThan((ping_s - 5) * 1000);
    }
  } finally {
    follower.close();
  }
});
