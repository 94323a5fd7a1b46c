// The figures above a contact's history.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './support/client';
import { Studio } from './support/studio';

let studio: Studio;
let owner: Client;

beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
});
afterAll(async () => studio?.server.stop());

interface Step {
  type: string;
  euros?: number;
  yen?: number;
  details?: object;
  more?: object;
  retract?: boolean;
}

async function summary(steps: Step[]): Promise<any> {
  const contact = await studio.person();
  for (const { type, euros, yen, details, more, retract } of steps) {
    const amount =
      euros !== undefined
        ? { value: euros, currency: 'EUR' }
        : yen && { value: yen, currency: 'JPY' };
    const draft = {
      type,
      contact: { id: contact },
      ...(amount && { amount }),
      ...(details && { details }),
      ...more,
    };
    const { id } = await owner.post('/api/v1/entries', draft);
    if (retract) await owner.post(`/api/v1/entries/${id}/retraction`, { reason: 'x' });
  }
  return owner.get(`/api/v1/contacts/${contact}/summary`);
}

const eur = (value: number) => [{ value, currency: 'EUR' }];

test('a new contact has figures of nothing', async () => {
  expect(await summary([])).toEqual({
    visits: 0,
    lifetime_value: [],
    first_entry_at: expect.stringMatching(/Z$/), // It was created.
    last_contact_at: null,
    days_since_last_contact: null,
    open_tasks: 0,
    next_appointment: null,
    unpaid: [],
  });
});

test('visits are appointment.completed, visit and stay.checked_in', async () => {
  const types = [
    'appointment.completed',
    'visit',
    'stay.checked_in',
    'appointment.booked',
    'stay.checked_out',
    'note',
  ];
  expect((await summary(types.map((type) => ({ type })))).visits).toBe(3);
  expect((await summary([{ type: 'visit', retract: true }])).visits).toBe(0);
});

test('lifetime value is taken less refunded, per currency', async () => {
  const { lifetime_value } = await summary([
    { type: 'payment.taken', euros: 1000 },
    { type: 'payment.taken', euros: 500 },
    { type: 'payment.refunded', euros: 200 },
    { type: 'payment.failed', euros: 9999 },
    { type: 'payment.taken', euros: 7777, retract: true },
    { type: 'payment.taken', yen: 300 },
  ]);
  expect(lifetime_value).toEqual([...eur(1300), { value: 300, currency: 'JPY' }]);
});

test('unpaid is what was invoiced, less paid and voided', async () => {
  const invoice = (n: string) => ({ details: { invoice_number: n } });
  const { unpaid } = await summary([
    { type: 'invoice.created', euros: 1000, ...invoice('1') },
    { type: 'invoice.sent', euros: 1000, ...invoice('1') },
    { type: 'payment.taken', euros: 400, ...invoice('1') },
    { type: 'invoice.created', euros: 500, ...invoice('2') },
    { type: 'invoice.voided', euros: 500, ...invoice('2') },
    { type: 'invoice.sent', euros: 50, ...invoice('3') },
  ]);
  expect(unpaid).toEqual(eur(650));
});

test('the next appointment is the earliest that is to come and was not canceled', async () => {
  const at = (starts_at: string, appointment_id: string) => ({
    details: { starts_at, appointment_id },
  });
  const { next_appointment } = await summary([
    {
      type: 'appointment.booked',
      ...at('2090-03-01T10:00:00Z', 'c'),
      more: { title: 'The third' },
    },
    {
      type: 'appointment.booked',
      ...at('2090-02-01T10:00:00Z', 'b'),
      more: { title: 'The second' },
    },
    { type: 'appointment.booked', ...at('2090-01-01T10:00:00Z', 'a') },
    { type: 'appointment.canceled', ...at('2090-01-01T10:00:00Z', 'a') },
    { type: 'appointment.booked', ...at('2020-01-01T10:00:00Z', 'past') },
  ]);
  expect(next_appointment).toMatchObject({
    starts_at: '2090-02-01T10:00:00.000000Z',
    title: 'The second',
  });
});

test('the last contact is the latest that went in or out, not internal, not to come', async () => {
  const on = (occurred_at: string, direction: string) => ({ more: { occurred_at, direction } });
  const found = await summary([
    { type: 'call', ...on('2024-01-01T10:00:00Z', 'inbound') },
    { type: 'call', ...on('2024-02-01T10:00:00Z', 'outbound') },
    { type: 'note', ...on('2024-03-01T10:00:00Z', 'internal') },
    { type: 'call', ...on('2090-01-01T10:00:00Z', 'inbound') },
  ]);
  expect(found.last_contact_at).toBe('2024-02-01T10:00:00.000000Z');
  const days = (Date.now() - Date.parse('2024-02-01T10:00:00Z')) / 86_400_000;
  expect(Math.abs(found.days_since_last_contact - days)).toBeLessThanOrEqual(1);
});

test('the first entry is the earliest that stands, whatever it is, not to come', async () => {
  const on = (occurred_at: string) => ({ more: { occurred_at } });
  const { first_entry_at } = await summary([
    { type: 'note', ...on('2090-01-01T10:00:00Z') },
    { type: 'note', ...on('2019-05-01T10:00:00Z') },
    { type: 'call', ...on('2018-02-01T10:00:00Z'), retract: true },
    { type: 'visit', ...on('2020-02-01T10:00:00Z') },
  ]);
  expect(first_entry_at).toBe('2019-05-01T10:00:00.000000Z');
});

test('open tasks are those that are neither completed nor canceled', async () => {
  const contact = await studio.person();
  const made: any[] = [];
  for (const title of ['One', 'Two', 'Three']) {
    made.push(await owner.post('/api/v1/tasks', { title, contact: { id: contact } }));
  }
  await owner.must(200, 'POST', `/api/v1/tasks/${made[0].id}/complete`);
  await owner.patch(`/api/v1/tasks/${made[1].id}`, { status: 'canceled' });
  expect((await owner.get(`/api/v1/contacts/${contact}/summary`)).open_tasks).toBe(1);
});
