// Many who follow /stream and hear little: what each costs, and that one look serves them all.
// ANNALS_LONG=1 has 10,000 of them instead of 2,000.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entries, pause } from './support/load';
import { release_bin } from './support/server';
import { Studio } from './support/studio';

const followers = process.env.ANNALS_LONG ? 10_000 : 2_000;
const opened_at_once = 100;
const kib_each_max = 40;
const other_files = 1_000; // of the server and of this process, besides their connections

const open_files = Number(
  /^Max open files\s+\S+\s+(\S+)/m
    .exec(readFileSync('/proc/self/limits', 'utf8'))![1]!
    .replace('unlimited', 'Infinity'),
);

/** A follower that keeps of what it is sent only how many events there were. */
class Idle {
  events = 0;
  #rest = '';
  #socket: Socket;
  readonly opened: Promise<void>;

  constructor(url: string, key: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.write(
      `GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    this.opened = new Promise((opened, failed) => {
      this.#socket.on('error', failed);
      this.#socket.on('close', () => failed(new Error(`it was closed after ${this.#rest}`)));
      this.#socket.on('data', (piece) => {
        this.#rest += piece.toString('latin1');
        if (this.#rest.includes('\r\n\r\n')) {
          if (this.#rest.startsWith('HTTP/1.1 200')) opened();
          else failed(new Error(this.#rest));
        }
        this.events += this.#rest.split('\nevent: entry\n').length - 1;
        this.#rest = this.#rest.slice(this.#rest.lastIndexOf('\n') + 1);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

describe.skipIf(!release_bin() || open_files < followers + other_files)('who follows', () => {
  let studio: Studio;
  let key: string;
  let anna: string;
  let idle: Idle[] = [];

  beforeAll(async () => {
    studio = await Studio.found({ bin: release_bin() });
    key = (await studio.key('entries:read')).credential.key!;
    anna = await studio.person();
  });
  afterAll(async () => {
    for (const one of idle) one.close();
    await studio?.server.stop();
  });

  async function open(count: number): Promise<Idle[]> {
    const all: Idle[] = [];
    while (all.length < count) {
      const some = Array.from(
        { length: Math.min(opened_at_once, count - all.length) },
        () => new Idle(studio.server.url, key),
      );
      all.push(...some);
      await Promise.all(some.map((one) => one.opened));
    }
    return all;
  }

  function resident_kib(): number {
    const status = readFileSync(`/proc/${studio.server.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]);
  }

  async function metric(name: string): Promise<number> {
    const { text } = await studio.anyone.request('GET', '/metrics');
    return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)![1]);
  }

  const note = () => studio.owner.post(entries, { type: 'note', contact: { id: anna } });

  async function all_heard(events: number): Promise<void> {
    while (idle.some((one) => one.events < events)) await pause(20);
    expect(idle.every((one) => one.events === events)).toBe(true);
  }

  test('costs little memory', async () => {
    // What the server takes once, whoever comes.
    const first = await open(opened_at_once);
    await note();
    for (const one of first) one.close();
    while ((await metric('annals_http_event_streams')) > 0) await pause(20);

    const before = resident_kib();
    idle = await open(followers);
    while ((await metric('annals_http_event_streams')) < followers) await pause(20);
    const kib_each = (resident_kib() - before) / followers;
    await note();
    await all_heard(1);
    const kib_each_told = (resident_kib() - before) / followers;
    console.log(`${followers} followers: ${kib_each} KiB each, ${kib_each_told} once told`);
    expect(kib_each).toBeLessThan(kib_each_max);
    expect(kib_each_told).toBeLessThan(kib_each_max);
  });

  test('costs no look at the journal of their own', async () => {
    const before = await metric('annals_stream_looks_total');
    const heard = idle[0]!.events;
    for (let i = 1; i <= 10; ++i) {
      await note();
      await all_heard(heard + i);
    }
    expect(await metric('annals_stream_looks_total')).toBe(before + 10);
  });
});
