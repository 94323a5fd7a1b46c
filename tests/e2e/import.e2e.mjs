// The import wizard: a file of another system becomes clients and history.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const rows = 700;
const clients = 70;

let studio;
let page;

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });

function csv() {
  const lines = ['Kundennr;Vorname;Nachname;E-Mail;Datum;Betrag;Bemerkung;Farbe'];
  for (let i = 0; i < rows; i += 1) {
    const c = i % clients;
    const date = `${1 + (i % 28)}.${1 + (i % 12)}.2024 ${8 + (i % 10)}:30`;
    lines.push(`K-${c};Grit;Größe ${c};g${c}@example.com;${date};1.0${i % 10}0,50;Rang ${i};rot`);
  }
  lines.push('K-1;Grit;Größe;;31.02.2024;;Falscher Tag;');
  lines.push(';;;;1.1.2024;;Niemand;');
  lines.push('K-999;Grit;Größe 999;no address;1.1.2024;;Falsche Adresse;');
  return lines.join('\r\n');
}

const file = () => ({
  name: 'kunden.csv.gz',
  mimeType: 'application/gzip',
  buffer: gzipSync(csv()),
});

describe('the import', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
  });
  after(() => studio?.close());

  step('refuses what is no table', async () => {
    await page.goto('/settings?part=import');
    await page.locator('input[type=file]').setInputFiles({
      name: 'empty.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('name\n'),
    });
    await page.getByText('This file has no rows.').waitFor();
    await studio.check('import-file');
  });

  step('guesses what columns mean, and checks every row before anything is sent', async () => {
    await page.locator('input[type=file]').setInputFiles(file());
    await page.getByRole('heading', { name: 'kunden.csv.gz: 703 rows' }).waitFor();
    const chosen = (name) =>
      page
        .locator('main')
        .getByLabel(name, { exact: true })
        .evaluate((select) => select.selectedOptions[0].textContent);
    assert.equal(await chosen('Client number'), 'Kundennr');
    assert.equal(await chosen('Date (and time)'), 'Datum');
    assert.equal(await chosen('Amount'), 'Betrag');
    await page.getByText('701 rows can be imported.').waitFor();
    await page.getByText('Line 702: its date cannot be read').waitFor();
    await page.getByText('Line 703: says no client').waitFor();
    await studio.check('import-mapping');
    await studio.check_narrow('import-mapping');
    assert.equal((await studio.call('GET', '/contacts')).items.length, 0);
  });

  step('sends the rows, and tells which were refused and why', async () => {
    await page.getByLabel('Each row is').selectOption('payment.taken');
    await button('Import 701 rows').click();
    await page.getByText('701 of 701 rows sent').waitFor({ timeout: 60_000 });
    await page.getByText('700 are new.').waitFor();
    await page.getByText('3 were refused.').waitFor();
    await studio.check('import-done');
    const { items } = await studio.call('GET', '/entries?type=payment.taken&limit=1&facets=1');
    assert.equal(items[0].origin.source, 'kunden');
    assert.equal(items[0].amount.currency, 'EUR');
    assert.equal(items[0].details.Farbe, 'rot');
    const found = await studio.call('GET', '/contacts?q=groesse+7');
    assert.ok(found.items.some((contact) => contact.client_number === 'K-7'));
    const [rejected] = await Promise.all([
      page.waitForEvent('download'),
      button('Download the refused rows').click(),
    ]);
    const lines = (await readFile(await rejected.path(), 'utf8')).split('\r\n');
    assert.equal(lines.length, 4);
    assert.match(lines[3], /^K-999,.*,704,.*mail/);
  });

  step('adds nothing when it is run again', async () => {
    await button('Import again').click();
    await page.getByText('700 were there before.').waitFor({ timeout: 60_000 });
    const list = await studio.call('GET', '/entries?type=payment.taken&limit=1&facets=1');
    assert.equal(list.facets.type['payment.taken'], 700);
  });

  step('takes clients alone', async () => {
    await button('Another file').click();
    await page.locator('input[type=file]').setInputFiles({
      name: 'members.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('Name,Phone,Member no\nAnna Mulder,0171 2345678,M-1\nBo,,M-2\n'),
    });
    await button('Import 2 rows').click();
    await page.getByText('2 are new.').waitFor();
    await button('Import again').click();
    await page.getByText('2 were there before.').waitFor();
    const found = await studio.call('GET', '/contacts?client_number=M-1');
    assert.equal(found.items[0].family_name, 'Mulder');
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
