// Two times: when it happened and when it was recorded; and the history as it was known then.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, Query } from './support/client';
import { play } from './support/scenario';
import { Studio } from './support/studio';

let studio: Studio;
let owner: Client;

beforeAll(async () => {
  studio = await Studio.found();
  await studio.hire('staff', 'staff');
  owner = studio.owner;
});
afterAll(async () => studio?.server.stop());

const entries = '/api/v1/entries';
const of_contact = (id: string) => `/api/v1/contacts/${id}/entries`;

async function ids(contact: string, query: Query = {}): Promise<string[]> {
  return (await owner.all(of_contact(contact), { type: 'note', ...query })).map((e) => e.id);
}

async function note(contact: string, more: object = {}): Promise<any> {
  const { id } = await owner.post(entries, { type: 'note', contact: { id: contact }, ...more });
  return owner.get(`${entries}/${id}`);
}

/** The last microsecond before an instant of a reply. */
function just_before(instant: string): string {
  const micros =
    BigInt(Date.parse(instant.slice(0, 19) + 'Z')) * 1000n + BigInt(instant.slice(20, 26));
  const before = micros - 1n;
  const seconds = new Date(Number(before / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(before % 1_000_000n).padStart(6, '0')}Z`;
}

describe('two times', () => {
  test('times come with any offset and go out as UTC with six decimals', async () => {
    const anna = await studio.person();
    const shown = await note(anna, { occurred_at: '2024-03-12T15:45:10.5+01:00' });
    expect(shown.occurred_at).toBe('2024-03-12T14:45:10.500000Z');
    expect(shown.time_zone).toBe('Europe/Berlin');
  });

  test('a time is kept to the microsecond, beside its IANA zone', async () => {
    const anna = await studio.person();
    for (const [occurred_at, time_zone] of [
      ['1969-12-31T23:59:59.999999Z', 'America/Sao_Paulo'],
      ['2024-07-01T09:30:00.000001Z', 'Asia/Kathmandu'],
    ]) {
      expect(await note(anna, { occurred_at, time_zone })).toMatchObject({
        occurred_at,
        time_zone,
      });
    }
  });

  test('recorded_at grows with contact_seq, whatever occurred_at says', async () => {
    const anna = await studio.person();
    const drafts = Array.from({ length: 50 }, (_, i) => ({
      type: 'note',
      contact: { id: anna },
      occurred_at: `20${50 - i < 10 ? '0' : ''}${50 - i}-01-01T00:00:00Z`,
    }));
    await owner.post(entries, drafts);
    const items = await owner.all(of_contact(anna), { type: 'note', limit: 200 });
    const by_seq = items.sort((a, b) => a.ledger.contact_seq - b.ledger.contact_seq);
    const recorded = by_seq.map((e) => e.recorded_at);
    expect(new Set(recorded).size).toBe(50);
    expect([...recorded].sort()).toEqual(recorded);
  });

  test('without occurred_at it happened when it was recorded', async () => {
    const shown = await note(await studio.person());
    const apart = Date.parse(shown.occurred_at) - Date.parse(shown.recorded_at);
    expect(Math.abs(apart)).toBeLessThan(1000);
  });

  test('from is inclusive, to exclusive, a date begins in the zone of the business', async () => {
    const anna = await studio.person();
    // Midnight of 2 May 2016 in Berlin.
    const at = [
      '2016-05-01T21:59:59.999999Z',
      '2016-05-01T22:00:00Z',
      '2016-05-02T21:59:59.999999Z',
      '2016-05-02T22:00:00Z',
    ];
    const made: string[] = [];
    for (const occurred_at of at) made.push((await note(anna, { occurred_at })).id);
    expect(await ids(anna, { from: '2016-05-02', to: '2016-05-03', order: 'oldest' })).toEqual(
      made.slice(1, 3),
    );
    expect(await ids(anna, { from: '2016-05-02T00:00:00+02:00', order: 'oldest' })).toEqual(
      made.slice(1),
    );
    const { facets } = await owner.get(of_contact(anna), { facets: '1', type: 'note' });
    expect(facets.days).toMatchObject({ '2016-05-01': 1, '2016-05-02': 2, '2016-05-03': 1 });
  });

  test('newest first, or oldest first', async () => {
    const anna = await studio.person();
    const old = (await note(anna, { occurred_at: '2001-01-01T00:00:00Z' })).id;
    const young = (await note(anna, { occurred_at: '2002-01-01T00:00:00Z' })).id;
    expect(await ids(anna)).toEqual([young, old]);
    expect(await ids(anna, { order: 'oldest' })).toEqual([old, young]);
  });
});

describe('as_of', () => {
  test('is inclusive on recorded_at', async () => {
    const anna = await studio.person();
    const shown = await note(anna, { occurred_at: '2001-01-01T00:00:00Z' });
    expect(await ids(anna, { as_of: shown.recorded_at })).toEqual([shown.id]);
    expect(await ids(anna, { as_of: just_before(shown.recorded_at) })).toEqual([]);
  });

  test('shows versions and retractions as they were known', async () => {
    const anna = await studio.person();
    const first = await note(anna, { title: 'First' });
    const second = await owner.post(`${entries}/${first.id}/corrections`, {
      reason: 'x',
      title: 'Second',
    });
    const struck = await owner.post(`${entries}/${first.id}/retraction`, { reason: 'x' });
    const known = async (as_of: string) => {
      const [item] = (await owner.get(of_contact(anna), { type: 'note', as_of })).items;
      return [item.title, item.version, item.retracted?.reason];
    };
    expect(await known(first.recorded_at)).toEqual(['First', 1, undefined]);
    expect(await known(just_before(second.corrected.at))).toEqual(['First', 1, undefined]);
    expect(await known(second.corrected.at)).toEqual(['Second', 2, undefined]);
    expect(await known(just_before(struck.retracted.at))).toEqual(['Second', 2, undefined]);
    expect(await known(struck.retracted.at)).toEqual(['Second', 2, 'x']);
  });

  test('filters and facets look at the version that was known', async () => {
    const anna = await studio.person();
    const first = await note(anna, { direction: 'inbound', occurred_at: '2003-01-01T00:00:00Z' });
    await owner.post(`${entries}/${first.id}/corrections`, {
      reason: 'x',
      direction: 'outbound',
      occurred_at: '2004-01-01T00:00:00Z',
    });
    const as_of = first.recorded_at;
    expect(await ids(anna, { direction: 'inbound', as_of })).toEqual([first.id]);
    expect(await ids(anna, { direction: 'outbound', as_of })).toEqual([]);
    expect(await ids(anna, { direction: 'outbound' })).toEqual([first.id]);
    expect(await ids(anna, { to: '2004-01-01', as_of })).toEqual([first.id]);
    expect(await ids(anna, { to: '2004-01-01' })).toEqual([]);
    const then = await owner.get(of_contact(anna), { type: 'note', facets: '1', as_of });
    expect(then.facets.direction).toEqual({ inbound: 1 });
    expect(Object.keys(then.facets.days)).toEqual(['2003-01-01']);
  });

  test('q finds the words that were known', async () => {
    const anna = await studio.person();
    const first = await note(anna, { text: 'rhinoceros' });
    const second = await owner.post(`${entries}/${first.id}/corrections`, {
      reason: 'x',
      text: 'zebra',
    });
    expect(await ids(anna, { q: 'rhinoceros' })).toEqual([]);
    expect(await ids(anna, { q: 'zebra' })).toEqual([first.id]);
    expect(await ids(anna, { q: 'rhinoceros', as_of: first.recorded_at })).toEqual([first.id]);
    expect(await ids(anna, { q: 'zebra', as_of: first.recorded_at })).toEqual([]);
    expect(await ids(anna, { q: 'zebra', as_of: second.corrected.at })).toEqual([first.id]);
  });

  test('attachments are those of the version that was known', async () => {
    const anna = await studio.person();
    const first = await note(anna);
    const file = await owner.upload('a.txt', 'a');
    await owner.post(`${entries}/${first.id}/corrections`, { reason: 'x', attachments: [file] });
    const as_of = first.recorded_at;
    expect(await ids(anna, { has_attachment: true })).toEqual([first.id]);
    expect(await ids(anna, { has_attachment: true, as_of })).toEqual([]);
    expect(await ids(anna, { has_attachment: false, as_of })).toEqual([first.id]);
    const [then] = (await owner.get(of_contact(anna), { type: 'note', as_of })).items;
    expect(then.attachments ?? []).toEqual([]);
  });

  test('merges and unmerges are those that were known', async () => {
    const [survivor, loser] = [await studio.person(), await studio.person()];
    const theirs = await note(loser);
    await owner.post(`/api/v1/contacts/${loser}/merge`, { into: survivor }, 200);
    await owner.must(200, 'POST', `/api/v1/contacts/${loser}/unmerge`);
    const said = (
      await owner.all(entries, { type: ['contact.merged', 'contact.unmerged'] })
    ).filter((e) => [survivor, loser].includes(e.contact_id));
    const merged_at = said.find((e) => e.type === 'contact.merged').recorded_at;
    const ended_at = said.find((e) => e.type === 'contact.unmerged').recorded_at;
    expect(await ids(survivor, { as_of: theirs.recorded_at })).toEqual([]);
    expect(await ids(survivor, { as_of: merged_at })).toEqual([theirs.id]);
    expect(await ids(survivor, { as_of: just_before(ended_at) })).toEqual([theirs.id]);
    expect(await ids(survivor, { as_of: ended_at })).toEqual([]);
  });

  describe('covers no permission', () => {
    interface Visit {
      contact: string;
      id: string;
      word: string; // that nothing else has
      then: string; // when it was recorded
    }

    /** The ways in which `client` sees the visit, as of then. */
    const ways = async (client: Client, visit: Visit) => {
      const seen: string[] = [];
      for (const [path, q] of [
        [of_contact(visit.contact), undefined],
        [of_contact(visit.contact), visit.word],
        [entries, visit.word],
      ] as const) {
        const query = { type: 'visit', q, as_of: visit.then };
        if ((await client.all(path, query)).length > 0) seen.push(`${path} ${q}`);
        const { facets } = await client.get(path, { ...query, facets: '1' });
        if (facets.type.visit) seen.push(`facets ${path} ${q}`);
      }
      return seen;
    };
    const visit = async (): Promise<Visit> => {
      const contact = await studio.person();
      const word = 'w' + contact.replaceAll('-', '');
      const draft = { type: 'visit', contact: { id: contact }, title: word };
      const { id } = await owner.post(entries, draft);
      return { contact, id, word, then: (await owner.get(`${entries}/${id}`)).recorded_at };
    };

    test.each([{ private: true }, { views: ['medical'] }])(
      'what %j hides now is hidden as of before, too',
      async (change) => {
        const made = await visit();
        expect(await ways(studio.staff, made)).toHaveLength(6);
        const path = `${entries}/${made.id}/corrections`;
        await owner.post(path, { reason: 'x', ...change });
        expect(await ways(studio.staff, made)).toEqual([]);
        expect(await ways(owner, made)).toHaveLength(6);
        // And it comes back with the permission.
        await owner.post(path, { reason: 'x', private: false, views: null });
        expect(await ways(studio.staff, made)).toHaveLength(6);
      },
    );

    test('what a view hides now is hidden as of before, too', async () => {
      const made = await visit();
      expect(await ways(studio.staff, made)).toHaveLength(6);
      await owner.patch('/api/v1/entry-types/visit', { views: ['medical'] });
      try {
        expect(await ways(studio.staff, made)).toEqual([]);
      } finally {
        await owner.patch('/api/v1/entry-types/visit', { views: [] });
      }
    });
  });

  test('is an instant or a date', async () => {
    for (const as_of of ['yesterday', '2020-02-30', '2020-01-01T00:00:00', '']) {
      await play(owner, { name: as_of, path: entries, query: { as_of }, status: 400 });
    }
  });
});
