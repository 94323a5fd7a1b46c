// Finding entries and contacts by words, in every script.
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

describe('entries', () => {
  const texts = {
    size: 'Die Größe der Straße',
    orsted: 'Herr Ørsted aus Ærø',
    cafe: 'Ein Café in Kraków mit Jalapeño',
    istanbul: 'İstanbul ISPARTA',
    moscow: 'Встреча в Москве',
    athens: 'Συνάντηση στην Αθήνα',
    tokyo: '東京都で会議をしました',
    beijing: '北京市的客户',
    bangkok: 'ประชุมที่กรุงเทพมหานคร',
    arabic: 'اجتماع في القاهرة',
    ligature: 'oﬃce ﬁle',
    wide: 'ＡＢＣ１２３',
    numbers: 'Rechnung RE-2024/0815 über 49,90',
    decomposed: 'Müller'.normalize('NFD'),
  };
  type Name = keyof typeof texts;
  const ids = {} as Record<string, Name>;
  let contact: string;

  beforeAll(async () => {
    contact = await studio.person();
    for (const [name, text] of Object.entries(texts)) {
      const made = await owner.post(entries, {
        type: 'note',
        contact: { id: contact },
        title: 'T',
        text,
      });
      ids[made.id] = name as Name;
    }
  });

  const found = async (q: string): Promise<Name[]> =>
    (await owner.all(entries, { q, type: 'note' })).map((e) => ids[e.id]!);

  test.each<[string, Name[]]>([
    ['grosse', ['size']],
    ['GRÖSSE', ['size']],
    ['größe', ['size']],
    ['strasse', ['size']],
    ['orsted', ['orsted']],
    ['Ørsted', ['orsted']],
    ['aero', ['orsted']],
    ['cafe', ['cafe']],
    ['krakow', ['cafe']],
    ['jalapeno', ['cafe']],
    ['istanbul', ['istanbul']],
    ['москве', ['moscow']],
    ['МОСКВЕ', ['moscow']],
    ['αθηνα', ['athens']],
    ['東京', ['tokyo']],
    ['会議', ['tokyo']],
    ['北京', ['beijing']],
    ['客户', ['beijing']],
    ['กรุงเทพ', ['bangkok']],
    ['القاهرة', ['arabic']],
    ['office', ['ligature']],
    ['abc123', ['wide']],
    ['0815', ['numbers']],
    ['muller', ['decomposed']],
    ['Müller', ['decomposed']],
  ])('%s is found', async (q, names) => {
    expect(await found(q)).toEqual(names);
  });

  test.each<[string, Name[]]>([
    ['gro str', []], // only the last word may be unfinished
    ['grosse str', ['size']],
    ['str grosse', []],
    ['jala', ['cafe']],
    ['jala cafe', []],
    ['cafe krakow jala', ['cafe']],
    ['cafe moskau', []],
    ['grosse  -- "strasse" *', ['size']],
    ['rosse', []], // a word's beginning, not its middle
  ])('the words of "%s" all have to be there, the last one may be unfinished', async (q, names) => {
    expect(await found(q)).toEqual(names);
  });

  test('what has no word is refused, and a query language is just words', async () => {
    for (const q of ['"', '*', '()', '{}', '-', '^', "'; --"]) {
      await play(owner, { name: q, path: entries, query: { q }, status: 400 });
    }
    for (const q of ['AND', 'NEAR(', 'a OR b', 'title:x', 'NOT x', 'a*b', '{a}: b', '😀']) {
      const reply = await owner.request('GET', entries, { query: { q, type: 'note' } });
      expect([200, 400], q).toContain(reply.status);
      expect(reply.body.items ?? [], q).toEqual([]);
    }
  });

  test('at most 16 words', async () => {
    const words = (n: number) => Array.from({ length: n }, (_, i) => `w${i}`).join(' ');
    await play(owner, { name: '16', path: entries, query: { q: words(16) }, status: 200 });
    await play(owner, { name: '17', path: entries, query: { q: words(17) }, status: 400 });
  });

  test('highlights join to the field, every second piece a match', async () => {
    const [item] = (await owner.get(entries, { q: 'grosse stra' })).items;
    const { text } = item.highlights;
    expect(text.join('')).toBe(texts.size);
    expect(text.filter((_: string, i: number) => i % 2)).toEqual(['Größe', 'Straße']);
  });

  test('title, names, files, changes and details are searched, member names are not', async () => {
    const file = await owner.upload('Vertragskopie.pdf', '%PDF-1.4');
    const { id } = await owner.post(entries, {
      type: 'note',
      contact: { id: contact },
      title: 'Quetzalcoatl',
      actor: { kind: 'staff', name: 'Zebedee' },
      attachments: [file],
      changes: [{ field: 'address', old: 'Altgasse', new: 'Neugasse' }],
      details: { membername: { deep: ['xylophone'] } },
    });
    for (const q of [
      'quetzalcoatl',
      'zebedee',
      'vertragskopie',
      'altgasse',
      'neugasse',
      'xylophone',
    ]) {
      expect(
        (await owner.all(entries, { q })).map((e) => e.id),
        q,
      ).toEqual([id]);
    }
    expect(await owner.all(entries, { q: 'membername' })).toEqual([]);
  });

  test('is narrowed by the other filters and counted by facets', async () => {
    const page = await owner.get(entries, { q: 'grosse', facets: '1' });
    expect(page.facets.type).toEqual({ note: 1 });
    expect(await owner.all(entries, { q: 'grosse', type: 'call' })).toEqual([]);
    const other = await studio.person();
    expect(await owner.all(`/api/v1/contacts/${other}/entries`, { q: 'grosse' })).toEqual([]);
  });

  test('what other filters leave is found behind any number that they take away', async () => {
    const draft = (type: string, at: number) => ({
      type,
      contact: { id: contact },
      occurred_at: new Date(Date.UTC(2020, 0, 1, 0, at)).toISOString(),
      title: `${type} ${at}`,
      text: 'Nadelöhr',
    });
    // Of the newest 60 with the word none is a call; then a call, more notes, and two calls.
    const types = ['call', 'call', ...Array(20).fill('note'), 'call', ...Array(60).fill('note')];
    await owner.post(
      entries,
      types.map((type, at) => draft(type, at)),
    );
    const calls = types.flatMap((type, at) => (type === 'call' ? [`call ${at}`] : []));
    for (const [order, expected] of [
      ['newest', calls.toReversed()],
      ['oldest', calls],
    ] as const) {
      for (const limit of [1, 2, 50]) {
        const all = await owner.all(entries, { q: 'nadelohr', type: 'call', order, limit });
        expect(all.map((entry) => entry.title)).toEqual(expected);
      }
    }
  });
});

describe('contacts', () => {
  let jurgen: string;
  beforeAll(async () => {
    jurgen = await studio.person({
      given_name: 'Jürgen',
      family_name: 'Großmann-Ørsted',
      emails: [{ address: 'juergen.g@kunde.example' }],
      phones: [{ number: '0171 2345678' }],
      client_number: 'K-90210',
      uids: [{ source: 'booking', external_id: 'bk_77aa' }],
    });
    await studio.person({ given_name: 'Wei', family_name: '王小明' });
  });

  test.each([
    ['jurgen', 'name'],
    ['Jürg', 'name'],
    ['grossmann', 'name'],
    ['orsted jurg', 'name'],
    ['Grossman', 'name'], // an unfinished word
    ['Jorgen', 'name'], // a typing error
    ['2345678', 'phones'],
    ['0171 23', 'phones'],
    ['+49 171 2345678', 'phones'],
    ['juergen.g@kunde.example', 'emails'],
    ['kunde.example', 'emails'],
    ['K-90210', 'client_number'],
    ['bk_77aa', 'uids'],
  ])('%s finds by %s', async (q, field) => {
    const { items } = await owner.get('/api/v1/contacts', { q });
    expect(items[0]?.id).toBe(jurgen);
    expect(items[0].match.field).toBe(field);
  });

  test('CJK names are found', async () => {
    const { items } = await owner.get('/api/v1/contacts', { q: '王小明' });
    expect(items[0]?.family_name).toBe('王小明');
  });

  test('nobody is nobody', async () => {
    expect((await owner.get('/api/v1/contacts', { q: 'qqqqqqqqq' })).items).toEqual([]);
  });
});
