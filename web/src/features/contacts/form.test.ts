import { describe, expect, it } from 'vitest';
import { empty_form, form_of, sent_index, to_change, to_contact } from './form';
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
