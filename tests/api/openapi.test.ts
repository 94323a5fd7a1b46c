// docs/openapi.yaml and the server say the same: the same routes, and each answers as documented
// (support/contract.ts holds every exchange of every suite to the document).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetch_bundle } from './support/bundle';
import { Client } from './support/client';
import { answered, document, operations } from './support/contract';
import { await_import, path as imports, upload } from './support/imports';
import { release_bin, run_annals, Server } from './support/server';
import { Follower } from './support/stream';
import { Studio } from './support/studio';

// Served beside the API, without a row in a slice's table.
const beside = ['/healthz', '/readyz', '/metrics', '/api/openapi.json', '/api/docs'];
// Those that only a binary with the web app has.
const in_the_web_app = ['openapi', 'docs'];

test('the document lists exactly the routes that the server has', () => {
  const served = run_annals('routes')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').slice(0, 2).join(' '));
  const documented = operations
    .filter((operation) => !beside.includes(operation.path))
    .map((operation) => `${operation.method} ${operation.path}`);
  expect(served.sort()).toEqual(documented.sort());
});

describe('every operation', () => {
  let studio: Studio;
  let owner: Client;
  beforeAll(async () => {
    studio = await Studio.found();
    owner = studio.owner;
  });
  afterAll(async () => studio?.server.stop());

  test('of access answers as documented', async () => {
    await studio.anyone.get('/api/v1/setup');
    const me = await owner.get('/api/v1/me');
    const other = await studio.other_business();
    await other.must(201, 'PUT', '/api/v1/session', { json: { business: me.business.id } });
    expect((await owner.get('/api/v1/businesses')).items).toHaveLength(2);
    await owner.patch(`/api/v1/businesses/${me.business.id}`, { name: 'Studio Nord GmbH' });
    await studio.hire('staff', 'staff');
    await owner.get('/api/v1/staff');
    await owner.get(`/api/v1/staff/${studio.members.staff.id}`);
    await owner.patch(`/api/v1/staff/${studio.members.staff.id}`, { name: 'Emma Jansen' });
    const key = await owner.post('/api/v1/api-keys', { name: 'Till', scopes: ['entries:write'] });
    await owner.get('/api/v1/api-keys');
    await owner.must(204, 'DELETE', `/api/v1/api-keys/${key.id}`);
    await studio.staff.must(204, 'DELETE', '/api/v1/session');
  });

  test('of contacts answers as documented', async () => {
    const anna = await studio.person({
      emails: [{ address: 'anna@example.com', label: 'home' }],
      phones: [{ number: '0171 2345678', label: 'mobile' }],
      client_number: 'K-1',
      uids: [{ source: 'booking', external_id: '4711' }],
      birthday: '1984-07-21',
      language: 'de',
      tags: ['vip'],
      attributes: { shoe_size: 42 },
      consents: [{ channel: 'sms', purpose: 'reminders', granted: true, source: 'form' }],
    });
    const double = await studio.person({ given_name: 'Ana' });
    await owner.get('/api/v1/contacts', { q: 'muster' });
    await owner.get('/api/v1/contacts', { kind: 'person', archived: false, limit: 1 });
    await owner.get(`/api/v1/contacts/${anna}`);
    await owner.patch(`/api/v1/contacts/${anna}`, { language: 'en', tags: null });
    await owner.post(`/api/v1/contacts/${double}/merge`, { into: anna }, 200);
    await owner.must(200, 'POST', `/api/v1/contacts/${double}/unmerge`);
    await owner.get(`/api/v1/contacts/${anna}/summary`);
  });

  test('of entries answers as documented', async () => {
    const anna = await studio.person();
    const file = await owner.upload('receipt.txt', 'Thank you.');
    const entry = await owner.post('/api/v1/entries', {
      type: 'call',
      contact: { id: anna },
      contact_type: null,
      direction: 'inbound',
      title: 'Asked for the receipt',
      text: 'She lost it.',
      details: { minutes: 3 },
      changes: [{ field: 'address', old: null, new: 'Nordstraße 1' }],
      amount: { value: 900, currency: 'EUR' },
      attachments: [file],
      actor: { kind: 'staff', name: 'Erika' },
      task: { title: 'Send it', due: '2031-03-14', assignee: studio.members.owner.id },
    });
    await owner.must(201, 'POST', '/api/v1/entries', {
      raw: JSON.stringify({ type: 'note', contact: { id: anna } }) + '\n{}\n',
      type: 'application/x-ndjson',
    });
    await owner.post('/api/v1/entries', [{ type: 'note', contact: { id: anna } }]);
    for (const path of ['/api/v1/entries', `/api/v1/contacts/${anna}/entries`]) {
      await owner.get(path, { facets: '1', limit: 2 });
      await owner.get(path, { q: 'receipt', has_attachment: true, method: ['phone', 'none'] });
      for (const accept of ['text/csv', 'application/x-ndjson']) {
        const reply = await owner.request('GET', path, { headers: { accept } });
        expect(reply.headers.get('content-type')).toContain(accept);
      }
    }
    await owner.post(`/api/v1/entries/${entry.id}/corrections`, { reason: 'Typo', text: 'Lost.' });
    await owner.must(204, 'PUT', `/api/v1/entries/${entry.id}/pin`);
    await owner.must(204, 'DELETE', `/api/v1/entries/${entry.id}/pin`);
    await owner.post(`/api/v1/entries/${entry.id}/retraction`, { reason: 'Somebody else' });
    const draft = { type: 'letter.sent', contact: { id: anna } };
    const letter = await owner.post('/api/v1/entries', draft);
    const back = { status: 'failed', reason: 'Moved', source_id: 'post-1' };
    await owner.post(`/api/v1/entries/${letter.id}/delivery-events`, back);
    await owner.post(`/api/v1/entries/${letter.id}/delivery-events`, back, 200);
    await owner.get(`/api/v1/entries/${letter.id}`);
    await owner.get(`/api/v1/entries/${entry.id}`);
    await owner.get(`/api/v1/attachments/${file}`);
    const page = new FormData();
    page.append('html', '<p>Grüße</p><script>1</script>');
    const shown = await owner.request('POST', '/api/v1/sandbox', { raw: page });
    expect([shown.status, shown.text]).toEqual([200, '<p>Grüße</p><script>1</script>']);
    const policy = shown.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(['sandbox', "default-src 'none'", "frame-ancestors 'self'"]),
    );
    (await Follower.open(owner)).close();
  });

  test('of the ledger answers as documented', async () => {
    const anna = await studio.person();
    const call = await owner.post('/api/v1/entries', { type: 'call', contact: { id: anna } });
    await owner.must(200, 'GET', '/api/v1/ledger/checkpoint');
    await owner.get('/api/v1/ledger/keys');
    await owner.post('/api/v1/log-views', { name: 'Board', roles: ['manager'] });
    expect((await owner.get('/api/v1/ledger/settings')).items).not.toEqual([]);
    await owner.must(200, 'GET', '/api/v1/ledger/tile/0/000.p/1');
    await owner.get('/api/v1/ledger/consistency', { from: 0, to: 1 });
    const proof = `/api/v1/ledger/entries/${call.id}/proof`;
    await owner.must(200, 'GET', proof);
    const headers = { accept: 'application/json' };
    expect((await owner.request('GET', proof, { headers })).body.version).toBe(1);
    expect((await owner.get(`/api/v1/entries/${call.id}`)).proof.verified).toBe(true);
    await fetch_bundle(owner, { contact: anna, filters: { type: ['call'] } });
  });

  test('of imports and reports answers as documented', async () => {
    await owner.get('/api/v1/reports/contact-history', { limit: 1 });
    const rows = Array.from({ length: 20_000 }, (_, i) => `R-${i % 9},${i ? '2024-05-01' : '?'}`);
    const job = await upload(owner, 'rows.csv', `client id,day\n${rows.join('\n')}\n`);
    const where = `${imports}/${job.id}`;
    expect((await owner.get(imports)).items[0].id).toBe(job.id);
    await owner.get(`${where}/preview`, { delimiter: ';', encoding: 'utf-8', header: true });
    const mapping = {
      contact: { external_id: '{client id}', source: 'rows', given_name: '{client id}' },
      entries: [{ type: 'visit', source: 'rows', occurred_at: { column: 'day', format: 'date' } }],
      warn: [{ when: { column: 'client id', equals: 'R-1' }, reason: 'looks odd' }],
    };
    await owner.post(`${where}/run`, { mapping }, 202);
    await await_import(owner, job.id, (now) => now.progress.rows > 0);
    await owner.must(200, 'POST', `${where}/cancel`);
    expect((await await_import(owner, job.id)).status).toBe('canceled');
    await owner.must(200, 'GET', `${where}/rejected`);
    await owner.must(200, 'GET', `${where}/warnings`);
    await owner.must(204, 'DELETE', where);
  });

  test('of tasks answers as documented', async () => {
    const task = await owner.post('/api/v1/tasks', { title: 'Call back', due: '2031-03-14' });
    await owner.get('/api/v1/tasks', { assignee: 'none', status: ['open', 'completed'] });
    await owner.get(`/api/v1/tasks/${task.id}`);
    await owner.patch(`/api/v1/tasks/${task.id}`, { priority: 'high' });
    await owner.must(200, 'POST', `/api/v1/tasks/${task.id}/complete`);
  });

  test('of settings answers as documented', async () => {
    await owner.post('/api/v1/log-views', { key: 'therapy', name: 'Therapy', roles: ['manager'] });
    await owner.get('/api/v1/log-views');
    await owner.patch('/api/v1/log-views/therapy', { roles: ['manager', 'staff'] });
    await owner.post('/api/v1/contact-types', { name: 'Beratung', views: ['therapy'] });
    const types = await owner.get('/api/v1/contact-types');
    const key = encodeURIComponent(types.items[0].key);
    await owner.patch(`/api/v1/contact-types/${key}`, { archived: true });
    await owner.post('/api/v1/entry-types', { type: 'locker.rented', category: 'contracts' });
    await owner.get('/api/v1/entry-types');
    await owner.patch('/api/v1/entry-types/locker.rented', { name: 'Locker' });
    const rule = { type: 'locker.rented', source: 'till', enabled: false };
    const { id } = await owner.post('/api/v1/logging-rules', rule);
    await owner.get('/api/v1/logging-rules');
    await owner.patch(`/api/v1/logging-rules/${id}`, { views: ['therapy'] });
    const february = { from: '2025-02-01', to: '2025-03-01' };
    await owner.post('/api/v1/logging-rules/dry-run', { ...february, rules: [rule] }, 200);
    const filter = await owner.post('/api/v1/saved-filters', {
      name: 'No-shows',
      filter: 'type=appointment.no_show',
      shared: true,
    });
    await owner.get('/api/v1/saved-filters');
    await owner.must(204, 'DELETE', `/api/v1/saved-filters/${filter.id}`);
  });

  test('of operation answers as documented', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) await studio.anyone.get(path);
  });

  test.skipIf(!release_bin())('of the web app answers as documented', async () => {
    const server = await Server.start({ bin: release_bin() });
    try {
      const anyone = new Client(server.url);
      expect(await anyone.get('/api/openapi.json')).toEqual(document);
      await anyone.get('/api/docs');
    } finally {
      await server.stop();
    }
  });

  test('was called above and succeeded', () => {
    const missing = operations
      .filter((operation) => release_bin() || !in_the_web_app.includes(operation.id))
      .filter((operation) => ![...(answered.get(operation.id) ?? [])].some((s) => s < 300))
      .map((operation) => operation.id);
    expect(missing).toEqual([]);
  });
});
