import { expect, it } from 'vitest';
import type { Contact } from './queries';
import { line_of } from './ways';

const contact = {
  phones: [{ number: '0171 2345678' }],
  emails: [{ address: 'a@example.com' }],
  client_number: 'K-1001',
  uids: [{ source: 'till', external_id: '4711' }],
} as Contact;
const texts = (query: string) => line_of(contact, query).map((pieces) => pieces.join(''));

it('shows the ways of contact, and a UID only where it was looked for', () => {
  expect(texts('anna')).toEqual(['0171 2345678', 'a@example.com', 'K-1001']);
  expect(texts('4711')).toEqual(['4711', '0171 2345678', 'a@example.com']);
});

it('puts what was looked for first', () => {
  expect(line_of(contact, 'K-10')[0]).toEqual(['', 'K-10', '01']);
});
