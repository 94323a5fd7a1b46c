// What happens after a checkpoint: an authority stamps it, and a webhook is told of it. Neither may
// delay or fail a signature, whatever they answer.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, Authority, body_of, listen } from './support/authority';
import { Desk, fetch_bundle, verify_bundle } from './support/bundle';
import { drop_database, on_postgres, place } from './support/engine';
import { annals_bin, Server, temp_folder } from './support/server';
import { pause } from './support/load';
import { Studio } from './support/studio';

const patience_ms = 60_000;

async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + patience_ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error('it never came');
    await pause(20);
  }
}

interface Post {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Who is told of checkpoints. */
class Receiver {
  posts: Post[] = [];
  statuses: number[] = []; // of the next replies; then 204
  silent = false;
  url = '';
  readonly server = createServer(async (request, response) => {
    const post = { headers: request.headers, body: await body_of(request) };
    if (this.silent) return; // until somebody hangs up
    const status = this.statuses.shift() ?? 204;
    if (status === 204) this.posts.push(post);
    response.writeHead(status).end();
  });

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.url = await listen(receiver.server);
    return receiver;
  }
  of(type: string): Post[] {
    return this.posts.filter((post) => post.headers['content-type']!.startsWith(type));
  }
  hang_up(): void {
    this.server.closeAllConnections();
  }
  async stop(): Promise<void> {
    this.hang_up();
    await new Promise((done) => this.server.close(done));
  }
}

let authority: Authority;
let receiver: Receiver;
let studio: Studio;
let anna: string;
let business: string;
const folder = mkdtempSync(join(tmpdir(), 'annals-checkpoints-'));
const desk = new Desk();

beforeAll(async () => {
  authority = await Authority.start();
  receiver = await Receiver.start();
  studio = await Studio.found({
    env: {
      ANNALS_TIMESTAMP_AUTHORITY: authority.url,
      ANNALS_CHECKPOINT_WEBHOOK: receiver.url,
      ANNALS_CHECKPOINTS: folder,
    },
  });
  anna = await studio.person();
  business = (await studio.owner.get('/api/v1/me')).business.id;
});
afterAll(async () => {
  await studio?.server.stop();
  await authority?.stop();
  await receiver?.stop();
  rmSync(folder, { recursive: true });
  desk.clear();
});
afterEach(() => {
  authority.answer = 'good';
});

const checkpoint = (): Promise<any> =>
  studio.owner
    .request('GET', '/api/v1/ledger/checkpoint', { headers: { accept: 'application/json' } })
    .then((reply) => {
      expect(reply.status, reply.text).toBe(200);
      return reply.body;
    });

/** A checkpoint that is another than the last. */
async function grow(): Promise<any> {
  await studio.owner.post('/api/v1/entries', { type: 'note', contact: { id: anna } });
  return checkpoint();
}

const stamped = (size: number) =>
  eventually(async () => {
    const now = await checkpoint();
    return now.size === size && now.stamp ? now : undefined;
  });

const file = (size: number, suffix: string) => join(folder, business, `1-${size}${suffix}`);

function openssl_verifies(note: string, stamp: string, ca = authority.ca): void {
  const args = ['ts', '-verify', '-in', stamp, '-data', note, '-CAfile', ca];
  const said = execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
  expect(said).toContain('Verification: OK');
}

describe('an authority', () => {
  test('stamps each checkpoint, as openssl verifies', async () => {
    const began = Date.now() - 2_000;
    const made = await grow();
    const { checkpoint: note, stamp, last_stamped } = await stamped(made.size);
    expect(note).toBe(made.checkpoint);
    expect(last_stamped).toMatchObject({ checkpoint: note, size: made.size, stamp });
    expect(Date.parse(stamp.time)).toBeGreaterThan(began);
    const response = Buffer.from(stamp.response, 'base64');
    await eventually(() => existsSync(file(made.size, '.tsr')));
    expect(readFileSync(file(made.size, '.tsr'))).toEqual(response);
    expect(readFileSync(file(made.size, '.note'), 'utf8')).toBe(note);
    openssl_verifies(file(made.size, '.note'), file(made.size, '.tsr'));
    const other = desk.write('other.note', note.replace('annals/', 'annals-'));
    expect(() => openssl_verifies(other, file(made.size, '.tsr'))).toThrow();
    // Each: also one that others came after.
    const sizes = [(await grow()).size, (await grow()).size];
    for (const size of sizes) {
      await eventually(() => existsSync(file(size, '.tsr')));
      openssl_verifies(file(size, '.note'), file(size, '.tsr'));
    }
  });

  test.each<Answer>([
    'wrong imprint', 'wrong nonce', 'rejection', 'garbage', 'huge', 'silence', 'status 500',
    'redirection',
  ])('that answers with a %s is asked again, and delays nothing', async (answer) => {
    await stamped((await checkpoint()).size);
    authority.answer = answer;
    const asked = authority.asked;
    const first = await grow();
    await eventually(() => authority.asked > asked);
    // It is signed all the same, while the authority is at it and after.
    const second = await grow();
    expect(second.size).toBe(first.size + 1);
    if (answer !== 'silence') await eventually(() => authority.asked > asked + 1);
    expect((await checkpoint()).stamp).toBe(null);
    for (const { size } of [first, second]) expect(existsSync(file(size, '.tsr'))).toBe(false);
    authority.answer = 'good';
    await stamped(second.size);
    await eventually(() => existsSync(file(first.size, '.tsr')));
    openssl_verifies(file(first.size, '.note'), file(first.size, '.tsr'));
  });

  test('that does not answer well is told in the log once, and that it does again', async () => {
    const lines = (what: string) =>
      studio.server.log.split('\n').filter((l) => l.includes(what) && l.includes('time stamps'));
    await stamped((await checkpoint()).size);
    const [bad, good] = [lines('is tried again').length, lines('works again').length];
    authority.answer = 'status 500';
    const asked = authority.asked;
    const made = await grow();
    await eventually(() => authority.asked >= asked + 3);
    expect(lines('is tried again').length).toBe(bad + 1);
    expect(lines('is tried again').at(-1)).toContain('It answers 500.');
    authority.answer = 'good';
    await stamped(made.size);
    await eventually(() => lines('works again').length === good + 1);
  });

  test('stamps after a restart what it had not stamped before', async () => {
    authority.answer = 'silence';
    const asked = authority.asked;
    const made = await grow();
    await eventually(() => authority.asked > asked);
    await studio.server.kill();
    authority.answer = 'good';
    await studio.server.restart();
    for (const member of Object.values(studio.members)) {
      Object.assign(member.client, { url: studio.server.url });
    }
    await stamped(made.size);
    openssl_verifies(file(made.size, '.note'), file(made.size, '.tsr'));
  });
});

describe('annals verify', () => {
  function verified(data: string, ...more: string[]) {
    const args = ['--log-level', 'error', 'verify', ...place(data), ...more];
    const done = spawnSync(annals_bin(), args, { encoding: 'utf8' });
    return { code: done.status, text: done.stdout + done.stderr };
  }
  test('checks the stamps, and whose they are', async () => {
    const data = temp_folder();
    const own = await Studio.found({ data, env: { ANNALS_TIMESTAMP_AUTHORITY: authority.url } });
    const json = { headers: { accept: 'application/json' } };
    await eventually(async () => {
      const reply = await own.owner.request('GET', '/api/v1/ledger/checkpoint', json);
      return reply.body.stamp ?? undefined;
    });
    await own.server.stop();
    const sound = verified(data, '--tsa-ca', authority.ca);
    expect(sound.text).toContain('1 time stamps hold');
    expect(sound.code).toBe(10);
    const stranger = await Authority.start();
    const foreign = verified(data, '--tsa-ca', stranger.ca);
    await stranger.stop();
    expect(foreign.text).toContain('the authorities that were given did not sign it');
    expect(foreign.code).toBe(40);
    for (const none of [join(data, 'nowhere'), join(data, 'annals.db')]) {
      expect(verified(data, '--tsa-ca', none).code, none).toBe(64);
    }
    if (on_postgres) drop_database(data);
    rmSync(data, { recursive: true, force: true });
  });
});

test('a server that stops does not wait for an authority that is silent', async () => {
  authority.answer = 'silence';
  const other = await Studio.found({ env: { ANNALS_TIMESTAMP_AUTHORITY: authority.url } });
  const asked = authority.asked;
  await other.owner.request('GET', '/api/v1/ledger/checkpoint');
  await eventually(() => authority.asked > asked);
  await other.server.stop();
});

test('an address that is none is told at start', async () => {
  for (const [name, value] of [
    ['ANNALS_TIMESTAMP_AUTHORITY', 'tsa.example'],
    ['ANNALS_CHECKPOINT_WEBHOOK', 'file:///etc/passwd'],
  ]) {
    const started = Server.start({ env: { [name!]: value! } });
    await expect(started).rejects.toThrow(/ended with 78[^]*must be an address/);
  }
});

describe('a webhook', () => {
  const told = (size: number) =>
    eventually(() =>
      receiver.of('text/plain').find((post) => post.body.toString().split('\n')[1] === `${size}`),
    );

  test('is told of each checkpoint, and of its stamp', async () => {
    const made = await grow();
    const post = await told(made.size);
    expect(post.body.toString()).toBe(made.checkpoint);
    expect(post.headers['annals-checkpoint']).toBe(`annals/${business} ${made.size}`);
    const imprint = createHash('sha256').update(made.checkpoint).digest();
    const stamp = await eventually(() =>
      receiver.of('application/timestamp-reply').find(({ body }) => body.includes(imprint)),
    );
    expect(stamp.headers['annals-checkpoint']).toBe(`annals/${business} ${made.size}`);
    openssl_verifies(desk.write('told.note', post.body), desk.write('told.tsr', stamp.body));
  });

  test('that refuses is told again, and delays nothing', async () => {
    receiver.statuses = [500, 404, 302];
    const first = await grow();
    const second = await grow();
    await told(first.size);
    await told(second.size);
    const of_first = receiver
      .of('text/plain')
      .filter((post) => post.body.toString() === first.checkpoint);
    expect(of_first.length).toBe(1);
  });

  test('that is silent delays nothing', async () => {
    receiver.silent = true;
    const first = await grow();
    const second = await grow();
    expect(second.size).toBe(first.size + 1);
    await stamped(second.size);
    receiver.silent = false;
    receiver.hang_up();
    await told(second.size);
    await told(first.size);
  });
});

describe('an evidence bundle', () => {
  test('holds the stamps that tell when its entries were there', async () => {
    const bert = await studio.person({ given_name: 'Bert' });
    const note = { type: 'note', contact: { id: bert } };
    await studio.owner.post('/api/v1/entries', note);
    const first = await stamped((await checkpoint()).size);
    const later = await stamped((await grow()).size);
    await grow();
    const zip = desk.bundle(await fetch_bundle(studio.owner, { contact: bert }));
    const said = verify_bundle(zip, '--tsa-ca', authority.ca);
    expect(said, said.out + said.err).toMatchObject({ code: 10, err: '' });
    const lines = said.out.split('\n').filter((line) => line.startsWith('stamped'));
    expect(lines[0]).toContain(`the first ${first.size} leaves were there; an authority that was`);
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(verify_bundle(zip).out).toContain('whose signature that is tells --tsa-ca FILE');
    const members = desk.unpack(zip);
    expect(members.get(`stamps/${first.size}.note`)!.toString()).toBe(first.checkpoint);
    expect(members.get(`stamps/${first.size}.tsr`)!.toString('base64')).toBe(first.stamp.response);
    expect(later.size).toBeGreaterThan(first.size);
    const page = members.get('index.html')!.toString();
    expect(page).toContain(`<tr><td>${first.size}</td><td>`);
    const other = await Authority.start();
    expect(verify_bundle(zip, '--tsa-ca', other.ca).code).toBe(40);
    expect(verify_bundle(zip, '--tsa-ca', desk.write('none.pem', 'none')).code).toBe(64);
    await other.stop();
  });
});

test('the flags stand in the help', () => {
  const help = execFileSync(annals_bin(), ['serve', '--help'], { encoding: 'utf8' });
  expect(help).toContain('--timestamp-authority');
  expect(help).toContain('ANNALS_CHECKPOINT_WEBHOOK');
});
