import { describe, expect, it } from 'vitest';
import { empty_answer, empty_form, form_of, sent_index, to_change, to_contact } from './form';
import type { Contact } from './queries';

const contact = {
  id: 'x',
  version: 3,
  kind: 'person',
  name: 'Anna Mulder',
  given_name: 'Anna',
  family_name: 'Mulder',
  emails: [{ address: 'a@example.com', label: 'home' }],
  phones: [{ number: '0171 1', e164: '+491711', label: null }],
  uids: [{ source: 'till', external_id: '1' }],
  addresses: [
    { lines: ['Rue 1', 'Étage 2'], city: 'Lyon', label: 'billing' },
    { lines: ['B'], city: 'Ulm' },
  ],
  tags: ['a', 'b'],
  consents: [
    {
      channel: 'email',
      purpose: 'marketing',
      granted: true,
      at: '2024-02-01T09:00:00.000000Z',
      source: 'form',
      note: 'twice',
    },
  ],
  archived: false,
} as unknown as Contact;

describe('a new client', () => {
  it('says only what was filled in', () => {
    expect(to_contact({ ...empty_form(), given_name: ' Anna ', tags: 'vip, vip,' })).toEqual({
      kind: 'person',
      given_name: 'Anna',
      tags: ['vip'],
    });
  });

  it('begins with what was looked for', () => {
    expect(empty_form('Anna Maria Mulder')).toMatchObject({
      given_name: 'Anna Maria',
      family_name: 'Mulder',
    });
    expect(empty_form('0171 2345').phones[0]!.value).toBe('0171 2345');
    expect(empty_form('a@example.com')).toMatchObject({ given_name: '' });
  });
});

it('knows where the server finds a number below an empty one', () => {
  const [empty, filled] = [
    { value: ' ', label: 'home' },
    { value: '0172', label: '' },
  ];
  expect(sent_index([empty!, filled!], 0)).toBe(-1);
  expect(sent_index([empty!, filled!], 1)).toBe(0);
  expect(sent_index([filled!, filled!], 1)).toBe(1);
});

describe('a changed client', () => {
  it('changes nothing where nothing was changed', () => {
    expect(to_change(form_of(contact), contact)).toBeNull();
  });

  it('says only what is otherwise, and keeps what the form does not show', () => {
    const form = form_of(contact);
    form.city = 'Paris';
    form.phones.push({ value: '0172', label: '' });
    expect(to_change(form, contact)).toEqual({
      phones: [
        { number: '0171 1', label: null },
        { number: '0172', label: null },
      ],
      addresses: [
        {
          lines: ['Rue 1', 'Étage 2'],
          city: 'Paris',
          label: 'billing',
          postal_code: null,
          country: null,
        },
        { lines: ['B'], city: 'Ulm' },
      ],
    });
  });
});

describe('the consents of a client', () => {
  it('keep their instant and their note where only how it was said changes', () => {
    const form = form_of(contact);
    form.consents[0]!.source = 'call';
    expect(to_change(form, contact)).toEqual({
      consents: [{ ...contact.consents[0], source: 'call' }],
    });
  });

  it('are of now where the answer is another, or of the noon of a given day', () => {
    const form = form_of(contact);
    Object.assign(form.consents[0]!, { granted: 'no', day: '' });
    const [now] = to_change(form, contact)!.consents!;
    expect(now).toEqual({
      channel: 'email',
      purpose: 'marketing',
      granted: false,
      source: 'form',
      note: 'twice',
    });
    form.consents[0]!.day = '2024-03-01';
    const [then] = to_change(form, contact)!.consents!;
    expect(then!.at).toBe(new Date('2024-03-01T12:00').toISOString());
  });

  it('begin with a channel that was not asked about yet', () => {
    expect(empty_answer(form_of(contact).consents)).toMatchObject({ channel: 'sms' });
  });
});
