// How values are kept: money, phone numbers, languages. (Times are in rules_time.test.ts.)
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './support/client';
import { play } from './support/scenario';
import { Studio } from './support/studio';

let studio: Studio;
let owner: Client;

beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
});
afterAll(async () => studio?.server.stop());

const entries = '/api/v1/entries';
const contacts = '/api/v1/contacts';

test('money is minor units and a currency of ISO 4217', async () => {
  const contact = { id: await studio.person() };
  for (const amount of [
    { value: 1999, currency: 'EUR' },
    { value: 500, currency: 'JPY' }, // has no minor unit: 500 yen
    { value: 1999, currency: 'BHD' }, // has three digits: 1.999 dinars
  ]) {
    const { id } = await owner.post(entries, { type: 'payment.taken', contact, amount });
    expect((await owner.get(`${entries}/${id}`)).amount).toEqual(amount);
  }
  for (const [amount, error] of [
    [{ value: 19.99, currency: 'EUR' }, 'amount.value'],
    [{ value: 1999, currency: 'eur' }, 'amount.currency'],
    [{ value: 1999, currency: 'XYZ' }, 'amount.currency'],
    [{ value: 1999 }, 'amount.currency'],
  ] as const) {
    const body = { type: 'payment.taken', contact, amount };
    const wrong = { name: error, method: 'POST', path: entries, body, status: 422 };
    expect((await play(owner, wrong)).body.errors[0].field).toBe(error);
  }
});

test.each([
  { number: '0171 / 234 56-78', e164: '+491712345678' },
  { number: '+43 1 58858-0', e164: '+431588580' },
  { number: '0041 44 668 18 00', e164: '+41446681800' },
  { number: 'at the desk, 12', e164: null },
])('a phone number is kept as written, and as E.164: $number', async ({ number, e164 }) => {
  const id = await studio.person({ phones: [{ number, label: 'desk' }] });
  const { phones } = await owner.get(`${contacts}/${id}`);
  expect(phones).toEqual([expect.objectContaining({ number, label: 'desk' })]);
  expect(phones[0].e164 ?? null).toBe(e164);
});

test('a language is a tag of BCP 47', async () => {
  for (const [given, kept] of [
    ['de', 'de'],
    ['pt-br', 'pt-BR'],
    ['ZH-hant-tw', 'zh-Hant-TW'],
  ]) {
    const id = await studio.person({ language: given });
    expect((await owner.get(`${contacts}/${id}`)).language).toBe(kept);
  }
  for (const language of ['german please', 'd', 'de_DE', '-']) {
    const body = { given_name: 'X', language };
    const wrong = { name: language, method: 'POST', path: contacts, body, status: 422 };
    expect((await play(owner, wrong)).body.errors[0].field).toBe('language');
  }
});
