// PostgreSQL that goes away, ends our sessions, has no room for more or keeps us waiting: requests
// are answered with 503 soon, and nothing that was acknowledged is lost or there twice.
// ANNALS_LONG=1 does it for longer.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from './support/client';
import { on_postgres } from './support/engine';
import { check, check_repeats, entries, insist, Load, pause } from './support/load';
import { Cluster, free_port, unprivileged, unprivileged_folder } from './support/postgres';
import { annals_bin, Server } from './support/server';
import { Follower } from './support/stream';
import { Studio } from './support/studio';

const long = Boolean(process.env.ANNALS_LONG);
const writers = 8;
// A second, and what the sanitizers and a busy machine add.
const refusal_ms_max = 2_000;
const recovery_ms_max = 10_000;

function slowest(ms: number[]): number {
  return Math.round(Math.max(0, ...ms));
}

describe.skipIf(!on_postgres)('PostgreSQL', () => {
  let cluster: Cluster;
  let studio: Studio;
  let owner: Client;
  let key: Client;
  let contacts: string[];

  beforeAll(async () => {
    cluster = await Cluster.start('max_connections=60');
    // As somebody without special rights, whose connections may be limited.
    cluster.psql('CREATE ROLE keeper LOGIN');
    studio = await Studio.found({ database: cluster.make_database('annals', 'keeper') });
    owner = studio.owner;
    key = await studio.key('admin');
    contacts = [];
    for (let i = 0; i < 4; ++i) contacts.push(await studio.person({ given_name: `Client ${i}` }));
  });
  afterAll(async () => {
    await studio?.server.stop();
    await cluster?.stop();
  });

  function under_load(load: Load, name: string, over: () => boolean): Promise<void>[] {
    return Array.from({ length: writers }, (_, w) =>
      insist(key, `${name}/${w}`, contacts[w % contacts.length]!, load, over),
    );
  }

  /** How long each of these takes to be answered with 503, and none with anything else. */
  async function refusals(requests: Promise<{ status: number; text: string }>[]): Promise<number> {
    const began = performance.now();
    const times: number[] = [];
    const expected = requests.map(async (request) => {
      const reply = await request;
      times.push(performance.now() - began);
      expect(reply.status, reply.text).toBe(503);
    });
    await Promise.all(expected);
    return slowest(times);
  }

  const note = (contact: string, more: object = {}) => ({
    json: { type: 'note', contact: { id: contact }, ...more },
  });
  const timeline = () => `/api/v1/contacts/${contacts[0]}/entries`;

  /** Some of each kind of request. */
  function one_of_each(client: Client) {
    return [
      client.request('GET', timeline()),
      client.request('GET', entries, { query: { q: 'Entry' } }),
      client.request('GET', '/api/v1/contacts', { query: { q: 'Client' } }),
      client.request('GET', '/api/v1/me'),
      client.request('GET', '/api/v1/stream'),
      client.request('POST', entries, note(contacts[1]!)),
      client.request('POST', '/api/v1/contacts', { json: { kind: 'person', given_name: 'N' } }),
      client.request('PATCH', `/api/v1/contacts/${contacts[2]}`, { json: { given_name: 'M' } }),
    ];
  }

  /** Waits until reads and writes are answered again; how long that took. */
  async function recovered(): Promise<number> {
    const began = Date.now();
    while (true) {
      const read = await owner.request('GET', timeline());
      const written = await owner.request('POST', entries, note(contacts[3]!));
      const ready = await owner.request('GET', '/readyz');
      if (read.status === 200 && written.status === 201 && ready.status === 200) break;
      if (Date.now() - began > recovery_ms_max) throw new Error(read.text + written.text);
      await pause(50);
    }
    return Date.now() - began;
  }

  const kills = long ? 25 : 5;
  test(`killed ${kills} times under load: 503 until back, then all is there once`, async () => {
    const load = new Load('killed');
    const follower = await Follower.open(key);
    let away_ms = 0;
    let back_ms = 0;
    for (let round = 0; round < kills; ++round) {
      let over = false;
      const running = under_load(load, `k${round}`, () => over);
      await load.more(1 + Math.floor(Math.random() * 60));
      await pause(Math.random() * 30);
      await cluster.kill();
      for (let i = 0; i < 3; ++i) {
        away_ms = Math.max(away_ms, await refusals(one_of_each(owner)));
      }
      expect((await owner.request('GET', '/readyz')).status).toBe(503);
      expect((await owner.request('GET', '/healthz')).status).toBe(200);
      await cluster.begin();
      back_ms = Math.max(back_ms, await recovered());
      await load.more(20);
      over = true;
      await Promise.all(running);
      await check(key, load);
    }
    await check_repeats(key, load);
    // Who followed is told of all that happened, once.
    const last = (await owner.post(entries, note(contacts[0]!).json)).id;
    await follower.until((e) => e.data.id === last);
    const told = follower.events.map((e) => e.data.id);
    expect(new Set(told).size).toBe(told.length);
    for (const id of load.acknowledged.values()) if (id) expect(told).toContain(id);
    follower.close();
    const refused_ms = Math.max(slowest(load.refused), away_ms);
    console.log(
      `${load.acknowledged.size} entries, ${load.refused.length} times 503, the slowest after ` +
        `${refused_ms} ms; back within ${back_ms} ms`,
    );
    expect(refused_ms).toBeLessThan(refusal_ms_max);
  }, 900_000);

  const seconds = long ? 10 : 3;
  const every_ms = long ? 1_000 : 200;
  test(`all sessions ended every ${every_ms} ms: 201 or 503, nothing lost or doubled`, async () => {
    const load = new Load('ended');
    const end = Date.now() + seconds * 1_000;
    const running = under_load(load, 't', () => Date.now() > end);
    const reads = Array.from({ length: 4 }, async () => {
      while (Date.now() < end) {
        const began = performance.now();
        const reply = await owner.request('GET', timeline());
        if (reply.status === 503) load.refused.push(performance.now() - began);
        else expect(reply.status, reply.text).toBe(200);
        await pause(5);
      }
    });
    const follower = await insist_on_following();
    let ended = 0;
    while (Date.now() < end) {
      ended += Number(
        cluster.psql(
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'annals'",
        ),
      );
      await pause(every_ms);
    }
    await Promise.all([...running, ...reads]);
    const back_ms = await recovered();
    await check(key, load);
    for (const id of load.acknowledged.values()) await follower.until((e) => e.data.id === id);
    follower.close();
    await check_repeats(key, load);
    console.log(
      `${ended} sessions ended, ${load.acknowledged.size} entries, ${load.refused.length} times ` +
        `503, the slowest after ${slowest(load.refused)} ms; back within ${back_ms} ms`,
    );
    expect(ended).toBeGreaterThan(writers);
    expect(slowest(load.refused)).toBeLessThan(refusal_ms_max);
  }, 120_000);

  async function insist_on_following(): Promise<Follower> {
    while (true) {
      try {
        return await Follower.open(key, '', { 'last-event-id': '0' });
      } catch (error) {
        if (!String(error).includes('503')) throw error;
        await pause(20);
      }
    }
  }

  const end_sessions = () =>
    cluster.psql(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'annals'",
    );

  test('no connection to be had: 503 soon, and fine when there is one', async () => {
    for (const limit of ['ROLE keeper', 'DATABASE annals']) {
      cluster.psql(`ALTER ${limit} CONNECTION LIMIT 0`);
      end_sessions();
      await pause(50);
      for (let i = 0; i < 2; ++i) {
        expect(await refusals(one_of_each(owner))).toBeLessThan(refusal_ms_max);
      }
      cluster.psql(`ALTER ${limit} CONNECTION LIMIT -1`);
      expect(await recovered()).toBeLessThan(recovery_ms_max);
    }
  });

  test('fewer connections than the pool would have are shared', async () => {
    cluster.psql('ALTER ROLE keeper CONNECTION LIMIT 4');
    try {
      end_sessions();
      await recovered();
      // As many as the few can serve within the time that a request waits for one.
      const requests = Array.from({ length: 20 }, (_, i) =>
        i % 2
          ? owner.request('GET', timeline())
          : owner.request('POST', entries, note(contacts[0]!)),
      );
      for (const reply of await Promise.all(requests)) {
        expect([200, 201], reply.text).toContain(reply.status);
      }
    } finally {
      cluster.psql('ALTER ROLE keeper CONNECTION LIMIT -1');
    }
  });

  test('behind a lock: 503 soon, others are answered, and fine when it is gone', async () => {
    for (const table of ['journal', 'timeline', 'turns', 'contacts']) {
      const release = await cluster.hold(
        `BEGIN; LOCK TABLE annals.${table} IN ACCESS EXCLUSIVE MODE`,
        'annals',
      );
      const began = performance.now();
      const times: number[] = [];
      const requests = Array.from({ length: 32 }, async (_, i) => {
        const write = owner.request('POST', entries, note(contacts[i % 4]!));
        const reply = await (i % 4 ? owner.request('GET', timeline()) : write);
        await write;
        times.push(performance.now() - began);
        expect([200, 201, 503], reply.text).toContain(reply.status);
      });
      await Promise.all(requests);
      // The pool is free again for those who wait for nothing.
      expect((await owner.request('GET', '/api/v1/me')).status).toBe(200);
      console.log(`behind ${table}: ${slowest(times)} ms`);
      expect(slowest(times), table).toBeLessThan(refusal_ms_max + 1_000);
      await release();
      expect(await recovered()).toBeLessThan(refusal_ms_max);
    }
  });

  /** Tells a server of its own to stop while it works, and what it waits for is away. */
  async function stop_while(gone: () => void | Promise<void>): Promise<number> {
    const server = await Server.start({ database: cluster.url('annals', 'keeper') });
    const client = new Client(server.url, key.credential);
    const load = new Load('stopped');
    const running = Array.from({ length: writers }, (_, w) =>
      insist(client, `${w}`, contacts[w % 4]!, load, () => false),
    );
    const settled = Promise.allSettled(running);
    await load.more(10);
    await gone();
    await pause(100);
    const began = Date.now();
    await server.stop();
    const stopped_ms = Date.now() - began;
    await settled;
    return stopped_ms;
  }
  const stop_ms_max = 10_000;

  test('the server stops while PostgreSQL is away', async () => {
    const stopped_ms = await stop_while(() => cluster.kill());
    await cluster.begin();
    await recovered();
    expect(stopped_ms).toBeLessThan(stop_ms_max);
  });

  test('PostgreSQL that does not answer any more: 503, and the server stops', async () => {
    const stopped_ms = await stop_while(() => cluster.freeze());
    const slowest_ms = await refusals(one_of_each(owner));
    cluster.thaw();
    await recovered();
    console.log(`stopped after ${stopped_ms} ms, refused after ${slowest_ms} ms`);
    expect(stopped_ms).toBeLessThan(stop_ms_max);
    expect(slowest_ms).toBeLessThan(2 * refusal_ms_max);
  });
});

describe.skipIf(!on_postgres)('a database that is no good', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start('fsync=off'); // nothing is cut off here
    cluster.psql("CREATE ROLE guest LOGIN; CREATE ROLE locked LOGIN PASSWORD 'right'");
    cluster.admit('host all locked 127.0.0.1/32 scram-sha-256');
  });
  afterAll(async () => cluster?.stop());

  /** `annals serve` on this database, which does not start. */
  function refused(url: string): { code: number | null; lines: string[] } {
    const args = ['serve', '--database', url, '--listen', '127.0.0.1:0'];
    const run = spawnSync(annals_bin(), args, { encoding: 'utf8', timeout: 30_000 });
    expect(run.stdout).toBe('');
    return { code: run.status, lines: run.stderr.trim().split('\n') };
  }

  /** The tables, views and functions of a database, with how many rows each table has. */
  function everything(name: string): string {
    const tables = cluster
      .psql("SELECT schemaname || '.' || tablename FROM pg_tables ORDER BY 1", name)
      .split('\n')
      .filter((table) => !/^(pg_catalog|information_schema)\./.test(table));
    const counts = tables.map((table) => cluster.psql(`SELECT count(*) FROM ${table}`, name));
    const schemas = cluster.psql('SELECT nspname FROM pg_namespace ORDER BY 1', name);
    return JSON.stringify([schemas, tables, counts]);
  }

  async function migrated(name: string): Promise<string> {
    const url = cluster.make_database(name);
    await (await Server.start({ database: url })).stop();
    return url;
  }

  interface Bad {
    name: string;
    make: () => string | Promise<string>; // its address
    says: RegExp;
  }

  const table: Bad[] = [
    {
      name: 'unreachable',
      make: async () => `postgresql://annals@127.0.0.1:${await free_port()}/unreachable`,
      says: /No database server answers .*--database/,
    },
    {
      name: 'missing',
      make: () => cluster.url('missing'),
      says: /refused: database "missing" does not exist/,
    },
    {
      name: 'no_role',
      make: () => (cluster.make_database('no_role'), cluster.url('no_role', 'nobody')),
      says: /refused: role "nobody" does not exist/,
    },
    {
      name: 'wrong_password',
      make: () => (
        cluster.make_database('wrong_password'),
        cluster.url('wrong_password', 'locked:wr0ng')
      ),
      says: /refused: password authentication failed for user "locked"/,
    },
    {
      name: 'no_password',
      make: () => (cluster.make_database('no_password'), cluster.url('no_password', 'locked')),
      says: /refused: no password supplied/,
    },
    {
      name: 'no_rights',
      make: () => (cluster.make_database('no_rights'), cluster.url('no_rights', 'guest')),
      says: /may not make or use the schema "annals".*GRANT CREATE ON DATABASE/,
    },
    {
      name: 'latin',
      make: () => {
        cluster.psql(
          "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
        );
        return cluster.url('latin');
      },
      says: /encoded in LATIN1.*ENCODING 'UTF8'/,
    },
    {
      name: 'not_ours',
      make: () => {
        const url = cluster.make_database('not_ours');
        cluster.psql('CREATE SCHEMA annals; CREATE TABLE annals.theirs (x int)', 'not_ours');
        return url;
      },
      says: /belongs to another program/,
    },
    {
      name: 'newer',
      make: async () => {
        const url = await migrated('newer');
        cluster.psql('INSERT INTO annals.schema_version VALUES (9999)', 'newer');
        return url;
      },
      says: /schema 9999, newer than this program's \d+; upgrade annals/,
    },
    {
      name: 'half_migrated',
      make: async () => {
        const url = await migrated('half_migrated');
        cluster.psql('DROP TABLE annals.tally', 'half_migrated');
        return url;
      },
      says: /lacks the table annals\.tally: it is half migrated/,
    },
    {
      name: 'crowded',
      make: () => {
        const url = cluster.make_database('crowded', 'guest');
        cluster.psql('ALTER DATABASE crowded CONNECTION LIMIT 0');
        return url;
      },
      says: /too many connections/,
    },
  ];

  test.each(table)('$name: code 78, one line that says why, nothing written', async (bad) => {
    const url = await bad.make();
    const there = cluster.psql(`SELECT 1 FROM pg_database WHERE datname = '${bad.name}'`) === '1';
    const before = there && everything(bad.name);
    const { code, lines } = refused(url);
    expect(lines.length, lines.join('\n')).toBe(1);
    expect(lines[0]).toMatch(/^annals: /);
    expect(lines[0]).toMatch(bad.says);
    expect(lines[0]).not.toContain('wr0ng');
    expect(code).toBe(78);
    if (there) expect(everything(bad.name)).toBe(before);
  });

  const modes = ['transaction', 'session'].flatMap((mode) => [
    { mode, more: '' },
    { mode, more: 'ignore_startup_parameters = options' },
  ]);
  test.each(modes)(
    'behind pgbouncer, $mode mode, $more',
    async ({ mode, more }) => {
      const name = `bouncer_${modes.findIndex((m) => m.mode === mode && m.more === more)}`;
      cluster.make_database(name);
      const before = everything(name);
      const folder = unprivileged_folder();
      const port = await free_port();
      const file = join(folder, 'pgbouncer.ini');
      const users = join(folder, 'users.txt');
      writeFileSync(users, '"annals" ""\n');
      writeFileSync(
        file,
        `[databases]
* = host=127.0.0.1 port=${cluster.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = trust
auth_file = ${users}
pool_mode = ${mode}
unix_socket_dir =
${more}
`,
      );
      const { uid, gid } = unprivileged();
      if (uid !== undefined) for (const one of [file, users]) chownSync(one, uid, gid!);
      const bouncer = spawn('/usr/sbin/pgbouncer', ['-q', file], { stdio: 'ignore', uid, gid });
      const ended = new Promise((done) => bouncer.on('close', done));
      const through = `postgresql://annals@127.0.0.1:${port}/${name}`;
      try {
        for (let tries = 0; ; ++tries) {
          const probe = spawnSync('psql', ['-X', '-d', through, '-c', 'SELECT 1']);
          if (probe.status === 0) break;
          expect(tries, String(probe.stderr)).toBeLessThan(200);
          await pause(20);
        }
        const { code, lines } = refused(through);
        expect(lines.length, lines.join('\n')).toBe(1);
        expect(lines[0]).toMatch(/connection pooler stands between.*address of PostgreSQL itself/);
        expect(code).toBe(78);
      } finally {
        bouncer.kill('SIGKILL');
        await ended;
        rmSync(folder, { recursive: true, force: true });
      }
      expect(everything(name)).toBe(before);
    },
  );
});
