// Several server processes on one PostgreSQL database are one product: whatever is done at one of
// them holds at the other when the reply is there. ANNALS_LONG=1 kills 25 times instead of 5.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from './support/client';
import { on_postgres, place } from './support/engine';
import {
  check,
  check_numbers,
  check_repeats,
  entries,
  Load,
  pause,
  settings_leaves,
  write,
} from './support/load';
import { Fault } from './support/disk';
import { errors_of } from './support/scenario';
import { annals_bin, Server } from './support/server';
import { Follower } from './support/stream';
import { Studio } from './support/studio';
import { may_trace } from './support/trace';

describe.skipIf(!on_postgres)('two servers on one database', () => {
  let studio: Studio; // on the one server
  let other: Server;
  let owner: Client;

  /** The caller at the other server. */
  const there = (client: Client) => new Client(other.url, client.credential);
  const both = (client: Client) => [client, there(client)] as const;

  beforeAll(async () => {
    studio = await Studio.staffed();
    owner = studio.owner;
    other = await Server.start({ data: studio.server.data });
  });
  afterAll(async () => {
    await other?.stop();
    await studio?.server.stop();
  });

  async function note(client: Client, contact: string, more: object = {}): Promise<any> {
    return client.post(entries, { type: 'note', contact: { id: contact }, ...more });
  }
  const timeline = (client: Client, contact: string) =>
    client.all(`/api/v1/contacts/${contact}/entries`, { limit: 200 });

  const notes = (client: Client, contact: string) =>
    client.all(`/api/v1/contacts/${contact}/entries`, { type: 'note' });

  describe('the history', () => {
    test('an entry made at either is read at the other right after', async () => {
      const anna = await studio.person();
      for (let i = 0; i < 20; ++i) {
        const [one, two] = i % 2 ? both(owner) : [...both(owner)].reverse();
        const { id } = await note(one!, anna, { text: `reticulated ${i}` });
        const read = await timeline(two!, anna);
        expect(read[0].id).toBe(id);
        expect(read).toEqual(await timeline(one!, anna));
        expect((await two!.get(entries, { q: `reticulated ${i}` })).items[0].id).toBe(id);
      }
      check_numbers(await owner.all(entries, { limit: 200 }), await settings_leaves(owner));
    });

    test('writes of both at once to the same contacts leave no gap and lose nothing', async () => {
      const contacts = [await studio.person(), await studio.person()];
      const load = new Load();
      const end = Date.now() + 2_000;
      await Promise.all(
        Array.from({ length: 16 }, (_, w) =>
          write(
            both(owner)[w % 2]!,
            `b/${w}`,
            contacts[(w >> 1) % 2]!,
            load,
            () => Date.now() > end,
          ),
        ),
      );
      expect(load.acknowledged.size).toBeGreaterThan(16);
      const all = await owner.all(entries, { limit: 200 });
      check_numbers(all, await settings_leaves(owner));
      const found = new Map(all.map((e) => [e.origin.source_id, e.id]));
      for (const [source_id, id] of load.acknowledged) expect(found.get(source_id)).toBe(id);
      for (const contact of contacts) {
        expect(await timeline(there(owner), contact)).toEqual(await timeline(owner, contact));
      }
      await check_repeats(there(owner), load);
    });

    test('large arrays at both at once are taken, one after the other', async () => {
      const anna = await studio.person();
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, w) =>
          both(owner)[w % 2]!.post(
            entries,
            Array.from({ length: 500 }, (_, i) => ({
              type: 'note',
              contact: { id: anna },
              text: `${w} ${i}`,
            })),
          ),
        ),
      );
      expect(made.flatMap((m) => m.items).length).toBe(4_000);
      check_numbers(await there(owner).all(entries, { limit: 200 }), await settings_leaves(owner));
    });

    test('a contact and its merge made at one are there at the other', async () => {
      const anna = await studio.person({ emails: [{ address: 'anna@two.example' }] });
      const double = (
        await there(owner).post('/api/v1/contacts', { kind: 'person', given_name: 'Anne' })
      ).id;
      const by_email = { type: 'note', contact: { email: 'anna@two.example' } };
      expect((await there(owner).post(entries, by_email)).contact_id).toBe(anna);
      await note(owner, double);
      await there(owner).post(`/api/v1/contacts/${double}/merge`, { into: anna }, 200);
      expect((await owner.get(`/api/v1/contacts/${double}`)).merged_into).toBe(anna);
      expect(await timeline(owner, anna)).toEqual(await timeline(there(owner), anna));
    });

    test('a file kept by one is served by the other', async () => {
      const id = await owner.upload('a.txt', 'kept once');
      await note(there(owner), await studio.person(), { attachments: [id] });
      const reply = await there(owner).request('GET', `/api/v1/attachments/${id}`);
      expect([reply.status, reply.text]).toEqual([200, 'kept once']);
    });
  });

  describe('each once', () => {
    test('the same draft at both at once is one entry', async () => {
      const anna = await studio.person();
      for (let i = 0; i < 25; ++i) {
        const json = {
          type: 'note',
          contact: { id: anna },
          source: 'till',
          source_id: `same ${i}`,
          text: 'the same',
        };
        const replies = await Promise.all(
          [...both(owner), ...both(owner)].map((c) => c.request('POST', entries, { json })),
        );
        expect(replies.map((r) => r.status).sort()).toEqual([200, 200, 200, 201]);
        expect(new Set(replies.map((r) => r.body.id)).size).toBe(1);
        expect(replies.map((r) => r.body.status).sort()).toEqual([
          'created',
          'duplicate',
          'duplicate',
          'duplicate',
        ]);
      }
      expect((await notes(owner, anna)).length).toBe(25);
    });

    test('another draft under the same key is a conflict at the other too', async () => {
      const anna = await studio.person();
      for (let i = 0; i < 25; ++i) {
        const draft = (text: string) => ({
          json: {
            type: 'note',
            contact: { id: anna },
            source: 'till',
            source_id: `other ${i}`,
            text,
          },
        });
        const replies = await Promise.all(
          both(owner).map((c, n) => c.request('POST', entries, draft(`draft ${n}`))),
        );
        expect(replies.map((r) => r.status).sort()).toEqual([201, 409]);
        const conflict = replies.find((r) => r.status === 409)!;
        expect(errors_of(conflict)[0]).toContain('idempotency_conflict');
      }
      expect((await notes(owner, anna)).length).toBe(25);
    });

    test('the same client number at both at once is taken once', async () => {
      for (let i = 0; i < 10; ++i) {
        const json = { kind: 'person', given_name: 'Nora', client_number: `N-${i}` };
        const replies = await Promise.all(
          both(owner).map((c) => c.request('POST', '/api/v1/contacts', { json })),
        );
        expect(replies.map((r) => r.status).sort()).toEqual([201, 409]);
      }
    });

    test('an Idempotency-Key gives the first reply again at the other', async () => {
      const ask = (client: Client, name: string, key: string) =>
        client.request('POST', '/api/v1/contacts', {
          json: { kind: 'person', given_name: name },
          headers: { 'idempotency-key': key },
        });
      const first = await ask(owner, 'Ida', 'two servers');
      const again = await ask(there(owner), 'Ida', 'two servers');
      expect([again.status, again.body]).toEqual([first.status, first.body]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      const otto = await ask(there(owner), 'Otto', 'two servers');
      expect(errors_of(otto)).toEqual(['Idempotency-Key idempotency_conflict']);
      for (let i = 0; i < 10; ++i) {
        const key = randomUUID();
        const replies = await Promise.all(both(owner).map((c) => ask(c, 'Ina', key)));
        for (const reply of replies) expect(reply.status, reply.text).toBe(201);
        expect(replies[0]!.body.id).toBe(replies[1]!.body.id);
      }
    });
  });

  describe('who may do what', () => {
    test('a session opened at one is good at the other, and ends at both', async () => {
      const staff = await studio.sign_in('staff@nord.example');
      for (let i = 0; i < 3; ++i) for (const c of both(staff)) await c.get('/api/v1/me');
      await there(staff).must(204, 'DELETE', '/api/v1/session');
      for (const client of both(staff)) {
        expect((await client.request('GET', '/api/v1/me')).status).toBe(401);
      }
    });

    test('an API key revoked at one is refused by the other at once', async () => {
      for (let i = 0; i < 5; ++i) {
        const made = await owner.post('/api/v1/api-keys', {
          name: 'Passing',
          scopes: ['entries:read'],
        });
        const key = studio.anyone.with({ key: made.secret });
        for (const client of both(key)) await client.get(entries);
        const revoke = both(owner)[i % 2]!;
        await revoke.must(204, 'DELETE', `/api/v1/api-keys/${made.id}`);
        for (const client of both(key)) {
          expect((await client.request('GET', entries)).status).toBe(401);
        }
      }
    });

    test('a role, and being active, changed at one holds at the other', async () => {
      const path = `/api/v1/staff/${studio.members.colleague.id}`;
      const colleague = await studio.sign_in('colleague@nord.example');
      const [here_too, too] = both(colleague);
      const view = (key: string) => ({ json: { key, name: 'V', roles: ['manager'] } });
      expect((await too.request('POST', '/api/v1/log-views', view('early'))).status).toBe(403);
      await owner.patch(path, { role: 'manager' });
      expect((await too.get('/api/v1/me')).role).toBe('manager');
      await there(owner).patch(path, { role: 'staff' });
      expect((await here_too.get('/api/v1/me')).role).toBe('staff');
      await owner.patch(path, { active: false });
      expect((await too.request('GET', '/api/v1/me')).status).toBe(401);
      await there(owner).patch(path, { active: true });
    });

    test('log views and contact types changed at one hold at the other', async () => {
      const anna = await studio.person();
      const staff = there(studio.staff);
      await owner.post('/api/v1/log-views', { key: 'ward', name: 'Ward', roles: ['staff'] });
      const { id } = await note(there(owner), anna, { views: ['ward'] });
      await staff.get(`${entries}/${id}`);
      await owner.patch('/api/v1/log-views/ward', { roles: ['manager'] });
      expect((await staff.request('GET', `${entries}/${id}`)).status).toBe(404);
      await there(owner).patch('/api/v1/log-views/ward', { roles: ['manager', 'staff'] });
      await studio.staff.get(`${entries}/${id}`);

      const type = await owner.post('/api/v1/contact-types', { name: 'Anamnese' });
      const labelled = await note(staff, anna, { contact_type: type.key });
      await studio.staff.get(`${entries}/${labelled.id}`);
      await there(owner).patch(`/api/v1/contact-types/${type.key}`, { views: ['financial'] });
      const seen = await studio.staff.request('GET', `${entries}/${labelled.id}`);
      expect(seen.status).toBe(404);
    });
  });

  describe('/stream', () => {
    test('tells at the other what happens at one, in order, and nothing is missed', async () => {
      const anna = await studio.person();
      const followers = await Promise.all(
        both(owner).map((client) => Follower.open(client, `?contact=${anna}`)),
      );
      const made: string[] = [];
      await Promise.all(
        Array.from({ length: 8 }, async (_, w) => {
          for (let i = 0; i < 15; ++i) made.push((await note(both(owner)[w % 2]!, anna)).id);
        }),
      );
      for (const follower of followers) {
        for (const id of made) await follower.until((e) => e.data.id === id);
        const ids = follower.events.map((e) => Number(e.id));
        expect([...ids].sort((a, b) => a - b)).toEqual(ids);
        expect(follower.events.length).toBe(made.length);
        follower.close();
      }
      expect(followers[0]!.events).toEqual(followers[1]!.events);
    });

    test('goes on at the other server with the Last-Event-ID of the one', async () => {
      const anna = await studio.person();
      const first = await Follower.open(owner, `?contact=${anna}`);
      const before = (await note(owner, anna)).id;
      const last = await first.until((e) => e.data.id === before);
      first.close();
      const missed: string[] = [];
      for (let i = 0; i < 10; ++i) missed.push((await note(both(owner)[i % 2]!, anna)).id);
      const headers = { 'last-event-id': last.id };
      const again = await Follower.open(there(owner), `?contact=${anna}`, headers);
      missed.push((await note(owner, anna)).id);
      await again.until((e) => e.data.id === missed.at(-1));
      expect(again.events.map((e) => e.data.id)).toEqual(missed);
      again.close();
    });

    test('an idle follower is told within a second', async () => {
      const anna = await studio.person();
      const follower = await Follower.open(there(owner));
      for (let i = 0; i < 3; ++i) {
        await pause(200);
        const { id } = await note(owner, anna);
        const answered = Date.now();
        await follower.until((e) => e.data.id === id);
        expect(Date.now() - answered).toBeLessThan(1_000);
      }
      follower.close();
    });
  });
});

const kills = process.env.ANNALS_LONG ? 25 : 5;
const steps = process.env.ANNALS_LONG ? 48 : 12;
const writers = 32; // of each server

/** Both servers sign the tree with every leaf in its place, and it is what the journal says. */
async function check_ledger(servers: Server[], client: (server: Server) => Client, load: Load) {
  const sizes = [];
  for (const server of servers) {
    const note = await client(server).request('GET', '/api/v1/ledger/checkpoint');
    sizes.push(Number(note.text.split('\n')[1]));
  }
  expect(sizes[0]).toBeGreaterThanOrEqual(load.acknowledged.size);
  expect(sizes[1]).toBe(sizes[0]);
  const args = ['verify', ...place(servers[0]!.data)];
  const verified = spawnSync(annals_bin(), args, { encoding: 'utf8' });
  expect(verified.stdout).toContain('; 0 faults;');
  expect(verified.status, verified.stdout).toBe(10);
}

describe.skipIf(!on_postgres)('one of two servers killed', () => {
  test(`${kills} times under load: the other goes on, and nothing is lost or doubled`, async () => {
    const studio = await Studio.found();
    const key = await studio.key('admin');
    const servers = [studio.server, await Server.start({ data: studio.server.data })];
    const contacts: string[] = [];
    for (let i = 0; i < 4; ++i) contacts.push(await studio.person({ given_name: `Client ${i}` }));
    const load = new Load();
    const at = (server: Server) => new Client(server.url, key.credential);
    let slowest_ms = 0;
    for (let round = 0; round < kills; ++round) {
      let over = false;
      const victim = servers[round % 2]!;
      const running = servers.map((server, s) =>
        Array.from({ length: writers }, (_, w) =>
          write(at(server), `${round}/${s}/${w}`, contacts[w % 4]!, load, () => over),
        ),
      );
      await load.more(1 + Math.floor(Math.random() * 60));
      await pause(Math.random() * 30);
      await victim.kill();
      // Of what comes now all comes from the one that is left.
      const began = Date.now();
      await load.more(40);
      slowest_ms = Math.max(slowest_ms, Date.now() - began);
      over = true;
      await Promise.all(running.flat());
      await victim.restart();
      await check(at(servers[round % 2]!), load);
    }
    for (const server of servers) await check(at(server), load);
    await check_repeats(at(servers[1]!), load);
    await check_ledger(servers, at, load);
    expect(slowest_ms).toBeLessThan(5_000);
    console.log(`${load.acknowledged.size} entries; the longest wait was ${slowest_ms} ms`);
    await servers[1]!.stop();
    await servers[0]!.stop();
  }, 600_000);

  test.skipIf(!may_trace)(
    `before each of ${steps} messages to PostgreSQL: no gap, and every entry is proven at once`,
    async () => {
      const studio = await Studio.found();
      const key = await studio.key('admin');
      const survivor = studio.server;
      const victim = await Server.start({ data: survivor.data });
      const at = (server: Server) => new Client(server.url, key.credential);
      const contacts = [await studio.person(), await studio.person()];
      const load = new Load();
      for (let step = 1; step <= steps; ++step) {
        let over = false;
        const fault = await Fault.kill_at(victim.pid, 'sendto', step);
        const running = [survivor, victim].flatMap((server, s) =>
          Array.from({ length: writers }, (_, w) =>
            write(at(server), `${step}/${s}/${w}`, contacts[w % 2]!, load, () => over),
          ),
        );
        await victim.ended();
        await load.more(10);
        over = true;
        await Promise.all(running);
        // What was acknowledged last, by whichever server, is in the tree.
        for (const id of [...load.acknowledged.values()].slice(-10)) {
          const proof = await at(survivor).request('GET', `/api/v1/ledger/entries/${id}/proof`);
          expect(proof.status, proof.text).toBe(200);
        }
        await fault.end();
        await victim.restart();
      }
      await check(at(survivor), load);
      await check(at(victim), load);
      await check_ledger([survivor, victim], at, load);
      console.log(`${load.acknowledged.size} entries`);
      await victim.stop();
      await survivor.stop();
    },
    600_000,
  );
});
