// Imports as jobs of the server: a file is uploaded, looked at, tried and run, beside all other
// traffic, by who may; what is wrong with it is told by row, and nothing of it comes twice.
import { existsSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from './support/client';
import { await_import, path, run, send, upload } from './support/imports';
import { Follower } from './support/stream';
import { Studio } from './support/studio';

const no_id = '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f';

let studio: Studio;
let owner: Client;
beforeAll(async () => {
  studio = await Studio.staffed();
  owner = studio.owner;
});
afterAll(async () => studio?.server.stop());

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

/** Payments in a German spelling: `rows` good ones, and three that are not. */
function payments(rows: number): string {
  const lines = ['Kundennr;Vorname;Nachname;E-Mail;Datum;Betrag;Bemerkung;Farbe'];
  for (let i = 0; i < rows; ++i) {
    const c = i % 7;
    const date = `${1 + (i % 28)}.${1 + (i % 12)}.2024 ${8 + (i % 10)}:30`;
    lines.push(`K-${c};Grit;Größe ${c};g${c}@example.com;${date};1.0${i % 10}0,50 €;Rang ${i};rot`);
  }
  lines.push('K-1;Grit;Größe;;31.02.2024;;Falscher Tag;');
  lines.push(';;;;1.1.2024;;Niemand;');
  lines.push('K-999;Grit;Größe 999;no address;1.1.2024;;Falsche Adresse;');
  return lines.join('\r\n') + '\r\n';
}
const payments_order = (job: any) => ({ fields: { ...job.guess, type: 'payment.taken' } });

async function count(type: string): Promise<number> {
  const list = await owner.get('/api/v1/entries', { type, limit: 1, facets: 1 });
  return list.facets.type[type] ?? 0;
}

function row_files(): string[] {
  const folder = join(studio.server.data, 'imports', '1');
  return readdirSync(folder).flatMap((name) =>
    existsSync(join(folder, name, 'file')) ? [name] : [],
  );
}

describe('a file', () => {
  test('is told by its beginning: delimiter, encoding, columns, what they may mean', async () => {
    const job = await upload(owner, 'kunden.csv', latin1(payments(3)));
    expect(job).toMatchObject({
      kind: 'import',
      name: 'kunden.csv',
      status: 'ready',
      dry_run: null,
      runnable: true,
      file: { delimiter: ';', encoding: 'windows-1252', header: true },
      guess: {
        type: 'note',
        source: 'kunden',
        date_form: 'dmy',
        decimal: ',',
        currency: 'EUR',
        columns: {
          client_number: 'Kundennr',
          given_name: 'Vorname',
          family_name: 'Nachname',
          email: 'E-Mail',
          date: 'Datum',
          amount: 'Betrag',
          text: 'Bemerkung',
        },
      },
    });
    expect(job.file.columns).toHaveLength(8);
    expect(job.file.rows[0].slice(0, 3)).toEqual(['K-0', 'Grit', 'Größe 0']);
    const { items } = await owner.get(path);
    expect(items[0]).toMatchObject({ id: job.id, status: 'ready' });
    await owner.must(204, 'DELETE', `${path}/${job.id}`);
    await owner.must(404, 'GET', `${path}/${job.id}`);
  });

  test('is looked at again as it is said to be', async () => {
    const job = await upload(owner, 'x.csv', 'a|b,c\n1|2,3\n');
    const look = (query: Record<string, string>) => owner.get(`${path}/${job.id}/preview`, query);
    expect((await look({ delimiter: '|' })).file.columns).toEqual(['a', 'b,c']);
    expect((await look({ delimiter: ',' })).file.columns).toEqual(['a|b', 'c']);
    const bare = await look({ delimiter: ',', header: 'false' });
    expect(bare.file).toMatchObject({ columns: ['column 1', 'column 2'], header: false });
    expect(bare.file.rows).toHaveLength(2);
    const wrong = { delimiter: 'ab', encoding: 'utf-7', header: '1', a: 'b' };
    for (const [name, value] of Object.entries(wrong)) {
      const reply = await owner.request('GET', `${path}/${job.id}/preview`, {
        query: { [name]: value },
        contract: false,
      });
      expect(reply.status).toBe(400);
      expect(reply.body.errors[0].field).toBe(name);
    }
    await owner.must(204, 'DELETE', `${path}/${job.id}`);
  });

  test.each([
    ['empty', '', 'required'],
    ['of no rows', 'name\n', 'no_rows'],
    ['of a spreadsheet', Buffer.from('PK\x03\x04\x00\x00\x08\x00rest'), 'not_csv'],
    ['in UTF-16', Buffer.from('\ufeffname\nGröße\n', 'utf16le'), 'encoding'],
    ['of one huge line', 'x'.repeat(3_000_000), 'csv'],
    ['that is cut off', gzipSync(payments(2_000)).subarray(0, 900), 'gzip'],
    ['with a broken quote', '"name\nAnna\n', 'csv'],
  ])('%s is refused, and leaves nothing behind', async (_, content, code) => {
    const before = row_files();
    const bytes = typeof content === 'string' ? content : new Uint8Array(content);
    const reply = await send(owner, 'x.csv', bytes);
    expect(reply.status, reply.text).toBe(422);
    expect(reply.body.errors[0]).toMatchObject({ field: 'file', code });
    // It goes once the reply is on its way.
    await expect.poll(row_files).toEqual(before);
  });

  test('without a name, or by a client that goes away, is none', async () => {
    const reply = await owner.request('POST', path, {
      raw: 'a\nb\n',
      type: 'text/csv',
      contract: false,
    });
    expect(reply.body.errors[0]).toMatchObject({ field: 'name', code: 'required' });
    const before = (await owner.get(path)).items.length;
    const abort = new AbortController();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('name\n'));
        setTimeout(() => abort.abort(), 200);
      },
    });
    const sent = fetch(`${owner.url}${path}?name=half.csv`, {
      method: 'POST',
      headers: owner.headers({ 'content-type': 'text/csv' }),
      body,
      duplex: 'half',
      signal: abort.signal,
    } as RequestInit);
    await expect(sent).rejects.toThrow();
    expect((await owner.get(path)).items).toHaveLength(before);
  });

  test('sent again with its key is the same import', async () => {
    const again = () =>
      owner.request('POST', path, {
        raw: 'name\nAnna\n',
        type: 'text/csv',
        query: { name: 'k.csv' },
        headers: { 'idempotency-key': 'import-1' },
      });
    const first = await again();
    const second = await again();
    expect(second.body.id).toBe(first.body.id);
    const other = await owner.request('POST', path, {
      raw: 'name\nBert\n',
      type: 'text/csv',
      query: { name: 'k.csv' },
      headers: { 'idempotency-key': 'import-1' },
    });
    expect(other.status).toBe(409);
    await owner.must(204, 'DELETE', `${path}/${first.body.id}`);
  });
});

describe('an import', () => {
  test('is tried first, which says all and stores nothing, and then run', async () => {
    const job = await upload(owner, 'kunden.csv.gz', new Uint8Array(gzipSync(payments(700))));
    const order = payments_order(job);
    const follower = await Follower.open(owner);
    const tried = await run(owner, job.id, { ...order, dry_run: true });
    expect(tried).toMatchObject({
      status: 'done',
      dry_run: true,
      runnable: true,
      counts: {
        rows: 703,
        rejected: 3,
        contacts_created: 7,
        contacts_found: 0,
        entries_created: 700,
        entries_duplicate: 0,
      },
    });
    expect(tried.rejected.map((each: any) => each.line)).toEqual([702, 703, 704]);
    expect(tried.rejected[0].reason).toMatch(/Datum.*31\.02\.2024/);
    const datum = { field: 'Datum', code: 'time', value: '31.02.2024' };
    expect(tried.rejected.map((each: any) => each.faults)).toEqual([
      [datum],
      [{ field: 'contact.client_number', code: 'required' }],
      [{ field: 'create_contact.emails[0].address', code: 'email' }],
    ]);
    expect(await count('payment.taken')).toBe(0);
    expect((await owner.get('/api/v1/contacts')).items).toHaveLength(0);

    const done = await run(owner, job.id, {});
    expect(done).toMatchObject({ status: 'done', dry_run: false, counts: tried.counts });
    expect(done.rejected).toEqual(tried.rejected);
    expect(done.progress).toMatchObject({ rows: 703, bytes: done.size, all_bytes: done.size });
    expect(await count('payment.taken')).toBe(700);
    const told = await follower.until(
      ({ event, data }) => event === 'job' && data.status === 'done' && !data.dry_run,
    );
    expect(told.data).toMatchObject({ id: job.id, counts: { entries_created: 700 } });
    follower.close();

    const { items } = await owner.get('/api/v1/entries', { type: 'payment.taken', limit: 1 });
    expect(items[0]).toMatchObject({
      origin: { source: 'kunden' },
      amount: { currency: 'EUR' },
      details: { Farbe: 'rot' },
      recorded_by: { kind: 'staff', id: studio.members.owner.id },
    });
    const report = await owner.request('GET', `${path}/${job.id}/rejected`);
    expect(report.headers.get('content-disposition')).toContain('kunden.csv.gz.rejected.csv');
    const lines = report.text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/Farbe;line;reason$/);
    expect(lines[3]).toMatch(/^K-999;.*;704;.*mail/);

    const again = await run(owner, job.id, order);
    expect(again.counts).toMatchObject({ entries_created: 0, entries_duplicate: 700 });
    expect(await count('payment.taken')).toBe(700);
    await owner.must(404, 'GET', `${path}/${job.id}/warnings`);
  });

  test('of which every row is stored gives up its file', async () => {
    const job = await upload(
      owner,
      'members.csv',
      'Name,Phone,Member no\nAnna Mulder,0171 2345678,M-1\nBo,,M-2\n',
    );
    expect(job.guess).toMatchObject({
      type: null,
      columns: { name: 'Name', client_number: 'Member no' },
    });
    const done = await run(owner, job.id, { fields: job.guess });
    expect(done).toMatchObject({ runnable: false, counts: { contacts_created: 2, rejected: 0 } });
    expect(row_files()).not.toContain(job.id);
    const reply = await owner.request('POST', `${path}/${job.id}/run`, { json: {} });
    expect(reply.status).toBe(409);
    expect(reply.body.errors[0].code).toBe('no_file');
    const found = await owner.get('/api/v1/contacts', { client_number: 'M-1' });
    expect(found.items[0]).toMatchObject({ given_name: 'Anna', family_name: 'Mulder' });
    // Another file of the same clients finds them by their numbers, whatever it calls its source.
    const more = await upload(
      owner,
      'visits.csv',
      'Member no,Date\nM-1,2024-05-01 10:00\nM-2,2024-05-02\n',
    );
    const visits = await run(owner, more.id, { fields: { ...more.guess, type: 'visit' } });
    expect(visits.counts).toMatchObject({ contacts_found: 2, entries_created: 2 });
  });

  test('takes a whole mapping, as JSON', async () => {
    const job = await upload(
      owner,
      'm.csv',
      'id,who,at,state\n1,W-1,2024-05-01T10:00:00Z,open\n2,W-1,2024-05-02T10:00:00Z,test\n',
    );
    const mapping = {
      defaults: { source: 'm' },
      contact: { external_id: '{who}', given_name: 'Wim', family_name: '{who}' },
      skip: [{ when: { column: 'state', equals: 'test' }, reason: 'a test' }],
      entries: [{ type: 'visit', occurred_at: { column: 'at' }, source_id: '{id}' }],
    };
    const done = await run(owner, job.id, { mapping });
    expect(done).toMatchObject({
      fields: null,
      mapping,
      counts: { rows: 2, skipped: 1, entries_created: 1, contacts_created: 1 },
    });
  });

  test('whose order is wrong is not begun, and the field is named', async () => {
    const job = await upload(owner, 'w.csv', 'id,who,at\n1,W-1,2024-05-01T10:00:00Z\n');
    const fields = { source: 'w', type: 'visit', columns: { external_id: 'who', date: 'at' } };
    const contact = { external_id: '{who}', source: 'w' };
    const entry = { type: 'visit', occurred_at: { column: 'at' }, source_id: '{id}', source: 'w' };
    const wrong: [object, string][] = [
      [{}, 'fields'],
      [{ fields, mapping: { contact } }, 'mapping'],
      [
        { fields: { ...fields, columns: { external_id: 'nobody', date: 'at' } } },
        'fields.columns.external_id',
      ],
      [{ fields: { ...fields, columns: { external_id: 'who' } } }, 'fields.columns.date'],
      [{ fields: { ...fields, columns: { date: 'at' } } }, 'fields.columns'],
      [{ fields: { ...fields, type: 'unheard.of' } }, 'fields.type'],
      [{ fields: { ...fields, colour: 'red' } }, 'fields.colour'],
      [{ fields: { ...fields, columns: { shoe: 'who' } } }, 'fields.columns.shoe'],
      [{ fields: { ...fields, date_form: 'ydm' } }, 'fields.date_form'],
      [{ mapping: {} }, 'mapping.contact'],
      [
        { mapping: { contact, entries: [{ ...entry, type: 'unheard.of' }] } },
        'mapping.entries[0].type',
      ],
      [
        { mapping: { contact, entries: [{ ...entry, colour: 'red' }] } },
        'mapping.entries[0].colour',
      ],
      [
        { mapping: { contact: { ...contact, external_id: '{nobody}' } } },
        'mapping.contact.external_id',
      ],
      [
        { mapping: { contact, entries: [{ ...entry, private: 1.5 }] } },
        'mapping.entries[0].private',
      ],
      [{ mapping: 'no object' }, 'mapping'],
    ];
    for (const [order, field] of wrong) {
      const reply = await owner.request('POST', `${path}/${job.id}/run`, {
        json: order,
        contract: false,
      });
      expect(reply.status, JSON.stringify(order) + reply.text).toBe(422);
      expect(reply.body.errors[0].field, JSON.stringify(order)).toBe(field);
    }
    expect(await owner.get(`${path}/${job.id}`)).toMatchObject({ status: 'ready', mapping: null });
    await owner.must(204, 'DELETE', `${path}/${job.id}`);
  });

  test('tells by row what is not in the encoding, and what claims a key twice', async () => {
    // The umlaut stands so far down that the beginning does not show it.
    const rows = Array.from(
      { length: 30_000 },
      (_, i) => `${i},B-${i % 3},2024-05-01,${'x'.repeat(40)}`,
    );
    rows.push('30000,B-1,2024-05-01,Größe', '7,B-1,2024-05-02,another visit');
    const job = await upload(
      owner,
      'late.csv',
      latin1('visit id,client id,date,remark\n' + rows.join('\n') + '\n'),
    );
    expect(job.file.encoding).toBe('utf-8');
    const fields = {
      ...job.guess,
      columns: { ...job.guess.columns, source_id: 'visit id', external_id: 'client id' },
      type: 'visit',
    };
    const tried = await run(owner, job.id, { fields, dry_run: true });
    expect(tried.counts).toMatchObject({
      rows: 30_002,
      rejected: 2,
      entries_created: 30_000,
      contacts_created: 3,
    });
    expect(tried.rejected[0]).toMatchObject({
      line: 30_002,
      reason: expect.stringContaining('encoding'),
    });
    expect(tried.rejected[1]).toMatchObject({
      line: 30_003,
      reason: expect.stringContaining('source_id'),
    });
    const done = await run(owner, job.id, { fields, file: { encoding: 'windows-1252' } });
    expect(done.counts).toMatchObject({
      rejected: 1,
      entries_created: 30_001,
      contacts_created: 3,
    });
  });

  test('can be canceled, and goes on where it was', async () => {
    const lines = ['client id,date,remark'];
    for (let i = 0; i < 60_000; ++i) lines.push(`C-${i % 50},2024-05-01,${i}`);
    const job = await upload(owner, 'long.csv', lines.join('\n') + '\n');
    const where = `${path}/${job.id}`;
    const order = { fields: { ...job.guess, type: 'meeting' } };
    await owner.post(`${where}/run`, order, 202);
    await await_import(owner, job.id, (now) => now.progress.rows > 0);
    for (const [method, sub] of [
      ['POST', '/run'],
      ['DELETE', ''],
      ['GET', '/rejected'],
      ['GET', '/preview'],
    ] as const) {
      const reply = await owner.request(
        method,
        where + sub,
        method === 'POST' ? { json: order } : {},
      );
      expect([reply.status, reply.body.errors[0].code], sub).toEqual([409, 'busy']);
    }
    // Other writes are not kept waiting.
    await owner.post('/api/v1/contacts', { kind: 'person', given_name: 'In between' });
    await owner.post(`${where}/cancel`, undefined, 200);
    const canceled = await await_import(owner, job.id);
    expect(canceled.status).toBe('canceled');
    const stored = canceled.counts.entries_created;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(60_000);
    expect(await count('meeting')).toBe(stored);
    const reply = await owner.request('POST', `${where}/cancel`);
    expect([reply.status, reply.body.errors[0].code]).toEqual([409, 'not_busy']);
    const done = await run(owner, job.id, {});
    expect(done.counts).toMatchObject({
      entries_created: 60_000 - stored,
      entries_duplicate: stored,
    });
    expect(await count('meeting')).toBe(60_000);
  });
});

describe('whose it is', () => {
  test('who may change settings imports, and sees his own alone', async () => {
    for (const caller of [
      studio.staff,
      studio.auditor,
      await studio.key('entries:write', 'contacts:write'),
    ]) {
      expect((await send(caller, 'x.csv', 'name\nAnna\n')).status).toBe(403);
    }
    const job = await upload(owner, 'mine.csv', 'name\nAnna\n');
    const other = await studio.other_business();
    for (const caller of [studio.manager, await studio.key('admin'), other]) {
      expect((await caller.get(path)).items).toEqual([]);
      for (const [method, sub] of [
        ['GET', ''],
        ['DELETE', ''],
        ['GET', '/preview'],
        ['POST', '/run'],
        ['POST', '/cancel'],
        ['GET', '/rejected'],
        ['GET', '/warnings'],
      ] as const) {
        const options = sub === '/run' ? { json: {} } : {};
        await caller.must(404, method, `${path}/${job.id}${sub}`, options);
      }
    }
    expect((await upload(studio.manager, 'hers.csv', 'name\nAnna\n')).status).toBe('ready');
    await owner.must(404, 'GET', `${path}/${no_id}`);
    await owner.must(404, 'GET', `${path}/x`, { contract: false });
  });

  test('a business has so many and no more; those that are done make room', async () => {
    const key = await (
      await studio.other_business()
    ).post('/api/v1/api-keys', { name: 'k', scopes: ['admin'] });
    const caller = studio.anyone.with({ key: key.secret });
    const made = [];
    for (let i = 0; i < 10; ++i) made.push(await upload(caller, `${i}.csv`, 'name\nAnna\n'));
    expect((await send(caller, 'more.csv', 'name\nAnna\n')).status).toBe(429);
    await run(caller, made[4].id, { fields: made[4].guess });
    await upload(caller, 'more.csv', 'name\nAnna\n');
    await caller.must(404, 'GET', `${path}/${made[4].id}`);
  });
});

test('a server that ends on the way shows what it was at, which comes to the same', async () => {
  const one = await Studio.found();
  try {
    const lines = ['client id,date,remark'];
    for (let i = 0; i < 40_000; ++i) lines.push(`C-${i % 50},2024-05-01,${i}`);
    const job = await upload(one.owner, 'long.csv', lines.join('\n') + '\n');
    const idle = await upload(one.owner, 'idle.csv', 'name\nAnna\n');
    await one.owner.post(`${path}/${job.id}/run`, { fields: { ...job.guess, type: 'visit' } }, 202);
    await await_import(one.owner, job.id, (now) => now.progress.rows > 2_000);
    await one.server.kill();
    await one.server.restart();
    let client = new Client(one.server.url, one.owner.credential);
    const cut = await client.get(`${path}/${job.id}`);
    expect(cut).toMatchObject({ status: 'interrupted', runnable: true });
    expect(await client.get(`${path}/${idle.id}`)).toMatchObject({ ...idle });
    // Ended well it is interrupted, too.
    await client.post(`${path}/${job.id}/run`, {}, 202);
    await await_import(client, job.id, (now) => now.progress.rows > 0);
    process.kill(one.server.pid, 'SIGTERM');
    await one.server.ended();
    await one.server.restart();
    client = new Client(one.server.url, one.owner.credential);
    expect(await client.get(`${path}/${job.id}`)).toMatchObject({ status: 'interrupted' });
    const done = await run(client, job.id, {});
    const { entries_created, entries_duplicate } = done.counts;
    expect(entries_created + entries_duplicate).toBe(40_000);
    const list = await client.get('/api/v1/entries', { type: 'visit', limit: 1, facets: 1 });
    expect(list.facets.type.visit).toBe(40_000);
  } finally {
    await one.server.stop();
  }
});
