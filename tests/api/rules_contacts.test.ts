// The rules of contacts: how a draft finds one, what is unique, organisations, merging.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

async function note(contact: object, more: object = {}): Promise<any> {
  return owner.post(entries, { type: 'note', contact, ...more });
}

async function shown(contact: string, query = {}): Promise<string[]> {
  const items = await owner.all(`${contacts}/${contact}/entries`, { type: 'note', ...query });
  return items.map((e) => e.id);
}

describe('finding the contact', () => {
  test('exactly one match is used, by id, UID, e-mail address and phone number', async () => {
    const id = await studio.person({
      emails: [{ address: 'Eva@Example.com' }],
      phones: [{ number: '0171 1111111' }],
      uids: [{ source: 'booking', external_id: 'E-1' }],
    });
    for (const contact of [
      { id },
      { source: 'booking', external_id: 'E-1' },
      { email: 'eva@example.COM' },
      { phone: '+49 171 1111111' },
      { phone: '0171/111 11 11' },
    ]) {
      expect((await note(contact)).contact_id, JSON.stringify(contact)).toBe(id);
    }
  });

  test('none is 422 contact_not_found and makes nobody', async () => {
    const before = (await owner.all(contacts)).length;
    for (const contact of [
      { id: '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f' },
      { source: 'booking', external_id: 'nobody' },
      { email: 'nobody@example.com' },
      { phone: '0171 9999999' },
    ]) {
      await play(owner, {
        name: 'nobody',
        method: 'POST',
        path: entries,
        body: { type: 'note', contact },
        status: 422,
        errors: ['contact contact_not_found'],
      });
    }
    expect((await owner.all(contacts)).length).toBe(before);
  });

  test('several are 422 contact_ambiguous with their ids', async () => {
    const phones = [{ number: '030 1234567' }];
    const family = [await studio.person({ phones }), await studio.person({ phones })];
    const reply = await play(owner, {
      name: 'family',
      method: 'POST',
      path: entries,
      body: {
        type: 'note',
        contact: { phone: '030 1234567' },
        create_contact: { given_name: 'Third' },
      },
      status: 422,
      errors: ['contact contact_ambiguous'],
    });
    expect(reply.body.errors[0].ids.sort()).toEqual(family.sort());
  });

  test.each([
    {
      contact: { source: 'till', external_id: 'N-1' },
      field: 'uids',
      value: { source: 'till', external_id: 'N-1' },
    },
    {
      contact: { email: 'new@example.com' },
      field: 'emails',
      value: { address: 'new@example.com' },
    },
    { contact: { phone: '0171 2222222' }, field: 'phones', value: { number: '0171 2222222' } },
  ])('create_contact inherits the identifier: $field', async ({ contact, field, value }) => {
    const create_contact = { given_name: 'New', family_name: 'Client' };
    const made = await note(contact, { create_contact });
    const found = await owner.get(`${contacts}/${made.contact_id}`);
    expect(found[field]).toEqual([expect.objectContaining(value)]);
    expect((await note(contact, { create_contact })).contact_id).toBe(made.contact_id);
  });

  describe('a phone number without a prefix is of the country of the business', () => {
    const business = { name: 'Abroad', time_zone: 'Europe/Vienna', locale: 'de', currency: 'EUR' };
    test.each([
      { name: 'as set up', more: { country: 'CH' }, prefix: '+41' },
      { name: 'else of its time zone', more: {}, prefix: '+43' },
    ])('$name', async ({ more, prefix }) => {
      const { id } = await owner.post('/api/v1/businesses', { ...business, ...more });
      const abroad = await studio.sign_in('owner@nord.example', id);
      const draft = {
        type: 'note',
        contact: { phone: '044 668 18 00' },
        create_contact: { given_name: 'Urs' },
      };
      const made = (await abroad.post(entries, draft)).contact_id;
      const again = { type: 'note', contact: { phone: `${prefix} 44 668 18 00` } };
      expect((await abroad.post(entries, again)).contact_id).toBe(made);
      const { phones } = await abroad.get(`${contacts}/${made}`);
      expect(phones).toEqual([expect.objectContaining({ e164: `${prefix}446681800` })]);
    });
  });

  test('create_contact is not used where the id is unknown', async () => {
    const body = {
      type: 'note',
      contact: { id: '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f' },
      create_contact: { given_name: 'New' },
    };
    const wrong = { name: 'id', method: 'POST', path: entries, body, status: 422 };
    await play(owner, { ...wrong, errors: ['contact contact_not_found'] });
  });

  test('what is wrong with create_contact is said, and nothing is written', async () => {
    const before = (await owner.all(contacts)).length;
    const body = {
      type: 'note',
      contact: { email: 'wrong@example.com' },
      create_contact: { given_name: 'New', birthday: 'tomorrow' },
    };
    const wrong = { name: 'bad', method: 'POST', path: entries, body, status: 422 };
    const reply = await play(owner, wrong);
    expect(reply.body.errors[0].field).toBe('create_contact.birthday');
    expect((await owner.all(contacts)).length).toBe(before);
  });

  test.each([
    { name: 'nothing', contact: {} },
    { name: 'two ways', contact: { email: 'a@example.com', phone: '0171 1' } },
    { name: 'half a UID', contact: { source: 'booking' } },
    { name: 'the other half', contact: { external_id: '1' } },
    { name: 'no address', contact: { email: 'nobody' } },
    { name: 'no digits', contact: { phone: 'call me' } },
    { name: 'a text', contact: 'anna' },
    { name: 'an unknown way', contact: { name: 'Anna' } },
    { name: 'no UUID', contact: { id: '4711' } },
  ])('$name names nobody: 422', async ({ contact }) => {
    const body = { type: 'note', contact };
    await play(owner, { name: '', method: 'POST', path: entries, body, status: 422 });
  });
});

describe('what is unique', () => {
  test('a UID and a client number belong to one contact, e-mail and phone to many', async () => {
    const uids = [{ source: 'booking', external_id: 'U-1' }];
    await studio.person({ uids, client_number: 'C-1', emails: [{ address: 'f@example.com' }] });
    await studio.person({ emails: [{ address: 'f@example.com' }] });
    const other = await studio.person();
    for (const [body, code] of [
      [{ uids }, 'uid_taken'],
      [{ client_number: 'C-1' }, 'client_number_taken'],
    ] as const) {
      await play(owner, {
        name: 'new',
        method: 'POST',
        path: contacts,
        body: { given_name: 'X', ...body },
        status: 409,
        errors: [code],
      });
      await play(owner, {
        name: 'changed',
        method: 'PATCH',
        path: `${contacts}/${other}`,
        body,
        status: 409,
        errors: [code],
      });
    }
    await studio.person({ uids: [{ source: 'till', external_id: 'U-1' }] });
  });

  test('a change is recorded field by field, and one that changes nothing is not', async () => {
    const id = await studio.person({ language: 'de' });
    await owner.patch(`${contacts}/${id}`, { language: 'en', tags: ['vip'] });
    await owner.patch(`${contacts}/${id}`, { language: 'en' });
    const changes = await owner.all(`${contacts}/${id}/entries`, { type: 'contact.changed' });
    expect(changes).toHaveLength(1);
    expect(changes[0].changes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ field: 'language', old: 'de', new: 'en' }),
      ]),
    );
  });

  test('If-Match refuses a change that builds on an older version', async () => {
    const id = await studio.person();
    const change = (etag: string) =>
      owner.request('PATCH', `${contacts}/${id}`, {
        json: { language: etag === '"1"' ? 'de' : 'en' },
        headers: { 'if-match': etag },
      });
    expect((await change('"1"')).status).toBe(200);
    expect((await change('"1"')).status).toBe(412);
  });
});

describe('consents', () => {
  const said = { channel: 'email', purpose: 'marketing' };

  test('are told by the history when they are given and when they are withdrawn', async () => {
    const id = await studio.person({
      consents: [{ ...said, granted: true, at: '2024-02-01T10:00:00+01:00', source: 'form' }],
    });
    await owner.patch(`${contacts}/${id}`, { consents: [{ ...said, granted: false }] });
    const { consents } = await owner.get(`${contacts}/${id}`);
    expect(consents).toMatchObject([{ ...said, granted: false, source: null, note: null }]);
    const history = await owner.all(`${contacts}/${id}/entries`, { category: 'documents' });
    expect(history.map(({ type, occurred_at }) => [type, occurred_at])).toEqual([
      ['consent.withdrawn', consents[0].at],
      ['consent.signed', '2024-02-01T09:00:00.000000Z'],
    ]);
    expect(history[1].details).toMatchObject({ ...said, granted: true, source: 'form' });
    const [change] = await owner.all(`${contacts}/${id}/entries`, { type: 'contact.changed' });
    expect(change.changes).toMatchObject([
      { field: 'consents', old: [{ granted: true }], new: [{ granted: false }] },
    ]);
  });

  test('say their channel, what for, and a time that is not to come, else 422', async () => {
    await play(owner, {
      name: 'nonsense',
      method: 'POST',
      path: contacts,
      body: {
        given_name: 'A',
        consents: [
          { channel: 'fax', purpose: 'marketing', granted: true },
          { ...said, purpose: 'All Sorts', granted: true },
          { ...said, granted: 'yes', at: '2999-01-01T00:00:00Z' },
          { ...said, granted: true },
          { ...said, granted: false },
        ],
      },
      status: 422,
      errors: [
        'consents[0].channel not_one_of',
        'consents[1].purpose purpose',
        'consents[2].granted type',
        'consents[2].at range',
        'consents[4].purpose repeated',
      ],
    });
  });
});

describe('organisations', () => {
  test("an organisation shows its people's entries too, while they belong to it", async () => {
    const firm = await owner.post(contacts, {
      kind: 'organization',
      organization_name: 'Nordwind GmbH',
    });
    const person = await studio.person({ organization_id: firm.id });
    const outsider = await studio.person();
    const own = (await note({ id: firm.id })).id;
    const theirs = (await note({ id: person })).id;
    await note({ id: outsider });
    expect((await shown(firm.id)).sort()).toEqual([own, theirs].sort());
    expect(await shown(person)).toEqual([theirs]);
    await owner.patch(`${contacts}/${person}`, { organization_id: null });
    expect(await shown(firm.id)).toEqual([own]);
  });

  test('a person belongs to an organisation, not to a person or to nothing', async () => {
    const other = await studio.person();
    for (const organization_id of [other, '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f']) {
      const body = { given_name: 'X', organization_id };
      await play(owner, { name: '', method: 'POST', path: contacts, body, status: 422 });
    }
  });
});

describe('merging', () => {
  test('nothing moves: the survivor shows all, unmerging ends it, both are entries', async () => {
    const [survivor, loser] = [await studio.person(), await studio.person()];
    const ours = (await note({ id: survivor })).id;
    const theirs = (await note({ id: loser })).id;
    const merged = await owner.post(`${contacts}/${loser}/merge`, { into: survivor }, 200);
    expect(merged.merged_into).toBe(survivor);
    expect((await owner.get(`${contacts}/${loser}`)).merged_into).toBe(survivor);
    expect((await owner.get(`${contacts}/${survivor}`)).merged_from).toEqual([loser]);
    expect((await shown(survivor)).sort()).toEqual([ours, theirs].sort());
    expect((await owner.get(`${entries}/${theirs}`)).contact_id).toBe(loser);
    // Each keeps a sequence of its own.
    const seq_of = async (id: string) => (await owner.get(`${entries}/${id}`)).ledger.contact_seq;
    const before = await seq_of(theirs);
    const later = await note({ id: loser });
    expect(later.contact_id).toBe(loser);
    expect(later.ledger.contact_seq).toBeGreaterThan(before);
    expect(later.ledger.contact_seq).toBeLessThanOrEqual(before + 2); // the merge itself, perhaps
    await owner.must(200, 'POST', `${contacts}/${loser}/unmerge`);
    expect((await owner.get(`${contacts}/${loser}`)).merged_into ?? null).toBeNull();
    expect(await shown(survivor)).toEqual([ours]);
    for (const type of ['contact.merged', 'contact.unmerged']) {
      const said = await owner.all(entries, { type });
      expect(
        said.some((e) => [survivor, loser].includes(e.contact_id)),
        type,
      ).toBe(true);
    }
  });

  test('an identifier that only members of one merge share is not ambiguous', async () => {
    const phones = [{ number: '040 7654321' }];
    const [survivor, loser] = [await studio.person({ phones }), await studio.person({ phones })];
    await owner.post(`${contacts}/${loser}/merge`, { into: survivor }, 200);
    expect((await note({ phone: '040 7654321' })).contact_id).toBe(survivor);
  });

  test('a circle, oneself, a second merge and an unmerge of nothing are refused', async () => {
    const [a, b, c] = [await studio.person(), await studio.person(), await studio.person()];
    await owner.post(`${contacts}/${b}/merge`, { into: a }, 200);
    await owner.post(`${contacts}/${c}/merge`, { into: b }, 200);
    const merge = (from: string, into: string, status: number) =>
      play(owner, {
        name: '',
        method: 'POST',
        path: `${contacts}/${from}/merge`,
        body: { into },
        status,
      });
    await merge(a, c, 409);
    await merge(a, a, 409);
    await merge(b, await studio.person(), 409);
    await merge(a, '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f', 422);
    await play(owner, { name: '', method: 'POST', path: `${contacts}/${a}/unmerge`, status: 409 });
    // The chain's end shows all three.
    const id = (await note({ id: c })).id;
    expect(await shown(a)).toContain(id);
  });

  test('16 members are merged into one, the 17th is 409', async () => {
    const survivor = await studio.person();
    const noted = [(await note({ id: survivor })).id];
    for (let i = 1; i < 16; ++i) {
      const loser = await studio.person();
      noted.push((await note({ id: loser })).id);
      await owner.post(`${contacts}/${loser}/merge`, { into: survivor }, 200);
    }
    expect((await shown(survivor)).sort()).toEqual(noted.sort());
    const path = `${contacts}/${await studio.person()}/merge`;
    await play(owner, { name: '17', method: 'POST', path, body: { into: survivor }, status: 409 });
  });

  test("the summary and facets of the survivor are of all members' entries", async () => {
    const [survivor, loser] = [await studio.person(), await studio.person()];
    for (const id of [survivor, loser]) {
      await owner.post(entries, { type: 'visit', contact: { id } });
    }
    await owner.post(`${contacts}/${loser}/merge`, { into: survivor }, 200);
    expect((await owner.get(`${contacts}/${survivor}/summary`)).visits).toBe(2);
    const page = await owner.get(`${contacts}/${survivor}/entries`, { facets: '1' });
    expect(page.facets.type.visit).toBe(2);
  });
});
