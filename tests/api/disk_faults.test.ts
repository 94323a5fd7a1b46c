// A disk that is full, cannot be written or fails to sync: reads go on, writes are refused with 503
// or 507, nothing acknowledged is lost, and ten seconds after the cause is gone all is well again.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Client, type Reply } from './support/client';
import { Fault, may_mount, SmallDisk } from './support/disk';
import { on_postgres } from './support/engine';
import { settings_leaves } from './support/load';
import { run_annals } from './support/server';
import { Studio } from './support/studio';
import { may_trace, trace } from './support/trace';

const recovery_ms_max = 10_000;
const read_ms_max = 4_000; // also while the disk fails
const writers = 4;
const disk_mib = 24;

const entries = '/api/v1/entries';
const sleep = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

/** Writers and a reader on a server whose disk fails at times. */
class Load {
  readonly sent = new Map<string, any>(); // source_id to the draft
  readonly acknowledged = new Map<string, string>(); // source_id to the entry's id
  readonly refused: Reply[] = [];
  reads = 0;
  slowest_read_ms = 0;
  #running: Promise<void>[] = [];
  #stopping = false;
  #killed = false;

  private constructor(
    readonly studio: Studio,
    readonly contact: string,
    readonly known: string, // an entry that was there before
    readonly key: string,
    readonly bytes: number, // of each entry's text
  ) {}

  static async begin(studio: Studio, bytes = 3_000): Promise<Load> {
    const contact = await studio.person();
    const draft = { type: 'note', contact: { id: contact }, title: 'The first' };
    const { id } = await studio.owner.post(entries, draft);
    const key = await studio.key('admin');
    const load = new Load(studio, contact, id, key.credential.key!, bytes);
    load.start();
    await load.until(() => load.acknowledged.size > 20);
    return load;
  }

  get client(): Client {
    return new Client(this.studio.server.url, { key: this.key });
  }

  start(): void {
    this.#stopping = this.#killed = false;
    const round = this.sent.size;
    for (let w = 0; w < writers; ++w) this.#running.push(this.#write(`${round}/${w}`));
    this.#running.push(this.#read());
  }
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running.splice(0));
  }
  async kill(): Promise<void> {
    this.#killed = true;
    await this.studio.server.kill();
    await this.stop();
  }

  /** Waits for something that the load brings about. */
  async until(there: () => boolean, ms_max = 30_000): Promise<void> {
    const deadline = Date.now() + ms_max;
    while (!there()) {
      if (Date.now() > deadline) throw new Error(`not so after ${ms_max} ms: ${there}`);
      await Promise.race([sleep(5), ...this.#running.map((one) => one.then(() => sleep(5)))]);
    }
  }

  async #write(name: string): Promise<void> {
    const client = this.client;
    for (let i = 0; !this.#stopping; ++i) {
      const source_id = `${name} ${i}`;
      const json = {
        type: 'note',
        contact: { id: this.contact },
        source: 'load',
        source_id,
        text: source_id + ' ' + 'x'.repeat(this.bytes),
      };
      this.sent.set(source_id, json);
      try {
        const reply = await client.request('POST', entries, { json });
        if (reply.status === 201) this.acknowledged.set(source_id, reply.body.id);
        else if ([503, 507].includes(reply.status)) this.refused.push(reply);
        else throw new Error(`POST → ${reply.status}: ${reply.text}`);
        if (reply.status !== 201) await sleep(10);
      } catch (error) {
        if (this.#killed && error instanceof TypeError) return;
        throw error;
      }
    }
  }

  async #read(): Promise<void> {
    const { client } = this;
    const looks = [
      () => client.get(`/api/v1/contacts/${this.contact}/entries`, { limit: 20 }),
      () => client.get(`/api/v1/contacts/${this.contact}/entries`, { q: 'first' }),
      () => client.get(`${entries}/${this.known}`),
      () => client.get(entries, { facets: '1', limit: 5 }),
      () => client.get('/api/v1/contacts', { q: 'muster' }),
    ];
    for (let i = 0; !this.#stopping; ++i) {
      const started = Date.now();
      try {
        await looks[i % looks.length]!();
      } catch (error) {
        if (this.#killed && error instanceof TypeError) return;
        throw error;
      }
      this.slowest_read_ms = Math.max(this.slowest_read_ms, Date.now() - started);
      ++this.reads;
      await sleep(10);
    }
  }

  /** Waits until the disk refuses writes, and reads have gone on for a while. */
  async refused_and_read_on(): Promise<Reply[]> {
    const before = this.refused.length;
    await this.until(() => this.refused.length > before + 20);
    const { reads } = this;
    await this.until(() => this.reads > reads + 20);
    expect(this.slowest_read_ms).toBeLessThan(read_ms_max);
    return this.refused.slice(before);
  }

  /** To be called when the cause is gone: a write works again in time. */
  async recovers(): Promise<void> {
    const before = this.acknowledged.size;
    await this.until(() => this.acknowledged.size > before + writers, recovery_ms_max);
  }

  /** All that was acknowledged is there, once, in order, and repeats tell the truth. */
  async check(): Promise<void> {
    const { client } = this;
    const all = await client.all(entries, { limit: 200 });
    const found = new Map<string, string>();
    for (const entry of all) {
      const { source_id } = entry.origin;
      if (!source_id) continue;
      expect(found.has(source_id), `${source_id} is there twice`).toBe(false);
      expect(entry.text).toBe(this.sent.get(source_id)?.text);
      found.set(source_id, entry.id);
    }
    const lost = [...this.acknowledged].filter(([key, id]) => found.get(key) !== id);
    expect(lost).toEqual([]);
    const places = [...(await settings_leaves(client)), ...all.map((e) => e.ledger.leaf_index)];
    places.sort((a, b) => a - b);
    expect(places).toEqual(places.map((_, i) => i));
    const mine = all.filter((e) => e.contact_id === this.contact);
    const numbers = mine.map((e) => e.ledger.contact_seq).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    await this.#repeat(found);
  }

  // What is there is a duplicate, the rest is written now.
  async #repeat(found: Map<string, string>): Promise<void> {
    const sent = [...this.sent];
    for (let at = 0; at < sent.length; at += 50) {
      const some = sent.slice(at, at + 50);
      const { items } = await this.client.post(
        entries,
        some.map(([, draft]) => draft),
      );
      some.forEach(([key], i) => {
        const known = found.get(key);
        const expected = known ? { id: known, status: 'duplicate' } : { status: 'created' };
        expect(items[i]).toMatchObject(expected);
        this.acknowledged.set(key, items[i].id);
      });
    }
  }

  /** The same after the server is killed, and comes back. */
  async check_after_kill(): Promise<void> {
    await this.kill();
    await this.studio.server.restart();
    await this.check();
  }
}

let studio: Studio;

describe.skipIf(on_postgres || !may_mount)('on a small disk', () => {
  let disk: SmallDisk;

  beforeEach(async () => {
    disk = SmallDisk.mount(disk_mib);
    studio = await Studio.found({ data: disk.data });
  });
  afterEach(async () => {
    try {
      await studio?.server.stop();
    } finally {
      disk?.unmount();
    }
  });

  test('when it is full, reads go on, and writes as soon as there is room', async () => {
    const load = await Load.begin(studio);
    for (let round = 0; round < 2; ++round) {
      disk.fill();
      const refused = await load.refused_and_read_on();
      expect(refused.some((reply) => reply.status === 507)).toBe(true);
      disk.free();
      await load.recovers();
    }
    await load.stop();
    await load.check();
    await load.check_after_kill();
  });

  test('when its own data fills it, the same', async () => {
    const load = await Load.begin(studio, 60_000);
    await load.refused_and_read_on();
    await load.stop();
    disk.grow(disk_mib * 4);
    load.start();
    await load.recovers();
    await load.stop();
    await load.check();
  });

  test('killed when it is full, it comes back with all that it acknowledged', async () => {
    const load = await Load.begin(studio);
    disk.fill();
    await load.refused_and_read_on();
    await load.kill();
    disk.free();
    await studio.server.restart();
    await load.check();
  });

  test('a file that does not fit is refused whole', async () => {
    const kept = await studio.owner.upload('kept.txt', 'kept');
    disk.fill();
    const form = new FormData();
    form.append('file', new Blob(['y'.repeat(2_000_000)], { type: 'text/plain' }), 'big.txt');
    const reply = await studio.owner.request('POST', '/api/v1/attachments', { raw: form });
    expect(reply.status).toBe(507);
    const read = await studio.owner.request('GET', `/api/v1/attachments/${kept}`);
    expect(read.text).toBe('kept');
    const files = readdirSync(join(disk.data, 'blobs'), { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile()).length).toBe(1);
    disk.free();
    const id = await studio.owner.upload('big.txt', 'y'.repeat(2_000_000));
    const whole = await studio.owner.request('GET', `/api/v1/attachments/${id}`);
    expect(whole.text.length).toBe(2_000_000);
  });

  test('when it is mounted read-only, the server says so, and starts once it is not', async () => {
    const load = await Load.begin(studio);
    await load.kill();
    disk.read_only(true);
    try {
      expect(() => run_annals('serve', '--data', disk.data, '--listen', '127.0.0.1:0')).toThrow(
        /cannot be written/,
      );
    } finally {
      disk.read_only(false);
    }
    await studio.server.restart();
    await load.check();
  });
});

describe.skipIf(on_postgres || !may_trace)('on a disk that fails', () => {
  let data: string;
  beforeEach(async () => {
    studio = await Studio.found();
    data = studio.server.data;
  });
  afterEach(async () => studio?.server.stop());

  const log = () => [join(data, 'annals.db-wal')];
  const all = () =>
    ['annals.db', 'annals.db-wal', 'derived.db', 'derived.db-wal'].map((name) => join(data, name));

  // name, calls, error, files
  const faults: [string, string, string, () => string[]][] = [
    ['a sync of the log fails', 'fdatasync,fsync', 'EIO', log],
    ['every sync fails', 'fdatasync,fsync', 'EIO', all],
    ['a write to the log fails', 'pwrite64', 'EIO', log],
    ['it becomes read-only', 'pwrite64,fdatasync,fsync,ftruncate', 'EROFS', all],
    ['derived tables cannot be written', 'pwrite64', 'ENOSPC', () => all().slice(2)],
  ];

  test.each(faults)('%s: reads go on, and writes once it works', async (_, calls, error, files) => {
    const load = await Load.begin(studio);
    for (let round = 0; round < 2; ++round) {
      const fault = await Fault.begin(studio.server.pid, calls, error, files());
      try {
        await load.refused_and_read_on();
      } finally {
        await fault.end();
      }
      await load.recovers();
    }
    await load.stop();
    await load.check();
    await load.check_after_kill();
  });

  test.each(faults)('%s: killed then, nothing acknowledged is lost', async (_, ...rule) => {
    const [calls, error, files] = rule;
    const load = await Load.begin(studio);
    const fault = await Fault.begin(studio.server.pid, calls, error, files());
    try {
      await load.refused_and_read_on();
      await load.kill();
    } finally {
      await fault.end();
    }
    await studio.server.restart();
    await load.check();
  });

  test('a sync that fails once leaves the outcome unknown, and the key tells it', async () => {
    const client = await studio.key('admin');
    const contact = await studio.person();
    const json = {
      type: 'note',
      contact: { id: contact },
      source: 'once',
      source_id: '1',
      text: 'Once',
    };
    const fault = await Fault.begin(studio.server.pid, 'fdatasync,fsync', 'EIO', log(), '1');
    const reply = await client.request('POST', entries, { json }).finally(() => fault.end());
    expect(reply.status).toBe(503);
    expect(reply.body.detail).toContain('not known');
    const deadline = Date.now() + recovery_ms_max;
    let again: Reply;
    do again = await client.request('POST', entries, { json });
    while (again.status === 503 && Date.now() < deadline);
    expect([200, 201]).toContain(again.status);
    const { items } = await client.get(entries, { q: 'once' });
    expect(items.map((e: any) => e.id)).toEqual([again.body.id]);
  });

  test('a file whose folder could not be synced is not taken for kept', async () => {
    const content = 'A file with a name';
    const name = createHash('sha256').update(content).digest('hex');
    await studio.owner.upload('first.txt', content.slice(2)); // makes the folders
    const folders = [join(data, 'blobs', name.slice(0, 2)), join(data, 'blobs')];
    mkdirSync(folders[0]!, { recursive: true });
    const upload = () => {
      const form = new FormData();
      form.append('file', new Blob([content], { type: 'text/plain' }), 'second.txt');
      return studio.owner.request('POST', '/api/v1/attachments', { raw: form });
    };
    const fault = await Fault.begin(studio.server.pid, 'fsync', 'EIO', folders);
    const refused = await upload().finally(() => fault.end());
    expect(refused.status).toBe(503);
    const lines = await trace(studio.server.pid, 'fsync', async () => {
      expect((await upload()).status).toBe(201);
    });
    for (const folder of folders) {
      expect(lines.some((line) => line.includes(`<${folder}>`) && line.endsWith('= 0'))).toBe(true);
    }
  });
});
