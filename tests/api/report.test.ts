// GET /reports/contact-history: what GET /entries lists, with the report's columns as CSV.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Studio } from './support/studio';

const path = '/api/v1/reports/contact-history';

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.staffed();
  const contact = { id: await studio.person({ given_name: '=Anna', family_name: 'Größe, B.' }) };
  const at = (day: number) => `2025-03-0${day}T10:00:00Z`;
  await studio.owner.post('/api/v1/entries', [
    { type: 'call', contact, occurred_at: at(1), title: '=1+1', direction: 'inbound' },
    {
      type: 'email.sent',
      contact,
      occurred_at: at(2),
      source: 's',
      source_id: '1',
      actor: { kind: 'automation' },
    },
    {
      type: 'payment.taken',
      contact,
      occurred_at: at(3),
      source: 's',
      source_id: '2',
      actor: { kind: 'none' },
      amount: { value: -1250, currency: 'EUR' },
    },
    {
      type: 'note',
      contact,
      occurred_at: at(4),
      actor: { kind: 'staff', id: studio.members.staff.id },
    },
  ]);
});
afterAll(async () => studio?.server.stop());

const csv = async (query: Record<string, string>) => {
  const reply = await studio.owner.request('GET', path, { query: { format: 'csv', ...query } });
  expect(reply.status, reply.text).toBe(200);
  return reply.text.trimEnd().split('\r\n');
};
const only = { from: '2025-03-01', to: '2025-03-10', order: 'oldest' };

test('has the columns of the page, and says who did it', async () => {
  const [head, call, email, payment, note] = await csv(only);
  expect(head).toBe('Date,Client,User,Contact method,Type,Contact type,Status,Direction,Action');
  expect(call).toBe(
    `2025-03-01T10:00:00.000000Z,"'=Anna Größe, B.",No Staff,phone,call,,,inbound,'=1+1`,
  );
  expect(email).toMatch(/,Automated,email,email\.sent,,sent,outbound,/);
  expect(payment).toMatch(/,No Staff,,payment\.taken,/);
  expect(note).toMatch(/,The staff,/);
});

test('has the columns that are asked for, in that order, by the filters of entries', async () => {
  const rows = await csv({
    ...only,
    columns: 'amount,currency,type',
    order: 'newest',
    category: 'payments',
  });
  expect(rows).toEqual(['Amount in minor units,Currency,Type', '-1250,EUR,payment.taken']);
});

test('is the list of entries as JSON, and whole as NDJSON', async () => {
  const list = await studio.owner.get('/api/v1/entries', { ...only, limit: 2, facets: 1 });
  expect(await studio.owner.get(path, { ...only, limit: 2, facets: 1 })).toEqual(list);
  const next = { cursor: list.next_cursor, format: 'json' };
  expect((await studio.owner.get(path, next)).items).toHaveLength(2);
  const whole = await studio.owner.request('GET', path, {
    query: only,
    headers: { accept: 'application/x-ndjson' },
  });
  expect(whole.text.trimEnd().split('\n')).toHaveLength(4);
});

test('refuses columns and formats that there are not, and files to staff', async () => {
  for (const [query, field] of [
    [{ format: 'csv', columns: 'date,shoe' }, 'columns'],
    [{ format: 'csv', columns: 'date,date' }, 'columns'],
    [{ format: 'csv', columns: '' }, 'columns'],
    [{ format: 'xlsx' }, 'format'],
    [{ shoe: '1' }, 'shoe'],
  ] as const) {
    const reply = await studio.owner.request('GET', path, { query, contract: false });
    expect([reply.status, reply.body.errors[0].field]).toEqual([400, field]);
  }
  await studio.staff.get(path);
  await studio.staff.must(403, 'GET', path, { query: { format: 'csv' } });
  await studio.auditor.must(200, 'GET', path, { query: { format: 'csv' } });
});
