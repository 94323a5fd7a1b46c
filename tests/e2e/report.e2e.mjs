// The Contact History Report: everything of all clients.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const clients = 30;
const each = 40;

let studio;
let page;

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const search = () => new URL(page.url()).searchParams;
const row = (text) => page.locator('tbody tr', { hasText: text });
const action = (name) => page.locator('[data-entry]', { hasText: name });

async function record_many() {
  for (let c = 0; c < clients; c += 1) {
    const drafts = Array.from({ length: each }, (_, i) => ({
      type: ['appointment.completed', 'payment.taken', 'email.sent', 'note'][i % 4],
      contact: { source: 'till', external_id: `c${c}` },
      create_contact: { given_name: 'Client', family_name: `Nr ${c}` },
      source: 'till',
      source_id: `${c}-${i}`,
      title: `Entry ${c}-${i}`,
      occurred_at: new Date(Date.UTC(2025, 5, 1, 0, c * each + i)).toISOString(),
      actor: i % 2 ? { kind: 'automation' } : { kind: 'none' },
      ...(i % 4 === 1 ? { amount: { value: 1000, currency: 'EUR' } } : {}),
    }));
    await studio.call('POST', '/entries', drafts);
  }
}

describe('the report', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    await record_many();
  });
  after(() => studio?.close());

  step('lists everything of all clients, the newest first', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: 'Client Nr 3', exact: true }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await row('Entry 29-38').waitFor();
    const heads = await page.locator('th').allInnerTexts();
    assert.deepEqual(
      heads.map((head) => head.trim()),
      [
        'Date',
        'Client',
        'User',
        'Contact method',
        'Type',
        'Contact type',
        'Status',
        'Direction',
        'Action',
      ],
    );
    await row('Entry 29-38').getByText('No staff').waitFor();
    await row('Entry 29-37').getByText('Automated').waitFor();
    await row('Entry 29-37').getByRole('link', { name: 'Client Nr 29' }).waitFor();
    await studio.check('report', 'main');
  });

  step('opens an entry beside the list, by the keyboard alone', async () => {
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const aside = page.getByRole('region', { name: 'The opened entry' });
    await aside.getByRole('heading').waitFor();
    await aside.getByText('no. ', { exact: false }).waitFor();
    assert.ok(search().get('entry'));
    await studio.check('report-entry', '.beside');
    await page.keyboard.press('Escape');
    await aside.waitFor({ state: 'detached' });
  });

  step('filters, sorts by date, and chooses columns', async () => {
    await button(/^Payments/).click();
    await row('Entry 29-38').waitFor({ state: 'detached' });
    await page.getByText('300 entries', { exact: true }).waitFor();
    await button('Columns').click();
    await page.getByRole('checkbox', { name: 'Amount' }).check();
    await row('Entry 29-37').getByText('€10.00').waitFor();
    await page.getByRole('checkbox', { name: 'Status' }).uncheck();
    await page.keyboard.press('Escape');
    await page.getByRole('columnheader', { name: 'Date' }).getByRole('button').click();
    await row('Entry 0-1').first().waitFor();
    assert.equal(search().get('order'), 'oldest');
    await page.reload();
    await row('Entry 0-1').first().waitFor();
    assert.equal(await page.getByRole('columnheader', { name: 'Status' }).count(), 0);
  });

  step('downloads what is filtered', async () => {
    await button('Export').click();
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      button('CSV for spreadsheets').click(),
    ]);
    const lines = (await readFile(await csv.path(), 'utf8')).trim().split('\r\n');
    assert.equal(lines.length, 301);
    assert.equal(
      lines[0],
      'Date,Client,User,Contact method,Type,Contact type,Direction,' +
        'Amount in minor units,Currency,Action',
    );
    assert.match(lines[1], /^2025-06-01T00:01:00.000000Z,Client Nr 0,Automated,,payment.taken,/);
    assert.match(lines[1], /,1000,EUR,Entry 0-1$/);
    await button('Export').click();
    const [ndjson] = await Promise.all([
      page.waitForEvent('download'),
      button('NDJSON for programs').click(),
    ]);
    const items = (await readFile(await ndjson.path(), 'utf8')).trim().split('\n');
    assert.equal(items.length, 300);
    assert.ok(items.every((item) => JSON.parse(item).category === 'payments'));
  });

  step('shows at once what happens elsewhere', async () => {
    await page.goto('/history');
    await row('Entry 29-38').waitFor();
    await studio.call('POST', '/entries', {
      type: 'note',
      contact: { source: 'till', external_id: 'c3' },
      title: 'Just now',
    });
    await row('Just now').waitFor();
  });

  step('leads from an entry to a note on it, at the client', async () => {
    await action('Just now').click();
    await button('Add a note').click();
    await page.getByText('A note on: Just now').waitFor();
    await page.getByRole('heading', { name: 'Client Nr 3' }).waitFor();
  });

  step('fits a narrow screen', async () => {
    await page.goto('/history');
    await row('Just now').waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
