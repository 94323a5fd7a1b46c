// Logging rules: what is recorded of what other systems send, what is counted instead, and what a
// past time would have recorded.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from './support/client';
import { Studio } from './support/studio';

const entries = '/api/v1/entries';
const rules = '/api/v1/logging-rules';
let studio: Studio;
let owner: Client;
let till: Client;
let anna: string;

beforeAll(async () => {
  studio = await Studio.staffed();
  owner = studio.owner;
  till = await studio.key('entries:read', 'entries:write', 'contacts:write');
  anna = await studio.person();
});
afterAll(() => studio?.server.stop());

let sent = 0;
const draft = (type: string, more: object = {}) => ({
  type,
  contact: { id: anna },
  source: 'till',
  source_id: `d${++sent}`,
  ...more,
});
/** What `till` is answered, recorded or not. */
async function answer(json: object): Promise<any> {
  const reply = await till.request('POST', entries, { json });
  expect([200, 201], reply.text).toContain(reply.status);
  return reply.body;
}
const rule = (body: object) => owner.post(rules, body);
const change = (id: string, body: object) => owner.patch(`${rules}/${id}`, body);
const listed = async (id: string) =>
  (await owner.get(rules)).items.find((item: any) => item.id === id);
const count_of = async (query: string) =>
  (await owner.get(`/api/v1/contacts/${anna}/entries?limit=200&${query}`)).items.length;

describe('a type that is switched off', () => {
  const type = 'account.signed_in';
  let id: string;
  beforeAll(async () => {
    ({ id } = await rule({ type, enabled: false }));
  });

  test('is not recorded, and says so', async () => {
    const reply = await till.request('POST', entries, { json: draft(type) });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ id: null, status: 'not_logged', rule_id: id });
    expect(await count_of(`type=${type}`)).toBe(0);
  });

  test('is counted, alone, in an array and in lines', async () => {
    const before = (await listed(id)).not_logged.count;
    const array = [draft(type), draft('call'), draft(type)];
    const { items } = await answer(array);
    expect(items.map((item: any) => item.status)).toEqual(['not_logged', 'created', 'not_logged']);
    const lines = [
      draft(type),
      draft('note'),
      draft(type, { contact: { email: 'nobody@example.com' } }),
    ];
    const reply = await till.must(201, 'POST', entries, {
      raw: lines.map((line) => JSON.stringify(line)).join('\n'),
      type: 'application/x-ndjson',
    });
    expect(reply.items.map((item: any) => item.status)).toEqual([
      'not_logged',
      'created',
      'not_logged',
    ]);
    const { not_logged } = await listed(id);
    expect(not_logged.count).toBe(before + 4);
    expect(not_logged.last_at).toMatch(/Z$/);
  });

  test('makes no contact and no task', async () => {
    const of_nobody = draft(type, {
      contact: { source: 'till', external_id: 'nobody' },
      create_contact: { kind: 'person', given_name: 'Nobody' },
      task: { title: 'Call back' },
    });
    expect((await answer(of_nobody)).status).toBe('not_logged');
    expect((await owner.get('/api/v1/contacts?q=Nobody')).items).toEqual([]);
    expect((await owner.get('/api/v1/tasks')).items).toEqual([]);
  });

  test('is checked all the same', async () => {
    const { id: unknown } = await rule({ type: 'gym.entered', enabled: false });
    const reply = await till.request('POST', entries, {
      json: draft('gym.entered'),
    });
    expect(reply.status).toBe(422);
    expect(reply.body.errors[0].field).toBe('category');
    expect((await listed(unknown)).not_logged).toEqual({
      count: 0,
      last_at: null,
    });
  });

  test('is recorded where staff write it, or what came before comes again', async () => {
    const by_hand = await studio.staff.post(entries, {
      type,
      contact: { id: anna },
    });
    expect(by_hand.status).toBe('created');
    await change(id, { enabled: true });
    const kept = draft(type);
    const first = await answer(kept);
    expect(first.status).toBe('created');
    await change(id, { enabled: false });
    expect(await answer(kept)).toMatchObject({
      id: first.id,
      status: 'duplicate',
    });
  });

  test('is recorded when it is sent again after it was switched on', async () => {
    const late = draft(type);
    expect((await answer(late)).status).toBe('not_logged');
    await change(id, { enabled: true });
    expect((await answer(late)).status).toBe('created');
    await change(id, { enabled: false });
  });
});

test('the rule of a source counts before that of all sources', async () => {
  const type = 'status.changed';
  await rule({ type, enabled: false });
  await rule({ type, source: 'crm', enabled: true });
  expect((await answer(draft(type))).status).toBe('not_logged');
  expect((await answer(draft(type, { source: 'crm' }))).status).toBe('created');
  expect((await answer(draft(type, { source: 'CRM' }))).status).toBe('not_logged');
});

test('what the draft leaves open comes from the rule, and the entry names it', async () => {
  await owner.post('/api/v1/contact-types', { name: 'Front desk' });
  const given = {
    contact_type: 'front DESK',
    views: ['financial', 'financial'],
  };
  const { id, ...made } = await rule({
    type: 'visit',
    source: 'till',
    enabled: true,
    ...given,
  });
  expect(made).toMatchObject({
    contact_type: 'Front desk',
    views: ['financial'],
  });
  const shown = async (more: object) =>
    owner.get(`${entries}/${(await answer(draft('visit', more))).id}`);
  const open = await shown({});
  expect(open).toMatchObject({
    contact_type: 'Front desk',
    views: ['financial'],
  });
  expect(open.origin).toMatchObject({
    kind: 'automatic',
    source: 'till',
    rule: id,
  });
  const stated = await shown({
    contact_type: 'Message Center',
    views: ['general'],
  });
  expect(stated).toMatchObject({
    contact_type: 'Message Center',
    views: ['general'],
  });
  expect(stated.origin.rule).toBeNull();
  const elsewhere = await shown({ source: 'website' });
  expect(elsewhere).toMatchObject({ contact_type: null, views: ['general'] });
  // The same draft is a repeat, whatever the rule says by then.
  const again = draft('visit');
  const { id: first } = await answer(again);
  await change(id, { contact_type: null, views: [] });
  expect(await answer(again)).toMatchObject({ id: first, status: 'duplicate' });
});

test('what the server itself tells of follows the rules too', async () => {
  const { id } = await rule({ type: 'contact.changed', enabled: false });
  const before = await count_of('type=contact.changed');
  await owner.patch(`/api/v1/contacts/${anna}`, { family_name: 'Changed' });
  expect(await count_of('type=contact.changed')).toBe(before);
  expect((await listed(id)).not_logged.count).toBe(1);
  await change(id, { enabled: true });
  await owner.patch(`/api/v1/contacts/${anna}`, { family_name: 'Again' });
  expect(await count_of('type=contact.changed')).toBe(before + 1);
});

describe('is refused', () => {
  const refused = async (body: object, status: number) => {
    const reply = await owner.request('POST', rules, { json: body });
    expect(reply.status, reply.text).toBe(status);
    return reply.body.errors[0];
  };

  test('what is no rule', async () => {
    expect((await refused({ enabled: false }, 422)).field).toBe('type');
    expect((await refused({ type: 'call' }, 422)).field).toBe('enabled');
    expect((await refused({ type: 'No Type', enabled: true }, 422)).code).toBe('type_name');
    expect((await refused({ type: 'call', enabled: 1 }, 422)).field).toBe('enabled');
    const call = { type: 'call', enabled: true };
    expect((await refused({ ...call, source: 'x'.repeat(201) }, 422)).field).toBe('source');
    expect((await refused({ ...call, contact_type: 'None' }, 422)).field).toBe('contact_type');
    expect((await refused({ ...call, views: ['none'] }, 422)).field).toBe('views');
    expect((await refused({ ...call, other: 1 }, 422)).field).toBe('other');
  });

  test('a second rule of a type and source', async () => {
    await rule({ type: 'meeting', source: 'crm', enabled: true });
    const second = { type: 'meeting', source: 'crm', enabled: false };
    expect((await refused(second, 409)).code).toBe('rule_taken');
    await rule({ type: 'meeting', enabled: true });
  });

  test('to switch off what is always recorded', async () => {
    for (const type of ['consent.signed', 'consent.withdrawn', 'contact.merged']) {
      const off = await refused({ type, enabled: false }, 422);
      expect([off.field, off.code], type).toEqual(['enabled', 'always_recorded']);
    }
    const { id } = await rule({ type: 'contact.erased', enabled: true });
    const reply = await owner.request('PATCH', `${rules}/${id}`, {
      json: { enabled: false },
    });
    expect(reply.body.errors[0].code).toBe('always_recorded');
  });

  test('a change of what is no longer so', async () => {
    const { id } = await rule({ type: 'letter.sent', enabled: true });
    const path = `${rules}/${id}`;
    const first = await owner.request('PATCH', path, {
      json: { enabled: false },
      headers: { 'if-match': '"1"' },
    });
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await owner.request('PATCH', path, {
      json: { enabled: true },
      headers: { 'if-match': '"1"' },
    });
    expect(late.status).toBe(412);
    const fixed = await owner.request('PATCH', path, {
      json: { type: 'call' },
    });
    expect(fixed.body.errors[0].field).toBe('type');
  });
});

describe('a dry run', () => {
  const try_out = (json: object) => owner.post(`${rules}/dry-run`, json, 200);
  const day = { from: '2024-02-01', to: '2024-03-01' };
  const of = (result: any, type: string, source: string | null) =>
    result.items.find((item: any) => item.type === type && item.source === source);

  beforeAll(async () => {
    await rule({ type: 'sms.sent', source: 'bulk', enabled: false });
    const at = (time: string) => ({ occurred_at: time });
    await answer([
      draft('sms.sent', at('2024-01-31T22:59:59Z')), // the day before, in the business's zone
      draft('sms.sent', at('2024-01-31T23:00:00Z')),
      draft('sms.sent', { ...at('2024-02-02T08:00:00Z'), source: 'bulk' }),
      draft('sms.sent', { ...at('2024-02-28T08:00:00Z'), source: 'bulk' }),
      draft('sms.sent', { ...at('2024-03-02T08:00:00Z'), source: 'bulk' }),
      draft('payment.taken', at('2024-02-10T08:00:00Z')),
    ]);
    // What staff wrote is none of it.
    const by_hand = {
      type: 'call',
      contact: { id: anna },
      ...at('2024-02-11T08:00:00Z'),
    };
    await studio.staff.post(entries, by_hand);
  });

  test('says what today’s rules would have recorded', async () => {
    const result = await try_out(day);
    expect(result).toMatchObject({ exact: true, seen: 4, would_log: 2 });
    expect(of(result, 'sms.sent', 'till')).toMatchObject({
      category: 'messages',
      seen: 1,
      logged: 1,
      would_log: 1,
      rule_id: null,
    });
    expect(of(result, 'sms.sent', 'bulk')).toMatchObject({
      seen: 2,
      logged: 0,
      would_log: 0,
    });
    expect(of(result, 'payment.taken', 'till')).toMatchObject({
      seen: 1,
      would_log: 1,
    });
    expect(of(result, 'call', null)).toBeUndefined();
  });

  test('tries rules before they are made, and changes nothing', async () => {
    const before = (await owner.get(rules)).items;
    const result = await try_out({
      ...day,
      rules: [
        {
          type: 'sms.sent',
          source: 'bulk',
          enabled: true,
          views: ['financial'],
        },
        { type: 'payment.taken', enabled: false },
      ],
    });
    expect(result).toMatchObject({ seen: 4, would_log: 3 });
    const sms = { would_log: 2, rule_id: null, views: ['financial'] };
    expect(of(result, 'sms.sent', 'bulk')).toMatchObject(sms);
    expect(of(result, 'payment.taken', 'till')).toMatchObject({
      logged: 1,
      would_log: 0,
    });
    expect((await owner.get(rules)).items).toEqual(before);
  });

  test('a rule for all sources that is tried counts before the one that there is', async () => {
    const in_2022 = { from: '2022-01-01', to: '2023-01-01' };
    await answer(draft('payment.refunded', { occurred_at: '2022-06-01T08:00:00Z' }));
    await rule({ type: 'payment.refunded', enabled: false });
    expect(await try_out(in_2022)).toMatchObject({ seen: 1, would_log: 0 });
    const rules = [{ type: 'payment.refunded', enabled: true }];
    expect(await try_out({ ...in_2022, rules })).toMatchObject({ seen: 1, would_log: 1 });
  });

  test('counts an entry that was corrected once', async () => {
    const at = { occurred_at: '2023-05-05T08:00:00Z' };
    const crm = await studio.key('entries:write', 'source:crm');
    const { id } = await crm.post(entries, draft('note', { ...at, source: 'crm' }));
    await crm.post(`${entries}/${id}/corrections`, {
      title: 'Better',
      reason: 'Typing error',
    });
    const result = await try_out({ from: '2023-05-01', to: '2023-06-01' });
    expect(result).toMatchObject({ seen: 1, would_log: 1 });
  });

  test('refuses what is no time and no rule', async () => {
    const refused = async (body: object) => {
      const reply = await owner.request('POST', `${rules}/dry-run`, {
        json: body,
      });
      expect(reply.status, reply.text).toBe(422);
      return reply.body.errors[0].field;
    };
    expect(await refused({ to: '2024-03-01' })).toBe('from');
    expect(await refused({ from: 'May', to: '2024-03-01' })).toBe('from');
    expect(await refused({ from: '2024-03-01', to: '2024-03-01' })).toBe('to');
    expect(await refused({ ...day, rules: [{ type: 'call' }] })).toBe('rules[0].enabled');
    const twice = { type: 'call', enabled: false };
    expect(await refused({ ...day, rules: [twice, twice] })).toBe('rules[1].type');
  });
});
