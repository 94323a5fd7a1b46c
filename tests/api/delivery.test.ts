// Delivery events: what is reported of a message, each a leaf, and the status that follows.
import canonicalize from 'canonicalize';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Desk, fetch_bundle, verify_bundle } from './support/bundle';
import type { Client } from './support/client';
import { Follower } from './support/stream';
import { Studio } from './support/studio';

const entries = '/api/v1/entries';
const desk = new Desk();
let studio: Studio;
let owner: Client;
let mailer: Client; // a key that is bound to its source
let anna: string;

beforeAll(async () => {
  studio = await Studio.staffed();
  owner = studio.owner;
  mailer = await studio.key('entries:read', 'entries:write', 'source:mailer');
  anna = await studio.person();
});
afterAll(async () => {
  desk.clear();
  await studio?.server.stop();
});

let sent = 0;
/** A message of the mailer; its id. */
async function message(type = 'email.sent', more: object = {}): Promise<string> {
  const draft = { type, contact: { id: anna }, source: 'mailer', source_id: `m${++sent}`, ...more };
  return (await mailer.post(entries, draft)).id;
}
const report = (id: string, event: object, client = mailer) =>
  client.request('POST', `${entries}/${id}/delivery-events`, { json: event });
async function told(id: string, event: object): Promise<any> {
  const reply = await report(id, event);
  expect(reply.status, reply.text).toBe(201);
  return reply.body;
}
const shown = (id: string) => owner.get(`${entries}/${id}`);
const listed = async (id: string, query = '') =>
  (await owner.get(`/api/v1/contacts/${anna}/entries?limit=200${query}`)).items.find(
    (item: any) => item.id === id,
  );

test('each event is kept with its reason, and the status follows', async () => {
  const id = await message();
  expect((await shown(id)).status).toBe('sent');
  await told(id, { status: 'delivered', occurred_at: '2026-03-01T09:00:00Z' });
  const { id: event } = await told(id, {
    status: 'bounced',
    occurred_at: '2026-03-01T09:01:00Z',
    reason: 'The mailbox is full',
  });
  const entry = await shown(id);
  expect(entry.status).toBe('bounced');
  expect(entry.delivery_events).toMatchObject([
    { status: 'delivered', reason: null, machine: false, recorded_by: { kind: 'api_key' } },
    { id: event, status: 'bounced', reason: 'The mailbox is full', source_id: null },
  ]);
  expect(entry.proof.verified).toBe(true);
  expect(await listed(id)).toMatchObject({
    status: 'bounced',
    status_history: [
      { status: 'delivered', at: '2026-03-01T09:00:00.000000Z', machine: false, reason: null },
      { status: 'bounced', at: '2026-03-01T09:01:00.000000Z', reason: 'The mailbox is full' },
    ],
  });
});

test('a late event never erases a worse one, and both are shown', async () => {
  const id = await message();
  await told(id, { status: 'bounced' });
  await told(id, { status: 'opened' });
  await told(id, { status: 'sent' });
  const entry = await shown(id);
  expect(entry.status).toBe('bounced');
  expect(entry.delivery_events.map((e: any) => e.status)).toEqual(['bounced', 'opened', 'sent']);
});

test('what a machine opened was not opened', async () => {
  const id = await message();
  await told(id, { status: 'opened', machine: true });
  expect(await listed(id)).toMatchObject({
    status: 'sent',
    status_history: [{ status: 'opened', machine: true }],
  });
  await told(id, { status: 'opened' });
  expect((await shown(id)).status).toBe('opened');
  const wrong = await report(id, { status: 'delivered', machine: true });
  expect(wrong.status).toBe(422);
  expect(wrong.body.errors[0].field).toBe('machine');
});

test('events stand as they happened, however they came', async () => {
  const id = await message();
  await told(id, { status: 'clicked', occurred_at: '2026-03-01T12:00:00Z' });
  await told(id, { status: 'delivered', occurred_at: '2026-03-01T11:00:00Z' });
  const entry = await shown(id);
  expect(entry.status_history.map((e: any) => e.status)).toEqual(['delivered', 'clicked']);
  expect(entry.status).toBe('clicked');
});

describe('a repeat', () => {
  test('is told, and another event with its key is refused', async () => {
    const id = await message();
    const event = { status: 'delivered', source_id: 'ev-1', occurred_at: '2026-03-01T12:00:00Z' };
    const first = await told(id, event);
    const again = await report(id, event);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ ...first, status: 'duplicate' });
    const other = await report(id, { ...event, status: 'opened' });
    expect(other.status).toBe(409);
    const fault = { field: 'source_id', code: 'idempotency_conflict' };
    expect(other.body.errors[0]).toMatchObject(fault);
    expect((await shown(id)).delivery_events).toHaveLength(1);
    // The key is the entry's own.
    await told(await message(), event);
  });
});

describe('is refused', () => {
  test.each([
    ['sms.sent', 'clicked'],
    ['push.sent', 'delivered'],
    ['letter.sent', 'opened'],
  ])('%s that was %s', async (type, status) => {
    const reply = await report(await message(type), { status });
    expect(reply.status).toBe(422);
    expect(reply.body.errors[0]).toMatchObject({ field: 'status', code: 'status' });
  });
  const unsent = ['call', 'email.received', 'payment.taken'];
  test.each(unsent)('of %s, which was not sent', async (type) => {
    const amount = type === 'payment.taken' ? { value: 1, currency: 'EUR' } : undefined;
    const reply = await report(await message(type, { amount }), { status: 'sent' });
    expect(reply.status).toBe(409);
    expect(reply.body.errors[0].code).toBe('no_message');
  });
  test.each([
    [{}, 'status'],
    [{ status: 'eaten' }, 'status'],
    [{ status: 'sent', reason: 'x'.repeat(2_001) }, 'reason'],
    [{ status: 'sent', occurred_at: 'yesterday' }, 'occurred_at'],
    [{ status: 'sent', colour: 'red' }, 'colour'],
    [{ status: 7 }, 'status'],
  ])('%j', async (event, field) => {
    const id = await message();
    const reply = await report(id, event);
    expect(reply.status).toBe(422);
    expect(reply.body.errors[0].field).toBe(field);
    expect((await shown(id)).delivery_events).toEqual([]);
  });
  test('from who may not report it', async () => {
    const id = await message();
    const other = await studio.key('entries:read', 'entries:write', 'source:billing');
    expect((await report(id, { status: 'sent' }, other)).status).toBe(403);
    const by_staff = await report(id, { status: 'sent' }, owner);
    expect(by_staff.status).toBe(409);
    expect(by_staff.body.errors[0].code).toBe('automatic');
    expect((await report(id, { status: 'sent' }, studio.auditor)).status).toBe(403);
    const stranger = await studio.other_business();
    expect((await report(id, { status: 'sent' }, stranger)).status).toBe(404);
  });
});

test('an entry holds 1,000 events, and then says so', async () => {
  const id = await message();
  const at_once = 50;
  for (let i = 0; i < 1_000; i += at_once) {
    await Promise.all(
      Array.from({ length: at_once }, () => told(id, { status: 'opened', machine: true })),
    );
  }
  const entry = await shown(id); // which waits until all are derived
  expect(entry.delivery_events).toHaveLength(1_000);
  const reply = await report(id, { status: 'opened' });
  expect(reply.status).toBe(409);
  expect(reply.body.errors[0].code).toBe('too_many');
});

test('staff report of what they sent by hand', async () => {
  const letter = { type: 'letter.sent', contact: { id: anna } };
  const { id } = await studio.staff.post(entries, letter);
  const back = { status: 'failed', reason: 'Moved' };
  expect((await report(id, back, studio.colleague)).status).toBe(201);
  expect(await listed(id)).toMatchObject({ status: 'failed' });
});

test('a correction keeps the status, and what came before a retraction stays', async () => {
  const draft = { type: 'email.sent', contact: { id: anna }, title: 'By hand' };
  const { id } = await owner.post(entries, draft);
  await report(id, { status: 'bounced' }, owner);
  const corrected = await owner.post(`${entries}/${id}/corrections`, { title: 'Y', reason: 'x' });
  expect(corrected).toMatchObject({ status: 'bounced', version: 2 });
  expect(corrected.delivery_events).toHaveLength(1);
  expect(await listed(id, '&status=bounced')).toMatchObject({ title: 'Y', status: 'bounced' });
  await report(id, { status: 'complained' }, owner);
  await owner.post(`${entries}/${id}/retraction`, { reason: 'x' });
  expect(await listed(id)).toMatchObject({ status: 'complained', retracted: { reason: 'x' } });
});

describe('filters and counts', () => {
  test('go by the status that follows', async () => {
    const berta = await studio.person({ given_name: 'Berta' });
    const ids: string[] = [];
    for (const events of [[], ['delivered'], ['delivered', 'opened'], ['bounced', 'opened']]) {
      const id = await message('email.sent', { contact: { id: berta } });
      for (const status of events) await told(id, { status });
      ids.push(id);
    }
    const path = `/api/v1/contacts/${berta}/entries`;
    const page = await owner.get(`${path}?facets=1`);
    expect(page.facets.status).toEqual({ sent: 1, delivered: 1, opened: 1, bounced: 1 });
    const opened = await owner.get(`${path}?status=opened`);
    expect(opened.items.map((item: any) => item.id)).toEqual([ids[2]]);
    // Over all clients the counts are kept, not counted.
    const before = (await owner.get(`${entries}?facets=1`)).facets.status;
    await told(ids[0]!, { status: 'clicked' });
    const after = (await owner.get(`${entries}?facets=1`)).facets.status;
    expect(after.clicked).toBe((before.clicked ?? 0) + 1);
    expect(after.sent).toBe(before.sent - 1);
  });

  test('are those of the time that is asked about', async () => {
    const carla = await studio.person({ given_name: 'Carla' });
    const id = await message('email.sent', { contact: { id: carla } });
    const { recorded_at: then } = await shown(id);
    await told(id, { status: 'delivered' });
    const first = (await shown(id)).delivery_events[0].recorded_at;
    await told(id, { status: 'bounced' });
    const path = `/api/v1/contacts/${carla}/entries?facets=1`;
    const at = (as_of: string, more = '') =>
      owner.get(`${path}&as_of=${encodeURIComponent(as_of)}${more}`);
    expect((await at(then)).items[0]).toMatchObject({ status: 'sent', status_history: [] });
    expect((await at(then)).facets.status).toEqual({ sent: 1 });
    expect((await at(first)).items[0]).toMatchObject({ status: 'delivered' });
    expect((await at(first)).facets.status).toEqual({ delivered: 1 });
    expect((await at(first, '&status=delivered')).items).toHaveLength(1);
    expect((await at(first, '&status=bounced')).items).toEqual([]);
    expect((await owner.get(path)).facets.status).toEqual({ bounced: 1 });
  });

  test('reach the CSV', async () => {
    const dora = await studio.person({ given_name: 'Dora' });
    await told(await message('email.sent', { contact: { id: dora } }), { status: 'opened' });
    const reply = await owner.request('GET', `/api/v1/contacts/${dora}/entries`, {
      headers: { accept: 'text/csv' },
    });
    expect(reply.text).toContain(',email.sent,,opened,outbound,');
  });
});

test('followers are told', async () => {
  const id = await message();
  const follower = await Follower.open(studio.staff);
  await told(id, { status: 'delivered' });
  const event = await follower.until((e) => e.event === 'delivery' && e.data.id === id);
  expect(event.data).toMatchObject({ contact_id: anna, version: 1, type: 'email.sent' });
  follower.close();
});

describe('in the ledger', () => {
  test('an event has a place of its own, and its proof', async () => {
    const id = await message();
    const { id: event, ledger } = await told(id, { status: 'delivered', reason: '250 ok' });
    const entry = await shown(id);
    expect(ledger.contact_seq).toBe(entry.ledger.contact_seq + 1);
    const at = `/api/v1/ledger/entries/${id}/proof?event=${event}`;
    const reply = await owner.request('GET', at, { headers: { accept: 'application/json' } });
    expect(reply.body).toMatchObject({ event, contact_seq: ledger.contact_seq, attachments: [] });
    expect(reply.body.record).toBe(canonicalize(JSON.parse(reply.body.record)));
    expect(JSON.parse(reply.body.record)).toMatchObject({
      kind: 'delivery',
      id,
      event,
      status: 'delivered',
      reason: '250 ok',
      v: 1,
    });
    const nowhere = `/api/v1/ledger/entries/${id}/proof?event=${id}`;
    expect((await owner.request('GET', nowhere)).status).toBe(404);
  });

  test('a bundle holds it, and annals-verify checks it', async () => {
    const ella = await studio.person({ given_name: 'Ella' });
    const id = await message('email.sent', { contact: { id: ella } });
    await message('sms.sent', { contact: { id: ella } });
    await told(id, { status: 'opened', machine: true });
    await told(id, { status: 'bounced', reason: 'Full <b>' });
    const file = desk.bundle(await fetch_bundle(owner, { contact: ella }));
    const said = verify_bundle(file);
    expect(said.code, said.out + said.err).toBe(10);
    expect(said.out).toMatch(new RegExp(`^ok +entry ${id} .*2 delivery events`, 'm'));
    expect(said.out).toContain('3 entries; of 5 leaves 0 are withheld and 0 erased');
    const page = desk.unpack(file).get('index.html')!.toString();
    expect(page).toContain('<h3>Reported: opened (by a machine, not a person)</h3>');
    expect(page).toContain('<dd>Full &lt;b&gt;</dd>');
    // What was not asked for is withheld, its events too.
    const order = { contact: ella, filters: { method: ['sms'] } };
    const part = verify_bundle(desk.bundle(await fetch_bundle(owner, order)));
    expect(part.out).toContain('1 entries; of 5 leaves 4 are withheld');
  });
});
