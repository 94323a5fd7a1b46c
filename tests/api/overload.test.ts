// More to do than can be done: refusals are told as such, and what is answered is right.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entries } from './support/load';
import { release_bin, Server } from './support/server';
import { Studio } from './support/studio';

interface Answer {
  status: number;
  retry_after?: string;
}

/** One connection that sends a request and, when it is answered, the next. */
class Line {
  readonly answers: Answer[] = [];
  #socket: Socket;
  #received = '';
  #done!: () => void;
  readonly done = new Promise<void>((resolve) => (this.#done = resolve));

  constructor(
    url: string,
    readonly next: () => string | undefined,
  ) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname, () => this.#send());
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (piece) => this.#take(piece.toString('latin1')));
    this.#socket.on('close', () => this.#done());
    this.#socket.on('error', () => this.#done());
  }

  #send(): void {
    const request = this.next();
    if (request === undefined) this.#socket.end();
    else this.#socket.write(request);
  }

  #take(piece: string): void {
    this.#received += piece;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)![1]);
    if (this.#received.length < head + 4 + length) return;
    this.answers.push({
      status: Number(this.#received.slice(9, 12)),
      retry_after: /retry-after: (\d+)/i.exec(this.#received)?.[1],
    });
    this.#received = this.#received.slice(head + 4 + length);
    this.#send();
  }
}

/** Requests of line `line` that each add an entry to a contact. */
function posting(
  to: { contact: string; key: string; line: string | number; text?: string },
  requests: number,
): () => string | undefined {
  let sent = 0;
  return () => {
    if (sent === requests) return undefined;
    const body = JSON.stringify({
      type: 'note',
      contact: { id: to.contact },
      source: 'flood',
      source_id: `${to.line}/${sent++}`,
      text: to.text,
    });
    return (
      `POST ${entries} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${to.key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    );
  };
}

describe('a server with two handlers', () => {
  let studio: Studio;
  let anna: string;

  beforeAll(async () => {
    studio = await Studio.found({ env: { ANNALS_THREADS: '2', ANNALS_QUEUE_WAIT: '250' } });
    anna = await studio.person();
  });
  afterAll(async () => studio?.server.stop());

  test('refuses what it cannot do in time, with Retry-After, and does what it says', async () => {
    const key = (await studio.key('admin')).credential.key!;
    const lines = Array.from(
      { length: 600 },
      (_, line) => new Line(studio.server.url, posting({ contact: anna, key, line }, 4)),
    );
    let healthy = 0;
    let over = false;
    const watch = (async () => {
      while (!over) {
        await studio.anyone.get('/healthz');
        await studio.anyone.get('/readyz');
        await studio.anyone.request('GET', '/metrics');
        ++healthy;
      }
    })();
    await Promise.all(lines.map((line) => line.done));
    over = true;
    await watch;
    expect(healthy).toBeGreaterThan(0);
    const answers = lines.flatMap((line) => line.answers);
    expect(answers.length).toBe(2_400);
    const stored = answers.filter((a) => a.status === 201);
    const refused = answers.filter((a) => a.status === 503);
    expect(stored.length).toBeGreaterThan(50);
    expect(refused.length).toBeGreaterThan(50);
    expect(stored.length + refused.length).toBe(answers.length);
    for (const answer of refused) expect(answer.retry_after).toBe('1');
    // Nothing of what was refused was stored, and all of what was acknowledged was.
    const all = await studio.owner.all(entries, { type: 'note', limit: 200 });
    expect(all.length).toBe(stored.length);
    const metrics = (await studio.anyone.request('GET', '/metrics')).text;
    const counted = /^annals_http_queue_refusals_total (\S+)/m.exec(metrics)![1];
    expect(Number(counted)).toBe(refused.length);
    // The log has heard of it, and not once for each.
    const logged = studio.server.log.match(/more to do than can be done/g) ?? [];
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.length).toBeLessThan(refused.length / 10);
  }, 120_000);
});

// What users run: the sanitizers' own memory would hide the server's.
test.skipIf(!release_bin())('memory does not grow with what is refused', async () => {
  const studio = await Studio.found({
    env: { ANNALS_THREADS: '2', ANNALS_QUEUE_WAIT: '250' },
    bin: release_bin(),
  });
  const contact = await studio.person();
  const key = (await studio.key('admin')).credential.key!;
  const text = 'All that was said. '.repeat(2_500); // 47 KB, which is read before it is refused
  const peak_kib = () => {
    const status = readFileSync(`/proc/${studio.server.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]);
  };
  const peaks: number[] = [];
  let refused = 0;
  for (let round = 0; round < 4; ++round) {
    const lines = Array.from({ length: 500 }, (_, i) => {
      const line = `${round}/${i}`;
      return new Line(studio.server.url, posting({ contact, key, line, text }, 4));
    });
    await Promise.all(lines.map((line) => line.done));
    refused += lines.flatMap((line) => line.answers).filter((a) => a.status === 503).length;
    peaks.push(peak_kib());
  }
  console.log(`peaks of resident memory: ${peaks.join(', ')} KiB; ${refused} refused`);
  expect(refused).toBeGreaterThan(1_000);
  expect(Math.max(...peaks)).toBeLessThan(300 * 1024);
  // 47 KB of each that was refused in the later rounds would be more.
  expect(peaks.at(-1)! - peaks[0]!).toBeLessThan((refused / 4) * 47);
  await studio.server.stop();
});

// fetch() would take a connection that it kept, and that the server may be ending.
function status_on_new_connection(url: string): Promise<number> {
  return new Promise((done, failed) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode!));
    }).on('error', failed);
  });
}

test('who may open few files is told so, and takes fewer connections', async () => {
  const few = await Server.start({ limits: ['--nofile=700:700'] });
  expect(few.log).toMatch(/the limit of open files allows fewer connections/);
  expect(few.log).toMatch(/"open_files":700,"wanted":12512,"connections":350/);
  // More than there is room for: those that wait make way for who asks.
  const idle = Array.from({ length: 600 }, () => connect(Number(new URL(few.url).port)));
  await Promise.all(idle.map((socket) => new Promise((done) => socket.on('connect', done))));
  for (const socket of idle) socket.on('error', () => {});
  for (let answered = 0; answered < 20;) {
    const status = await status_on_new_connection(few.url + '/healthz');
    expect([200, 503]).toContain(status);
    if (status === 200) ++answered;
  }
  for (const socket of idle) socket.destroy();
  await few.stop();
});
