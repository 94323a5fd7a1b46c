// Who may what, cell by cell: every route that the server has (it lists them itself), asked by
// every role and by keys of every single scope; and every way to one entry, by whether it is seen.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, RequestOptions } from './support/client';
import { run_annals } from './support/server';
import { Studio } from './support/studio';

const reads = ['entries_read', 'contacts_read', 'tasks_read', 'settings_read', 'staff_read'];
const writes = ['entries_write', 'contacts_write', 'tasks_write'];
const everything = [
  ...reads,
  ...writes,
  'settings_write',
  'settings_history',
  'staff_write',
  'businesses_write',
  'export',
];

/** What each caller may, besides what is for everyone signed in. */
const grants: Record<string, string[]> = {
  owner: everything,
  manager: [...reads, ...writes, 'settings_write', 'settings_history', 'export'],
  staff: [...reads, ...writes],
  auditor: [...reads, 'settings_history', 'export'],
  nobody: [],
  'key admin': everything,
  'key entries:read': ['entries_read', 'export'],
  'key entries:write': ['entries_write'],
  'key contacts:read': ['contacts_read'],
  'key contacts:write': ['contacts_write'],
  'key tasks:read': ['tasks_read'],
  'key tasks:write': ['tasks_write'],
  'key source:till': [],
  'key view:financial': [],
};

const keys = Object.keys(grants).filter((caller) => caller.startsWith('key '));
const no_id = '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f';

interface Row {
  permission: string; // what the server says that the route asks for
  needs?: string; // what this request needs, where the handler asks for more
  options?: RequestOptions;
  status: number; // of those who may: nothing is changed by it
  refused?: string[]; // who may not although they have the permission
}

/** Requests that come to nothing: ids that there are not, bodies that are refused. */
const table: Record<string, Row> = {
  'GET /api/v1/setup': { permission: 'public', status: 200 },
  'POST /api/v1/setup': { permission: 'public', options: { json: {} }, status: 409 },
  'POST /api/v1/session': { permission: 'public', options: { json: {} }, status: 422 },
  'PUT /api/v1/session': {
    permission: 'signed_in',
    options: { json: { business: no_id } },
    status: 404,
    refused: keys,
  },
  'DELETE /api/v1/session': { permission: 'signed_in', status: 204, refused: keys },
  'GET /api/v1/me': { permission: 'signed_in', status: 200 },
  'GET /api/v1/businesses': { permission: 'signed_in', status: 200 },
  'POST /api/v1/businesses': {
    permission: 'businesses_write',
    options: { json: {} },
    status: 422,
    refused: ['key admin'],
  },
  'PATCH /api/v1/businesses/{id}': {
    permission: 'businesses_write',
    options: { json: { name: 'x' } },
    status: 404,
  },
  'GET /api/v1/staff': { permission: 'staff_read', status: 200 },
  'POST /api/v1/staff': { permission: 'staff_write', options: { json: {} }, status: 422 },
  'GET /api/v1/staff/{id}': { permission: 'staff_read', status: 404 },
  'PATCH /api/v1/staff/{id}': {
    permission: 'signed_in',
    needs: 'staff_write',
    options: { json: { name: 'x' } },
    status: 404,
  },
  'GET /api/v1/api-keys': { permission: 'staff_write', status: 200 },
  'POST /api/v1/api-keys': { permission: 'staff_write', options: { json: {} }, status: 422 },
  'DELETE /api/v1/api-keys/{id}': { permission: 'staff_write', status: 404 },

  'GET /api/v1/contacts': { permission: 'contacts_read', status: 200 },
  'POST /api/v1/contacts': { permission: 'contacts_write', options: { json: {} }, status: 422 },
  'GET /api/v1/contacts/{id}': { permission: 'contacts_read', status: 404 },
  'PATCH /api/v1/contacts/{id}': {
    permission: 'contacts_write',
    options: { json: { language: 'de' } },
    status: 404,
  },
  'POST /api/v1/contacts/{id}/merge': {
    permission: 'contacts_write',
    options: { json: { into: no_id } },
    status: 404,
  },
  'POST /api/v1/contacts/{id}/unmerge': { permission: 'contacts_write', status: 404 },
  'GET /api/v1/contacts/{id}/summary': { permission: 'entries_read', status: 404 },
  'GET /api/v1/contacts/{id}/entries': { permission: 'entries_read', status: 404 },

  'GET /api/v1/entries': { permission: 'entries_read', status: 200 },
  'POST /api/v1/entries': { permission: 'entries_write', options: { json: {} }, status: 422 },
  'GET /api/v1/entries/{id}': { permission: 'entries_read', status: 404 },
  'POST /api/v1/entries/{id}/corrections': {
    permission: 'entries_write',
    options: { json: { reason: 'x', title: 'y' } },
    status: 404,
  },
  'POST /api/v1/entries/{id}/retraction': {
    permission: 'entries_write',
    options: { json: { reason: 'x' } },
    status: 404,
  },
  'POST /api/v1/entries/{id}/delivery-events': {
    permission: 'entries_write',
    options: { json: { status: 'sent' } },
    status: 404,
  },
  'PUT /api/v1/entries/{id}/pin': { permission: 'entries_write', status: 404 },
  'DELETE /api/v1/entries/{id}/pin': { permission: 'entries_write', status: 404 },
  'POST /api/v1/attachments': {
    permission: 'entries_write',
    options: { json: {} },
    status: 415,
  },
  'GET /api/v1/attachments/{id}': { permission: 'entries_read', status: 404 },
  'POST /api/v1/sandbox': { permission: 'entries_read', options: { json: {} }, status: 415 },
  'GET /api/v1/stream': {
    permission: 'entries_read',
    options: { query: { contact: no_id } },
    status: 404,
  },

  'GET /api/v1/ledger/checkpoint': { permission: 'entries_read', status: 200 },
  'GET /api/v1/ledger/keys': { permission: 'entries_read', status: 200 },
  'GET /api/v1/ledger/tile/{path...}': { permission: 'entries_read', status: 404 },
  'GET /api/v1/ledger/settings': { permission: 'settings_history', status: 200 },
  'GET /api/v1/ledger/consistency': {
    permission: 'entries_read',
    options: { query: { from: 0, to: 0 } },
    status: 200,
  },
  'GET /api/v1/ledger/entries/{id}/proof': { permission: 'entries_read', status: 404 },

  'POST /api/v1/exports': {
    permission: 'export',
    options: { json: { format: 'pdf' } },
    status: 422,
  },
  'GET /api/v1/exports/{id}': { permission: 'export', status: 404 },
  'GET /api/v1/exports/{id}/file': { permission: 'export', status: 404 },
  'GET /api/v1/reports/contact-history': { permission: 'entries_read', status: 200 },

  'POST /api/v1/imports': {
    permission: 'settings_write',
    options: { raw: '', type: 'text/csv', query: { name: 'x.csv' } },
    status: 422,
  },
  'GET /api/v1/imports': { permission: 'settings_write', status: 200 },
  'GET /api/v1/imports/{id}': { permission: 'settings_write', status: 404 },
  'DELETE /api/v1/imports/{id}': { permission: 'settings_write', status: 404 },
  'GET /api/v1/imports/{id}/preview': { permission: 'settings_write', status: 404 },
  'POST /api/v1/imports/{id}/run': {
    permission: 'settings_write',
    options: { json: {} },
    status: 404,
  },
  'POST /api/v1/imports/{id}/cancel': { permission: 'settings_write', status: 404 },
  'GET /api/v1/imports/{id}/rejected': { permission: 'settings_write', status: 404 },
  'GET /api/v1/imports/{id}/warnings': { permission: 'settings_write', status: 404 },

  'GET /api/v1/tasks': { permission: 'tasks_read', status: 200 },
  'POST /api/v1/tasks': { permission: 'tasks_write', options: { json: {} }, status: 422 },
  'GET /api/v1/tasks/{id}': { permission: 'tasks_read', status: 404 },
  'PATCH /api/v1/tasks/{id}': {
    permission: 'tasks_write',
    options: { json: { title: 'x' } },
    status: 404,
  },
  'POST /api/v1/tasks/{id}/complete': { permission: 'tasks_write', status: 404 },

  'GET /api/v1/contact-types': { permission: 'settings_read', status: 200 },
  'POST /api/v1/contact-types': { permission: 'entries_write', options: { json: {} }, status: 422 },
  'PATCH /api/v1/contact-types/{key}': {
    permission: 'settings_write',
    options: { json: { name: 'x' } },
    status: 404,
  },
  'GET /api/v1/entry-types': { permission: 'settings_read', status: 200 },
  'POST /api/v1/entry-types': { permission: 'settings_write', options: { json: {} }, status: 422 },
  'PATCH /api/v1/entry-types/{type}': {
    permission: 'settings_write',
    options: { json: { name: 'x' } },
    status: 404,
  },
  'GET /api/v1/logging-rules': { permission: 'settings_read', status: 200 },
  'POST /api/v1/logging-rules': {
    permission: 'settings_write',
    options: { json: {} },
    status: 422,
  },
  'POST /api/v1/logging-rules/dry-run': {
    permission: 'settings_write',
    options: { json: {} },
    status: 422,
  },
  'PATCH /api/v1/logging-rules/{id}': {
    permission: 'settings_write',
    options: { json: { enabled: true } },
    status: 404,
  },
  'GET /api/v1/log-views': { permission: 'settings_read', status: 200 },
  'POST /api/v1/log-views': { permission: 'settings_write', options: { json: {} }, status: 422 },
  'PATCH /api/v1/log-views/{key}': {
    permission: 'settings_write',
    options: { json: { name: 'x' } },
    status: 404,
  },
  'GET /api/v1/saved-filters': { permission: 'entries_read', status: 200 },
  'POST /api/v1/saved-filters': { permission: 'entries_read', options: { json: {} }, status: 422 },
  'DELETE /api/v1/saved-filters/{id}': { permission: 'entries_read', status: 404 },
};

const served = run_annals('routes')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string, string]);

let studio: Studio;
const callers: Record<string, Client> = {};

beforeAll(async () => {
  studio = await Studio.staffed();
  for (const name of Object.keys(grants)) {
    if (name.startsWith('key ')) callers[name] = await studio.key(name.slice(4));
    else if (name === 'nobody') callers[name] = studio.anyone;
    else callers[name] = studio.members[name as keyof Studio['members']].client;
  }
});
afterAll(async () => studio?.server.stop());

function expected_status(caller: string, row: Row): number {
  const needs = row.needs ?? row.permission;
  if (needs === 'public') return row.status;
  if (caller === 'nobody') return 401;
  if (row.refused?.includes(caller)) return 403;
  return needs === 'signed_in' || grants[caller]!.includes(needs) ? row.status : 403;
}

describe('every route', () => {
  test('is in the table, and asks for what the table says', () => {
    const said = Object.fromEntries(served.map(([method, path, p]) => [`${method} ${path}`, p]));
    const known = Object.fromEntries(Object.entries(table).map(([r, row]) => [r, row.permission]));
    expect(said).toEqual(known);
  });

  // Signing out comes last: it takes the callers' sessions away.
  const ordered = served.filter(
    ([method, path]) => !(method === 'DELETE' && path.endsWith('/session')),
  );

  test.each(ordered)('%s %s answers each caller as it should', async (method, path) => {
    await ask_all(method, path);
  });

  test('an export is for those who may export', async () => {
    const found: Record<string, number> = {};
    const wanted: Record<string, number> = {};
    for (const [name, client] of Object.entries(callers)) {
      for (const accept of ['text/csv', 'application/x-ndjson']) {
        const reply = await client.request('GET', '/api/v1/entries', { headers: { accept } });
        found[name] = reply.status;
        wanted[name] = expected_status(name, { permission: 'export', status: 200 });
      }
    }
    expect(found).toEqual(wanted);
  });

  test('a task with an entry needs the permission for tasks too', async () => {
    const contact = { id: await studio.person() };
    const json = { type: 'note', contact, task: { title: 'x' } };
    const reply = await callers['key entries:write']!.request('POST', '/api/v1/entries', { json });
    expect(reply.status).toBe(403);
    const { items } = await studio.owner.get(`/api/v1/contacts/${contact.id}/entries`);
    expect(items.map((e: any) => e.type)).toEqual(['contact.created']);
  });

  test('create_contact with an entry needs the permission for contacts too', async () => {
    const contact = { email: 'made.by.key@example.com' };
    const json = { type: 'note', contact, create_contact: { given_name: 'x' } };
    const path = '/api/v1/entries';
    expect((await callers['key entries:write']!.request('POST', path, { json })).status).toBe(403);
    const both = await studio.key('entries:write', 'contacts:write');
    expect((await both.request('POST', path, { json })).status).toBe(201);
  });
});

async function ask_all(method: string, path: string): Promise<void> {
  const row = table[`${method} ${path}`]!;
  const where = path
    .replace('{id}', no_id)
    .replace(/\{(key|type)\}/, 'nothing')
    .replace('{path...}', '0/999');
  const found: Record<string, number> = {};
  const wanted: Record<string, number> = {};
  for (const [name, client] of Object.entries(callers)) {
    const reply = await client.request(method, where, row.options);
    found[name] = reply.status;
    wanted[name] = expected_status(name, row);
  }
  expect(found).toEqual(wanted);
}

// ---- one entry, seen or not

interface Variant {
  name: string;
  draft: object;
  author: 'owner' | 'staff';
  seen_by: (caller: string) => boolean;
}

const roles = ['owner', 'manager', 'staff', 'auditor'];
const sees_all = (caller: string) => ['owner', 'key admin'].includes(caller);

const variants: Variant[] = [
  { name: 'plain', draft: {}, author: 'staff', seen_by: () => true },
  {
    name: 'financial',
    draft: { views: ['financial'] },
    author: 'owner',
    seen_by: (caller) =>
      sees_all(caller) || ['manager', 'auditor', 'key view:financial'].includes(caller),
  },
  {
    name: 'medical',
    draft: { views: ['medical'] },
    author: 'staff',
    seen_by: (caller) => sees_all(caller) || caller === 'manager',
  },
  {
    name: "private, the staff member's",
    draft: { private: true },
    author: 'staff',
    seen_by: (caller) => sees_all(caller) || caller === 'staff',
  },
  {
    name: "private, the owner's",
    draft: { private: true },
    author: 'owner',
    seen_by: sees_all,
  },
];

// Keys that may read and write entries, so that their views alone decide.
const entry_keys: Record<string, string[]> = {
  'key admin': ['admin'],
  'key general': ['entries:read', 'entries:write'],
  'key view:financial': ['entries:read', 'entries:write', 'view:financial'],
};

describe.each(variants)('an entry: $name', ({ draft, author, seen_by }) => {
  let id: string;
  let file: string;
  let contact: string;
  const readers: Record<string, Client> = {};

  beforeAll(async () => {
    for (const role of roles) readers[role] = callers[role]!;
    for (const [name, scopes] of Object.entries(entry_keys)) {
      readers[name] = await studio.key(...scopes);
    }
    const other = await studio.other_business();
    readers['owner elsewhere'] = other;
    const made = await other.post('/api/v1/api-keys', { name: 'admin', scopes: ['admin'] });
    readers['key admin elsewhere'] = studio.anyone.with({ key: made.secret });
    contact = await studio.person();
    const client = callers[author]!;
    file = await client.upload('file.txt', 'content');
    const body = { type: 'note', contact: { id: contact }, attachments: [file], ...draft };
    ({ id } = await client.post('/api/v1/entries', body));
    // So that another retraction or correction is refused to those who see it, too.
    await studio.owner.post(`/api/v1/entries/${id}/retraction`, { reason: 'x' });
  });

  const ways: [string, (client: Client) => Promise<number>, { seen: number; needs: string }][] = [
    [
      'reading it',
      async (client) => (await client.request('GET', `/api/v1/entries/${id}`)).status,
      { seen: 200, needs: 'entries_read' },
    ],
    [
      'reading its file',
      async (client) => (await client.request('GET', `/api/v1/attachments/${file}`)).status,
      { seen: 200, needs: 'entries_read' },
    ],
    [
      'correcting it',
      async (client) => {
        const json = { reason: 'x', title: 'y' };
        const headers = { 'if-match': '"999"' };
        const path = `/api/v1/entries/${id}/corrections`;
        return (await client.request('POST', path, { json, headers })).status;
      },
      { seen: 412, needs: 'entries_write' },
    ],
    [
      'retracting it',
      async (client) => {
        const path = `/api/v1/entries/${id}/retraction`;
        return (await client.request('POST', path, { json: { reason: 'x' } })).status;
      },
      { seen: 409, needs: 'entries_write' },
    ],
    [
      'reporting what became of it',
      async (client) => {
        const path = `/api/v1/entries/${id}/delivery-events`;
        return (await client.request('POST', path, { json: { status: 'sent' } })).status;
      },
      { seen: 409, needs: 'entries_write' },
    ],
    [
      'pinning it',
      async (client) => (await client.request('PUT', `/api/v1/entries/${id}/pin`)).status,
      { seen: 204, needs: 'entries_write' },
    ],
    [
      'taking the pin off',
      async (client) => (await client.request('DELETE', `/api/v1/entries/${id}/pin`)).status,
      { seen: 204, needs: 'entries_write' },
    ],
    [
      'listing it with all',
      async (client) => {
        const { items } = await client.get('/api/v1/entries', { limit: 200 });
        return items.some((e: any) => e.id === id) ? 200 : 404;
      },
      { seen: 200, needs: 'entries_read' },
    ],
    [
      "listing it in its contact's history",
      async (client) => {
        const reply = await client.request('GET', `/api/v1/contacts/${contact}/entries`);
        if (reply.status !== 200) return reply.status;
        return reply.body.items.some((e: any) => e.id === id) ? 200 : 404;
      },
      { seen: 200, needs: 'entries_read' },
    ],
  ];

  test.each(ways)('%s', async (_, ask, { seen, needs }) => {
    const found: Record<string, number> = {};
    const wanted: Record<string, number> = {};
    for (const [name, client] of Object.entries(readers)) {
      found[name] = await ask(client);
      const may = name.includes('key') || grants[name]?.includes(needs) || name.includes('else');
      const sees = !name.includes('elsewhere') && seen_by(name);
      wanted[name] = !may ? 403 : sees ? seen : 404;
    }
    expect(found).toEqual(wanted);
  });
});

// It takes the sessions of those who ask.
test('DELETE /api/v1/session answers each caller as it should', async () => {
  await ask_all('DELETE', '/api/v1/session');
  for (const role of roles) {
    expect((await callers[role]!.request('GET', '/api/v1/me')).status, role).toBe(401);
  }
});
