// The rules of entries: versions, corrections, retractions, origin, attribution, repeating safely.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from './support/client';
import { operations } from './support/contract';
import { errors_of, play } from './support/scenario';
import { password, Studio } from './support/studio';

let studio: Studio;
let owner: Client;
let anna: string;

beforeAll(async () => {
  studio = await Studio.staffed();
  owner = studio.owner;
  anna = await studio.person();
});
afterAll(async () => studio?.server.stop());

const entries = '/api/v1/entries';

async function record(client: Client, draft: Record<string, unknown> = {}): Promise<string> {
  const body = { type: 'note', contact: { id: anna }, title: 'As it was', ...draft };
  return (await client.post(entries, body)).id;
}

async function count(): Promise<number> {
  const found = await owner.get(entries, { limit: 1, facets: '1', as_of: '9999-01-01' });
  return Object.values<number>(found.facets.days).reduce((sum, n) => sum + n, 0);
}

describe('versions', () => {
  test('an id is a UUIDv7: it begins with the time of recording', async () => {
    const id = await record(owner);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const { recorded_at } = await owner.get(`${entries}/${id}`);
    const made_at_ms = parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(made_at_ms - Date.parse(recorded_at))).toBeLessThan(1000);
  });

  test('the id never changes and the version counts from 1', async () => {
    const id = await record(owner);
    expect((await owner.get(`${entries}/${id}`)).version).toBe(1);
    for (const version of [2, 3]) {
      const body = { reason: 'Again', title: `Version ${version}` };
      const shown = await owner.post(`${entries}/${id}/corrections`, body);
      expect(shown).toMatchObject({ id, version, title: `Version ${version}` });
      expect(shown.corrected).toMatchObject({ reason: 'Again', versions: version });
    }
    const detail = await owner.get(`${entries}/${id}`);
    expect(detail.versions.map((v: any) => [v.version, v.kind, v.title])).toEqual([
      [1, 'entry', 'As it was'],
      [2, 'correction', 'Version 2'],
      [3, 'correction', 'Version 3'],
    ]);
  });

  test('a correction is a patch: what is omitted stays, null clears', async () => {
    const id = await record(owner, {
      text: 'stays',
      details: { a: 1 },
      amount: { value: 5, currency: 'EUR' },
      direction: 'inbound',
      method: 'phone',
    });
    const shown = await owner.post(`${entries}/${id}/corrections`, {
      reason: 'No money',
      amount: null,
      method: null,
    });
    expect(shown).toMatchObject({
      title: 'As it was',
      text: 'stays',
      details: { a: 1 },
      direction: 'inbound',
      amount: null,
      method: null,
    });
  });

  test('each version is a row of its own at its own occurred_at; the last one shows', async () => {
    const cleo = await studio.person({ given_name: 'Cleo' });
    const at = ['2011-01-01T10:00:00.000000Z', '2012-01-01T10:00:00.000000Z'];
    const id = await record(owner, { contact: { id: cleo }, occurred_at: at[0] });
    await owner.post(`${entries}/${id}/corrections`, { reason: 'Later', occurred_at: at[1] });
    const { versions } = await owner.get(`${entries}/${id}`);
    expect(versions.map((v: any) => v.occurred_at)).toEqual(at);
    const [first, second] = versions.map((v: any) => v.ledger);
    expect(second.contact_seq).toBe(first.contact_seq + 1);
    expect(second.leaf_index).toBeGreaterThan(first.leaf_index);
    const path = `/api/v1/contacts/${cleo}/entries`;
    const shown = async (as_of?: string) =>
      (await owner.all(path, { type: 'note', as_of })).map((e) => e.occurred_at);
    expect(await shown(versions[0].recorded_at)).toEqual([at[0]]);
    expect(await shown(versions[1].recorded_at)).toEqual([at[1]]);
    expect(await shown()).toEqual([at[1]]);
  });

  test('a corrected occurred_at moves the entry in the timeline', async () => {
    const bert = await studio.person({ given_name: 'Bert' });
    const draft = { type: 'note', contact: { id: bert }, occurred_at: '2020-05-01T10:00:00Z' };
    const { id } = await owner.post(entries, draft);
    await owner.post(`${entries}/${id}/corrections`, {
      reason: 'A year later',
      occurred_at: '2021-05-01T10:00:00Z',
    });
    const path = `/api/v1/contacts/${bert}/entries`;
    expect((await owner.get(path, { from: '2020-01-01', to: '2021-01-01' })).items).toEqual([]);
    const found = await owner.get(path, { from: '2021-01-01', to: '2022-01-01' });
    expect(found.items.map((e: any) => e.id)).toEqual([id]);
  });

  test.each(['contact', 'type', 'category', 'source', 'source_id', 'about', 'origin'])(
    'a correction cannot change %s',
    async (field) => {
      const values: Record<string, unknown> = { contact: { id: anna }, about: anna };
      const id = await record(owner);
      await play(owner, {
        name: field,
        method: 'POST',
        path: `${entries}/${id}/corrections`,
        body: { reason: 'Moved', title: 'x', [field]: values[field] ?? 'note' },
        status: 422,
        errors: [`${field} fixed`],
      });
      expect((await owner.get(`${entries}/${id}`)).version).toBe(1);
    },
  );

  test('a correction needs a reason and something to correct', async () => {
    const path = `${entries}/${await record(owner)}/corrections`;
    const wrong = { method: 'POST', path, status: 422 };
    await play(owner, {
      ...wrong,
      name: 'no reason',
      body: { title: 'x' },
      errors: ['reason required'],
    });
    await play(owner, { ...wrong, name: 'nothing', body: { reason: 'x' } });
    await play(owner, { ...wrong, name: 'no time', body: { reason: 'x', time_zone: 'Mars/Base' } });
    await play(owner, { ...wrong, name: 'unknown', body: { reason: 'x', colour: 'red' } });
  });

  test('If-Match names the version that a correction builds on', async () => {
    const path = `${entries}/${await record(owner)}/corrections`;
    const correct = (etag: string) =>
      owner.request('POST', path, {
        json: { reason: 'Twice at once', title: 'x' },
        headers: { 'if-match': etag },
      });
    const first = await correct('"1"');
    expect(first.status).toBe(201);
    expect(first.headers.get('etag')).toBe('"2"');
    expect((await correct('"1"')).status).toBe(412);
    expect((await correct('"2"')).status).toBe(201);
  });
});

describe('retraction', () => {
  test('stays listed with at, by and reason, outside summary and facets', async () => {
    const bert = await studio.person({ given_name: 'Bert' });
    const draft = {
      type: 'payment.taken',
      contact: { id: bert },
      amount: { value: 900, currency: 'EUR' },
    };
    const { id } = await owner.post(entries, draft);
    const path = `/api/v1/contacts/${bert}`;
    expect((await owner.get(`${path}/summary`)).lifetime_value).toEqual([
      { value: 900, currency: 'EUR' },
    ]);
    const shown = await owner.post(`${entries}/${id}/retraction`, { reason: 'Wrong client' });
    expect(shown.retracted).toMatchObject({
      reason: 'Wrong client',
      by: { kind: 'staff', id: studio.members.owner.id, name: 'Erika Kern' },
    });
    const page = await owner.get(`${path}/entries`, { category: 'payments', facets: '1' });
    expect(page.items.map((e: any) => [e.id, e.retracted?.reason])).toEqual([[id, 'Wrong client']]);
    expect(page.facets.category.payments ?? 0).toBe(0);
    expect((await owner.get(`${path}/summary`)).lifetime_value).toEqual([]);
  });

  test('what stands at the wrong contact is retracted and recorded anew', async () => {
    const [wrong, right] = [await studio.person(), await studio.person()];
    const draft = { type: 'note', source: 'till', title: 'Moved', origin: 'manual' };
    const first = await owner.post(entries, {
      ...draft,
      contact: { id: wrong },
      source_id: 'moved',
    });
    await owner.post(`${entries}/${first.id}/retraction`, { reason: 'Wrong client' });
    // Its key is taken for good.
    await play(owner, {
      name: 'the same key',
      method: 'POST',
      path: entries,
      body: { ...draft, contact: { id: right }, source_id: 'moved' },
      status: 409,
      errors: ['idempotency_conflict'],
    });
    const anew = await owner.post(entries, {
      ...draft,
      contact: { id: right },
      source_id: 'moved/2',
    });
    expect(anew).toMatchObject({ status: 'created', contact_id: right });
    const listed = async (contact: string) =>
      (await owner.all(`/api/v1/contacts/${contact}/entries`, { type: 'note' })).map((e) => e.id);
    expect(await listed(wrong)).toEqual([first.id]);
    expect(await listed(right)).toEqual([anew.id]);
  });

  test('retracting twice, or correcting what is retracted, is 409', async () => {
    const id = await record(owner);
    await owner.post(`${entries}/${id}/retraction`, { reason: 'Wrong' });
    const refused = { method: 'POST', status: 409 };
    await play(owner, {
      ...refused,
      name: 'twice',
      path: `${entries}/${id}/retraction`,
      body: { reason: 'Wrong' },
      errors: ['already_retracted'],
    });
    await play(owner, {
      ...refused,
      name: 'correct',
      path: `${entries}/${id}/corrections`,
      body: { reason: 'Wrong', title: 'x' },
    });
  });

  test('a reason is required', async () => {
    const path = `${entries}/${await record(owner)}/retraction`;
    for (const body of [{}, { reason: '' }, { reason: '  ' }, { reason: null }]) {
      await play(owner, { name: 'no reason', method: 'POST', path, body, status: 422 });
    }
  });
});

describe('who may correct or retract', () => {
  const actions = [
    { path: 'corrections', body: { reason: 'Better', title: 'Corrected' } },
    { path: 'retraction', body: { reason: 'Wrong' } },
  ];
  test.each(actions)('$path: the author, managers and owners, nobody else', async (action) => {
    const cases = { staff: 201, manager: 201, owner: 201, colleague: 403, auditor: 403 } as const;
    for (const [who, status] of Object.entries(cases)) {
      const id = await record(studio.staff);
      await play(studio.members[who as keyof typeof cases].client, {
        name: who,
        method: 'POST',
        path: `${entries}/${id}/${action.path}`,
        body: action.body,
        status,
      });
    }
  });
});

describe('manual or automatic', () => {
  test.each([
    { draft: {}, kind: 'manual' },
    { draft: { source: 'till' }, kind: 'automatic' },
    { draft: { source: 'till', source_id: 'o-1' }, kind: 'automatic' },
    { draft: { source: 'till', source_id: 'o-2', origin: 'manual' }, kind: 'manual' },
    { draft: { source: 'till', source_id: 'o-3', origin: 'automatic' }, kind: 'automatic' },
    { draft: { origin: 'manual' }, kind: 'manual' },
    { draft: { origin: 'automatic' }, kind: 'manual' },
  ])('$draft is $kind', async ({ draft, kind }) => {
    const id = await record(owner, draft);
    const { origin } = await owner.get(`${entries}/${id}`);
    expect(origin.kind).toBe(kind);
    expect(origin.source ?? undefined).toBe((draft as any).source);
    const listed = await owner.all(entries, { origin: kind });
    expect(listed.some((e) => e.id === id)).toBe(true);
  });

  test('a source_id needs its source', async () => {
    const body = { type: 'note', contact: { id: anna }, source_id: 'x' };
    const wrong = { name: 'no source', method: 'POST', path: entries, body };
    await play(owner, { ...wrong, status: 422, errors: ['source required'] });
  });

  test('automatic entries are corrected by a key of their source; staff add a note', async () => {
    const till = await studio.key('entries:write', 'entries:read', 'source:till');
    const other = await studio.key('entries:write', 'entries:read', 'source:booking');
    const plain = await studio.key('entries:write', 'entries:read');
    const id = await record(till, { source: 'till', source_id: 'corrected' });
    const correction = {
      method: 'POST',
      path: `${entries}/${id}/corrections`,
      body: { reason: 'x', title: 'Corrected' },
    };
    for (const client of [owner, studio.manager, other, plain]) {
      const reply = await play(client, {
        ...correction,
        name: 'others',
        status: 409,
        errors: ['automatic'],
      });
      expect(reply.body.errors[0].message).toMatch(/scope source:till.*note.*`about`/);
    }
    await play(till, { ...correction, name: 'the source', status: 201 });
    const note = await record(studio.staff, { about: id });
    expect((await studio.staff.get(`${entries}/${note}`)).about).toBe(id);
    expect((await owner.get(`${entries}/${id}`)).notes).toEqual([note]);
  });

  test('a key that names sources records as those alone', async () => {
    const till = await studio.key('entries:write', 'source:till');
    const body = { type: 'note', contact: { id: anna }, source: 'booking', source_id: 'forged' };
    await play(till, { name: 'another', method: 'POST', path: entries, body, status: 403 });
  });

  test('a note is about an entry that is there and that its author may see', async () => {
    const hidden = await record(owner, { private: true });
    for (const about of [anna, hidden]) {
      await play(studio.staff, {
        name: 'no such entry',
        method: 'POST',
        path: entries,
        body: { type: 'note', contact: { id: anna }, about },
        status: 422,
        errors: ['about entry_not_found'],
      });
    }
  });
});

describe('attachments', () => {
  test('a file is named only by who may see it', async () => {
    const hidden = await studio.owner.upload('secret.txt', 'secret');
    await record(owner, { private: true, attachments: [hidden] });
    const theirs = await studio.colleague.upload('theirs.txt', 'theirs');
    for (const file of [hidden, theirs]) {
      await play(studio.staff, {
        name: 'another',
        method: 'POST',
        path: entries,
        body: { type: 'note', contact: { id: anna }, attachments: [file] },
        status: 422,
        errors: ['attachments[0] attachment_not_found'],
      });
      await play(studio.staff, { name: 'read', path: `/api/v1/attachments/${file}`, status: 404 });
    }
  });

  test('a correction by another keeps, adds and removes files', async () => {
    const first = await studio.staff.upload('first.txt', 'first');
    const id = await record(studio.staff, { attachments: [first] });
    const path = `${entries}/${id}/corrections`;
    const files = async (body: object) =>
      (await studio.manager.post(path, { reason: 'x', ...body })).attachments.map(
        (f: any) => f.name,
      );
    expect(await files({ title: 'Kept' })).toEqual(['first.txt']);
    const second = await studio.manager.upload('second.txt', 'second');
    expect(await files({ attachments: [first, second] })).toEqual(['first.txt', 'second.txt']);
    expect(await files({ attachments: [second] })).toEqual(['second.txt']);
    expect((await studio.staff.request('GET', `/api/v1/attachments/${first}`)).text).toBe('first');
  });
});

describe('attribution', () => {
  test('recorded_by is the credential, the actor is what the draft says', async () => {
    const chosen = studio.members.colleague.id;
    const id = await record(studio.staff, { actor: { kind: 'staff', id: chosen } });
    const shown = await owner.get(`${entries}/${id}`);
    expect(shown.recorded_by).toEqual({
      kind: 'staff',
      id: studio.members.staff.id,
      name: 'The staff',
    });
    expect(shown.actor).toEqual({ kind: 'staff', id: chosen, name: 'The colleague' });
    const found = await owner.get(entries, { staff: chosen });
    expect(found.items.map((e: any) => e.id)).toContain(id);
  });

  test('recorded_by is shown and exported', async () => {
    const id = await record(studio.staff, {
      actor: { kind: 'staff', id: studio.members.colleague.id },
    });
    const by = { kind: 'staff', id: studio.members.staff.id, name: 'The staff' };
    const path = `/api/v1/contacts/${anna}/entries`;
    const listed = (await owner.all(path, { limit: 200 })).find((e) => e.id === id);
    expect(listed.recorded_by).toEqual(by);
    const exported = async (accept: string) =>
      (await owner.request('GET', path, { headers: { accept } })).text.trim().split(/\r?\n/);
    const lines = (await exported('application/x-ndjson')).map((line) => JSON.parse(line));
    expect(lines.find((e) => e.id === id).recorded_by).toEqual(by);
    const [head, ...rows] = (await exported('text/csv')).map((line) => line.split(','));
    const row = rows.find((cells) => cells.includes(id))!;
    const cell = (name: string) => row[head!.indexOf(name)];
    expect(cell('recorded_by_kind')).toBe('staff');
    expect(cell('recorded_by')).toBe('The staff');
    expect(cell('user')).toBe('The colleague');
  });

  test('nobody chosen is nobody', async () => {
    expect((await owner.get(`${entries}/${await record(owner)}`)).actor.kind).toBe('none');
  });

  test('a key records as itself', async () => {
    const key = await studio.key('entries:write');
    const id = await record(key);
    const { recorded_by } = await owner.get(`${entries}/${id}`);
    expect(recorded_by).toMatchObject({ kind: 'api_key', name: 'entries:write' });
  });

  test.each([
    { name: 'recorded_by', draft: { recorded_by: { kind: 'staff' } }, status: 422 },
    { name: 'recorded_at', draft: { recorded_at: '2020-01-01T00:00:00Z' }, status: 422 },
    { name: 'version', draft: { version: 7 }, status: 422 },
    { name: 'ledger', draft: { ledger: { contact_seq: 1 } }, status: 422 },
    {
      name: 'an unknown member',
      draft: { actor: { kind: 'staff', id: '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f' } },
      status: 422,
    },
    { name: 'a staff member without a name', draft: { actor: { kind: 'staff' } }, status: 422 },
    { name: 'a system actor', draft: { actor: { kind: 'system', name: 'Annals' } }, status: 422 },
  ])('$name cannot be forged', async ({ draft, status }) => {
    const body = { type: 'note', contact: { id: anna }, ...draft };
    await play(owner, { name: 'forged', method: 'POST', path: entries, body, status });
  });

  test('the correction shows who corrected and keeps who recorded', async () => {
    const id = await record(studio.staff);
    const body = { reason: 'Better', title: 'x' };
    const shown = await studio.manager.post(`${entries}/${id}/corrections`, body);
    expect(shown.recorded_by.id).toBe(studio.members.staff.id);
    expect(shown.corrected.by.id).toBe(studio.members.manager.id);
  });
});

describe('repeating safely', () => {
  const keyed = (source_id: string, more: object = {}) => ({
    type: 'payment.taken',
    contact: { id: anna },
    source: 'till',
    source_id,
    amount: { value: 100, currency: 'EUR' },
    ...more,
  });

  test('the same draft under the same key is 200 duplicate, however it is written', async () => {
    const first = await owner.post(entries, keyed('same', { details: { a: 1, b: 2 } }));
    expect(first.status).toBe('created');
    const before = await count();
    const again = await owner.post(entries, keyed('same', { details: { b: 2, a: 1 } }), 200);
    expect(again).toEqual({ ...first, status: 'duplicate' });
    expect(await count()).toBe(before);
  });

  test('another draft under the same key is 409 and writes nothing', async () => {
    await owner.post(entries, keyed('other'));
    const before = await count();
    const body = keyed('other', { amount: { value: 101, currency: 'EUR' } });
    const wrong = { name: 'other', method: 'POST', path: entries, body, status: 409 };
    await play(owner, { ...wrong, errors: ['idempotency_conflict'] });
    expect(await count()).toBe(before);
  });

  test('a repeat inside one array is a duplicate', async () => {
    const { items } = await owner.post(entries, [keyed('in'), keyed('in'), keyed('in-2')]);
    expect(items.map((i: any) => i.status)).toEqual(['created', 'duplicate', 'created']);
    expect(items[1].id).toBe(items[0].id);
  });

  test('a conflict inside an array writes nothing of it', async () => {
    const before = await count();
    const body = [keyed('arr'), keyed('arr', { title: 'Another' })];
    const wrong = { name: 'conflict', method: 'POST', path: entries, body, status: 409 };
    await play(owner, { ...wrong, errors: ['idempotency_conflict'] });
    expect(await count()).toBe(before);
    expect((await owner.post(entries, keyed('arr'))).status).toBe('created');
  });

  test('the key is unique by both its parts', async () => {
    await owner.post(entries, keyed('parts'));
    expect((await owner.post(entries, keyed('parts', { source: 'kiosk' }))).status).toBe('created');
  });

  test('of 16 requests at once with one key, one is created and 15 are duplicates', async () => {
    const replies = await Promise.all(
      Array.from({ length: 16 }, () =>
        owner.request('POST', entries, { json: keyed('race', { contact: { id: anna } }) }),
      ),
    );
    expect(replies.map((r) => r.status).sort()).toEqual([...Array(15).fill(200), 201]);
    expect(new Set(replies.map((r) => r.body.id)).size).toBe(1);
  });

  test('of 16 requests at once that would create the same contact, one does', async () => {
    const replies = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        owner.request('POST', entries, {
          json: {
            type: 'note',
            contact: { source: 'till', external_id: 'newcomer' },
            create_contact: { given_name: 'New', family_name: 'Comer' },
            source: 'till',
            source_id: `newcomer-${i}`,
          },
        }),
      ),
    );
    expect(replies.map((r) => r.status)).toEqual(Array(16).fill(201));
    expect(new Set(replies.map((r) => r.body.contact_id)).size).toBe(1);
  });

  test('a duplicate answers also after the entry was corrected and retracted', async () => {
    const till = await studio.key('entries:write', 'entries:read', 'source:till');
    const { id } = await till.post(entries, keyed('later'));
    await till.post(`${entries}/${id}/corrections`, { reason: 'x', title: 'y' });
    await till.post(`${entries}/${id}/retraction`, { reason: 'x' });
    expect(await till.post(entries, keyed('later'), 200)).toMatchObject({
      id,
      status: 'duplicate',
    });
  });

  test('an Idempotency-Key gives the first reply again, and is no other answer', async () => {
    const post = (name: string, key: string) =>
      owner.request('POST', '/api/v1/contacts', {
        json: { kind: 'person', given_name: name },
        headers: { 'idempotency-key': key },
      });
    const first = await post('Ida', 'k1');
    const again = await post('Ida', 'k1');
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    const other = await post('Otto', 'k1');
    expect(other.status).toBe(409);
    expect(errors_of(other)).toEqual(['Idempotency-Key idempotency_conflict']);
    expect((await post('Ida', 'k2')).body.id).not.toBe(first.body.id);
  });

  describe('every other POST takes an Idempotency-Key', () => {
    // Before anybody has signed in there is nobody whose key it could be; entries have their own.
    // The sandbox gives back what it is sent and keeps nothing. imports.test sends a file twice; a
    // second run of it stores nothing twice by itself, and is refused while the first is at work. A
    // dry run changes nothing.
    const imports = ['upload_import', 'run_import', 'cancel_import'];
    const none = ['set_up', 'sign_in', 'record_entries', 'show_in_sandbox', 'try_logging_rules'];
    const without = [...none, ...imports];
    const posts = operations.filter((one) => one.method === 'POST' && !without.includes(one.id));

    // By hand, since a repeat has to have the same boundary.
    const one_file = {
      type: 'multipart/form-data; boundary=b',
      raw: [
        '--b',
        'Content-Disposition: form-data; name="file"; filename="k.txt"',
        '',
        'k',
        '--b--',
        '',
      ].join('\r\n'),
    };

    /** A request of each, that works once. */
    const requests: Record<string, () => Promise<{ path?: string; json?: unknown }>> = {
      create_business: async () => ({
        json: { name: 'K', time_zone: 'Europe/Berlin', locale: 'de', currency: 'EUR' },
      }),
      create_staff: async () => ({
        json: { name: 'K', email: 'k@nord.example', role: 'staff', password },
      }),
      create_api_key: async () => ({ json: { name: 'K', scopes: ['admin'] } }),
      create_contact: async () => ({ json: { given_name: 'K' } }),
      merge_contact: async () => ({
        path: await studio.person(),
        json: { into: await studio.person() },
      }),
      unmerge_contact: async () => {
        const loser = await studio.person();
        const into = await studio.person();
        await owner.post(`/api/v1/contacts/${loser}/merge`, { into }, 200);
        return { path: loser };
      },
      correct_entry: async () => ({
        path: await record(owner),
        json: { reason: 'x', title: 'Once' },
      }),
      retract_entry: async () => ({ path: await record(owner), json: { reason: 'x' } }),
      deliver_entry: async () => ({
        path: await record(owner, { type: 'letter.sent' }),
        json: { status: 'failed' },
      }),
      upload_attachment: async () => ({}),
      create_task: async () => ({ json: { title: 'K', contact: { id: anna } } }),
      complete_task: async () => ({
        path: (await owner.post('/api/v1/tasks', { title: 'K', contact: { id: anna } })).id,
      }),
      create_contact_type: async () => ({ json: { name: 'K' } }),
      create_entry_type: async () => ({
        json: { type: 'k.k', name: 'K', category: 'account' },
      }),
      create_logging_rule: async () => ({ json: { type: 'k.k', enabled: false } }),
      create_log_view: async () => ({ json: { key: 'k', name: 'K', roles: [] } }),
      create_saved_filter: async () => ({ json: { name: 'K', filter: 'type=note' } }),
      start_export: async () => ({ json: { format: 'bundle', contact: anna } }),
    };

    test('of all that the document has', () => {
      expect(Object.keys(requests).sort()).toEqual(posts.map((one) => one.id).sort());
    });

    test.each(posts)('$id', async ({ id, path, parameters }) => {
      expect(parameters.map((one) => one.name)).toContain('Idempotency-Key');
      const request = await requests[id]!();
      const send = () =>
        owner.request('POST', path.replace('{id}', request.path ?? ''), {
          ...(id === 'upload_attachment' ? one_file : { json: request.json }),
          headers: { 'idempotency-key': `every ${id}` },
        });
      const first = await send();
      expect([200, 201, 202], first.text).toContain(first.status);
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      const again = await send();
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect([again.status, again.text]).toEqual([first.status, first.text]);
    });
  });
});

describe('many at once', () => {
  test('an array is all or nothing, and its errors name the index', async () => {
    const before = await count();
    const good = { type: 'note', contact: { id: anna } };
    const wrong = await play(owner, {
      name: 'array',
      method: 'POST',
      path: entries,
      body: [
        good,
        { type: 'note' },
        { ...good, occurred_at: 'yesterday' },
        { ...good, type: 'Ünknown' },
      ],
      status: 422,
    });
    const fields = wrong.body.errors.map((e: any) => e.field);
    expect(fields).toEqual(expect.arrayContaining(['[1].contact', '[2].occurred_at']));
    expect(await count()).toBe(before);
  });

  test('an array has 1 to 1,000 entries', async () => {
    const before = await count();
    const array = (n: number) =>
      Array.from({ length: n }, () => ({ type: 'note', contact: { id: anna } }));
    expect((await owner.post(entries, array(1000))).items).toHaveLength(1000);
    expect(await count()).toBe(before + 1000);
    for (const n of [0, 1001]) {
      await play(owner, {
        name: `${n}`,
        method: 'POST',
        path: entries,
        body: array(n),
        status: 422,
      });
    }
    expect(await count()).toBe(before + 1000);
  });

  test('lines of NDJSON stand on their own', async () => {
    const before = await count();
    const good = JSON.stringify({ type: 'note', contact: { id: anna } });
    const body = await owner.must(201, 'POST', entries, {
      raw: [good, '{', '{"type":"note"}', '', good, '[]', '"x"'].join('\n'),
      type: 'application/x-ndjson',
    });
    expect(body.items.map((i: any) => i.status)).toEqual(['created', 'created']);
    expect(body.rejected.map((r: any) => r.line)).toEqual([2, 3, 6, 7]);
    expect(await count()).toBe(before + 2);
  });

  test('contact_seq of a contact is gapless, and counts every version', async () => {
    const dora = await studio.person({ given_name: 'Dora' });
    const history = `/api/v1/contacts/${dora}/entries`;
    for (let i = 0; i < 5; ++i) {
      const id = await record(owner, { contact: { id: dora } });
      await owner.post(`${entries}/${id}/corrections`, { reason: 'x', title: `${i}` });
      if (i % 2) await owner.post(`${entries}/${id}/retraction`, { reason: 'x' });
      // What is refused takes no number.
      const good = { type: 'note', contact: { id: dora } };
      const json = [good, { ...good, views: ['none such'] }];
      expect((await owner.request('POST', entries, { json })).status).toBe(422);
    }
    const seqs: number[] = [];
    for (const { id } of await owner.all(history)) {
      const { versions } = await owner.get(`${entries}/${id}`);
      seqs.push(...versions.map((v: any) => v.ledger.contact_seq));
    }
    expect(seqs.length).toBeGreaterThanOrEqual(12);
    expect(seqs.sort((x, y) => x - y)).toEqual(seqs.map((_, i) => i + 1));
  });
});

describe('what a draft may say', () => {
  const draft = (more: object) => ({ type: 'note', contact: { id: anna }, ...more });
  const long = (n: number) => 'x'.repeat(n);

  test.each([
    { name: 'title of 500', more: { title: long(500) } },
    { name: 'title of 500 characters of four bytes', more: { title: '𝄞'.repeat(500) } },
    { name: 'text of 64 KiB', more: { text: long(65_536) } },
    { name: 'text with lines', more: { text: 'one\ntwo\tthree' } },
    {
      name: '200 changes',
      more: { changes: Array.from({ length: 200 }, (_, i) => ({ field: `f${i}` })) },
    },
    { name: 'source_id of 500', more: { source: 's', source_id: long(500) } },
    { name: 'the year 1', more: { occurred_at: '0001-01-02T00:00:00Z' } },
    { name: 'the year 9999', more: { occurred_at: '9999-12-30T00:00:00Z' } },
    { name: 'a type of its own', more: { type: 'locker.opened', category: 'account' } },
    { name: 'negative money', more: { amount: { value: -1, currency: 'EUR' } } },
    {
      name: 'the largest amount',
      more: { amount: { value: 9_007_199_254_740_991, currency: 'JPY' } },
    },
  ])('$name is taken', async ({ more }) => {
    await play(owner, { name: '', method: 'POST', path: entries, body: draft(more), status: 201 });
  });

  test.each([
    { name: 'title of 501', more: { title: long(501) }, errors: ['title'] },
    { name: 'text of 64 KiB and 1', more: { text: long(65_537) }, errors: ['text'] },
    {
      name: 'text of 64 KiB in characters, more in bytes',
      more: { text: 'ß'.repeat(65_536) },
      errors: ['text'],
    },
    {
      name: 'details of more than 64 KiB',
      more: { details: { a: long(65_536) } },
      errors: ['details'],
    },
    {
      name: '201 changes',
      more: { changes: Array.from({ length: 201 }, (_, i) => ({ field: `f${i}` })) },
      errors: ['changes'],
    },
    {
      name: '21 attachments',
      more: { attachments: Array(21).fill('019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f') },
      errors: ['attachments'],
    },
    {
      name: 'an attachment that is not there',
      more: { attachments: ['019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f'] },
      errors: ['attachments'],
    },
    { name: 'source of 201', more: { source: long(201), source_id: 'x' }, errors: ['source'] },
    {
      name: 'source_id of 501',
      more: { source: 's', source_id: long(501) },
      errors: ['source_id'],
    },
    {
      name: 'a type of its own without category',
      more: { type: 'locker.opened.twice' },
      errors: ['category'],
    },
    { name: 'a type in capitals', more: { type: 'Note' }, errors: ['type'] },
    { name: 'an unknown category', more: { type: 'x.y', category: 'fun' }, errors: ['category'] },
    {
      name: 'a built-in type in another category',
      more: { category: 'payments' },
      errors: ['category'],
    },
    { name: 'an unknown method', more: { method: 'smoke' }, errors: ['method'] },
    { name: 'an unknown direction', more: { direction: 'up' }, errors: ['direction'] },
    { name: 'an unknown zone', more: { time_zone: 'Europe/Atlantis' }, errors: ['time_zone'] },
    { name: 'a date as time', more: { occurred_at: '2020-01-01' }, errors: ['occurred_at'] },
    { name: 'no time', more: { occurred_at: '2020-13-01T00:00:00Z' }, errors: ['occurred_at'] },
    { name: 'an unknown view', more: { views: ['secret'] }, errors: ['views'] },
    {
      name: 'money in a fraction',
      more: { amount: { value: 1.5, currency: 'EUR' } },
      errors: ['amount.value'],
    },
    {
      name: 'money as text',
      more: { amount: { value: '1', currency: 'EUR' } },
      errors: ['amount.value'],
    },
    {
      name: 'no currency',
      more: { amount: { value: 1, currency: 'EURO' } },
      errors: ['amount.currency'],
    },
    {
      name: 'an unknown currency',
      more: { amount: { value: 1, currency: 'QQQ' } },
      errors: ['amount.currency'],
    },
    {
      name: 'an amount that RFC 8785 cannot hold',
      more: { amount: { value: 9_007_199_254_740_992, currency: 'EUR' } },
      errors: ['amount.value'],
    },
    { name: 'an unknown field', more: { colour: 'red' }, errors: ['colour'] },
    { name: 'no type', more: { type: null }, errors: ['type'] },
    { name: 'no contact', more: { contact: null }, errors: ['contact'] },
  ])('$name is 422 and names the field', async ({ more, errors }) => {
    const reply = await play(owner, {
      name: '',
      method: 'POST',
      path: entries,
      body: draft(more),
      status: 422,
    });
    const fields = reply.body.errors.map((e: any) => e.field.replace(/\[\d+\]$/, ''));
    expect(fields).toEqual(expect.arrayContaining(errors));
  });
});

describe('pins', () => {
  test('a pin is shown in the list and goes again', async () => {
    const id = await record(owner);
    for (const [method, pinned] of [
      ['PUT', true],
      ['PUT', true],
      ['DELETE', false],
      ['DELETE', false],
    ] as const) {
      await owner.must(204, method, `${entries}/${id}/pin`);
      expect((await owner.get(`${entries}/${id}`)).pinned).toBe(pinned);
    }
  });
});
