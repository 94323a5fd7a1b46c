// Clients that are slow on purpose, as slowhttptest plays them: each is closed at its deadline of
// 10 s, and others notice nothing.
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entries } from './support/load';
import { temp_folder } from './support/server';
import { Studio } from './support/studio';

const slow_clients = 100;
const new_each_second = 25; // all at once would be a load for which others are refused too
const given_up_seconds = 25; // by slowhttptest: the server has to be first

let studio: Studio;
let anna: string;
let attachment: string;

beforeAll(async () => {
  studio = await Studio.found();
  anna = await studio.person();
  attachment = await studio.owner.upload('long.txt', 'All that was said.\n'.repeat(20_000));
});
afterAll(async () => studio?.server.stop());

interface Outcome {
  exit_status: string;
  available: boolean[]; // each second, to a client of slowhttptest's own
}

/** slowhttptest with these arguments, to its end. */
function slow(path: string, ...args: string[]): Promise<Outcome> {
  const folder = temp_folder();
  const all = ['-c', slow_clients, '-r', new_each_second, '-l', given_up_seconds, ...args];
  const report = ['-u', studio.server.url + path, '-g', '-o', join(folder, 'report')];
  return new Promise((done, failed) => {
    execFile('slowhttptest', [...all.map(String), ...report], (error, output) => {
      if (error) return failed(error);
      const lines = readFileSync(join(folder, 'report.csv'), 'utf8').trim().split('\n').slice(1);
      rmSync(folder, { recursive: true });
      const plain = output.replace(/\x1b\[[\d;]*m/g, '');
      done({
        exit_status: /Exit status: (.*)/.exec(plain)![1]!.trim(),
        available: lines.map((line) => Number(line.split(',')[4]) > 0),
      });
    });
  });
}

async function connections(): Promise<number> {
  const { text } = await studio.anyone.request('GET', '/metrics');
  return Number(/^annals_http_connections (\S+)/m.exec(text)![1]);
}

/** What others do meanwhile: each request is answered as always. */
async function others(over: () => boolean): Promise<number[]> {
  const open: number[] = [];
  while (!over()) {
    const { id } = await studio.owner.post(entries, { type: 'note', contact: { id: anna } });
    expect((await studio.owner.get(`${entries}/${id}`)).id).toBe(id);
    open.push(await connections());
  }
  return open;
}

async function check(outcome: Promise<Outcome>): Promise<Outcome> {
  let over = false;
  const [open, ended] = await Promise.all([
    others(() => over),
    outcome.finally(() => (over = true)),
  ]);
  // The slow ones were all there, and were gone before slowhttptest ended.
  expect(Math.max(...open)).toBeGreaterThanOrEqual(slow_clients);
  expect(open.at(-1)).toBeLessThan(slow_clients / 10);
  expect(ended.available).not.toContain(false);
  return ended;
}

describe('clients that are slow', () => {
  test('with their header', async () => {
    const { exit_status } = await check(slow('/api/v1/me', '-H', '-i', '2', '-x', '10'));
    expect(exit_status).toBe('No open connections left');
  });

  test('with a body that may be long', async () => {
    const args = ['-B', '-i', '2', '-x', '10', '-s', '4096', '-f', 'application/json'];
    const { exit_status } = await check(slow(entries, ...args));
    expect(exit_status).toBe('No open connections left');
  });

  // slowhttptest takes a connection that was reset for one that is still open.
  test('with taking the reply', async () => {
    const args = ['-X', '-n', '3', '-z', '32', '-w', '512', '-y', '1024'];
    const cookie = ['-j', studio.owner.credential.cookie!];
    await check(slow(`/api/v1/attachments/${attachment}`, ...args, ...cookie));
  });
});
