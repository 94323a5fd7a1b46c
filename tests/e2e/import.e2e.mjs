// The import wizard: a file of another system becomes clients and history.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const rows = 700;
const clients = 70;
const long_ms_max = 300_000;
const practice = new URL('../../../shared/data/appointments.csv.gz', import.meta.url).pathname;

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

const chosen = (name) =>
  page
    .locator('main')
    .getByLabel(name, { exact: true })
    .evaluate((select) => select.selectedOptions[0].textContent);
const drop = (file) => page.locator('input[type=file]').setInputFiles(file);
const import_id = () => new URL(page.url()).searchParams.get('import');

/** The last import, when it is over. */
async function over(id) {
  const deadline = Date.now() + long_ms_max;
  for (;;) {
    const job = await studio.ask('GET', `/imports/${id}`);
    if (!['waiting', 'running'].includes(job.status)) return job;
    assert.ok(Date.now() < deadline, `it is ${job.status}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

describe('the import', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
  });
  after(() => studio?.close());

  step('refuses what is no table', async () => {
    await page.goto('/settings?part=import');
    await drop({ name: 'empty.csv', mimeType: 'text/csv', buffer: Buffer.from('name\n') });
    await page.getByText('This file has no rows.').waitFor();
    await drop({
      name: 'book.xlsx',
      mimeType: 'text/csv',
      buffer: Buffer.from('PK\x03\x04\0\0\0'),
    });
    await page.getByText('This is no CSV file.').waitFor();
    await studio.check('import-file');
  });

  step('guesses what columns mean', async () => {
    await drop(file());
    await page.getByRole('heading', { name: 'kunden.csv.gz' }).waitFor();
    assert.equal(await chosen('Client number'), 'Kundennr');
    assert.equal(await chosen('Date (and time)'), 'Datum');
    assert.equal(await chosen('Amount'), 'Betrag');
    assert.equal(await chosen('Dates are written'), 'day.month.year');
    assert.equal(await chosen('Amounts are written'), '1.234,50');
    assert.equal(await chosen('Cells are parted by'), ';');
    await studio.check('import-mapping');
    await studio.check_narrow('import-mapping');
  });

  step('reads the file in another way when told so', async () => {
    await page.getByLabel('Cells are parted by').selectOption(',');
    await page.getByRole('columnheader', { name: 'Kundennr;Vorname' }).waitFor();
    await page.getByLabel('Cells are parted by').selectOption(';');
    await page.getByRole('columnheader', { name: /^Nachname/ }).waitFor();
    await page.getByLabel('The first row names the columns').uncheck();
    await page.getByRole('columnheader', { name: 'column 8' }).waitFor();
    await page.getByLabel('The first row names the columns').check();
    await page.getByRole('columnheader', { name: /^Nachname/ }).waitFor();
  });

  step('keeps what was chosen over a reload', async () => {
    await page.getByLabel('Each row is').selectOption('payment.taken');
    await page.getByLabel('Name of the source').fill('kasse');
    await page.getByLabel('Title', { exact: true }).selectOption('Farbe');
    await page.reload();
    await page.getByRole('heading', { name: 'kunden.csv.gz' }).waitFor();
    assert.equal(await page.getByLabel('Name of the source').inputValue(), 'kasse');
    assert.equal(await chosen('Title'), 'Farbe');
    assert.equal(await page.getByLabel('Each row is').inputValue(), 'payment.taken');
    await page.getByLabel('Title', { exact: true }).selectOption('');
    await page.getByLabel('Name of the source').fill('kunden');
  });

  step('says beside a field what is wrong with it', async () => {
    await page.getByLabel('Date (and time)').selectOption('');
    await button('Check every row').click();
    await page.getByText('Says when it happened; without it rows are clients alone').waitFor();
    await page.getByLabel('Date (and time)').selectOption('Datum');
  });

  step('checks every row before anything is stored', async () => {
    await button('Check every row').click();
    await page.getByText('700 rows can be imported.').waitFor({ timeout: long_ms_max });
    await page.getByText('3 rows are wrong and stay out.').waitFor();
    await page.getByText('70 clients are new.').waitFor();
    for (const words of [
      'Line 702: Datum 31.02.2024 is no date or time as it is chosen here',
      'Line 703: Kundennr is empty',
      'Line 704: E-Mail is no e-mail address',
    ]) {
      await page.getByRole('listitem').filter({ hasText: words }).waitFor();
    }
    await studio.check('import-checked');
    await studio.check_narrow('import-checked');
    assert.equal((await studio.call('GET', '/contacts')).items.length, 0);
    // What is chosen otherwise has to be checked anew.
    await page.getByLabel('Name of the source').fill('kasse');
    await button('Check every row').waitFor();
    await page.getByLabel('Name of the source').fill('kunden');
    await button('Import 700 rows').waitFor();
  });

  step('imports, and tells which rows were refused and why', async () => {
    await button('Import 700 rows').click();
    await page.getByText('700 are new.').waitFor({ timeout: long_ms_max });
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
    assert.equal(lines.length, 5);
    assert.match(lines[3], /^K-999;.*;704;.*mail/);
  });

  step('says so in every language', async () => {
    for (const [language, words] of [
      ['de', 'Datum 31.02.2024 ist kein Datum und keine Uhrzeit der gewählten Form'],
      ['nl', 'Datum 31.02.2024 is geen datum of tijd in de gekozen vorm'],
      ['lt', 'Datum 31.02.2024 nėra pasirinktos formos data ar laikas'],
      ['fr', 'Datum 31.02.2024 n’est pas une date ou une heure de la forme choisie'],
      ['en', 'Datum 31.02.2024 is no date or time as it is chosen here'],
    ]) {
      await page.evaluate((tag) => localStorage.setItem('annals.language', tag), language);
      await page.reload();
      await page.getByRole('listitem').filter({ hasText: words }).waitFor();
    }
    await page.evaluate(() => localStorage.removeItem('annals.language'));
    await page.reload();
    await button('Import again').waitFor();
  });

  step('adds nothing when it is run again', async () => {
    await button('Import again').click();
    await page.getByText('700 were there before.').waitFor({ timeout: long_ms_max });
    const list = await studio.call('GET', '/entries?type=payment.taken&limit=1&facets=1');
    assert.equal(list.facets.type['payment.taken'], 700);
  });

  step('takes clients alone, and lists what was imported', async () => {
    await button('Another file').click();
    await page.getByRole('link', { name: 'kunden.csv.gz' }).waitFor();
    await drop({
      name: 'members.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('Name,Phone,Member no\nAnna Mulder,0171 2345678,M-1\nBo,,M-2\n'),
    });
    await button('Check every row').click();
    await button('Import 2 rows').click();
    await page.getByText('2 are new.').waitFor();
    const found = await studio.call('GET', '/contacts?client_number=M-1');
    assert.equal(found.items[0].family_name, 'Mulder');
    await button('Another file').click();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'members.csv' })
      .getByText('Imported')
      .waitFor();
    await studio.check('import-list');
  });

  step('removes an import with its file', async () => {
    await page.getByRole('link', { name: 'kunden.csv.gz' }).click();
    const id = import_id();
    await button('Remove this import').click();
    await button('Choose a file').waitFor();
    const { items } = await studio.ask('GET', '/imports');
    assert.ok(items.every((job) => job.id !== id));
  });

  step('imports a whole practice, over a reload, a stop and another start', async (test) => {
    if (!existsSync(practice)) return test.skip('the data is not here');
    const folder = await mkdtemp(join(tmpdir(), 'annals-e2e-file-'));
    const plain = join(folder, 'appointments.csv');
    await writeFile(plain, gunzipSync(await readFile(practice)));
    await page.locator('input[type=file]').setInputFiles(plain, { timeout: long_ms_max });
    await page.getByRole('heading', { name: 'appointments.csv' }).waitFor({ timeout: long_ms_max });
    assert.equal(await chosen('Client’s id there'), 'PatientId');
    assert.equal(await chosen('Entry’s id there'), 'AppointmentID');
    assert.equal(await chosen('Date (and time)'), 'ScheduledDay');
    await page.getByLabel('Each row is').selectOption('appointment.booked');
    await page.getByLabel('Family name').selectOption('PatientId');
    await button('Check every row').click();
    await page.getByText(/% checked/).waitFor();
    await studio.check('import-checking');
    await page.reload();
    const id = import_id();
    const tried = await over(id);
    assert.equal(tried.counts.entries_created, 110_527);
    assert.equal(tried.counts.contacts_created, 62_299);
    await button(/^Import 110,527 rows/).click();
    await page.getByText(/% imported/).waitFor();
    await studio.check('import-running');
    await button('Stop').click();
    assert.equal((await over(id)).status, 'canceled');
    await page.getByText('What was stored stays.', { exact: false }).waitFor();
    await studio.check('import-stopped');
    await button('Import again').click();
    const done = await over(id);
    assert.equal(done.counts.entries_created + done.counts.entries_duplicate, 110_527);
    await page.getByText('were there before.', { exact: false }).waitFor();
    const list = await studio.call('GET', '/entries?type=appointment.booked&limit=1&facets=1');
    assert.equal(list.facets.type['appointment.booked'], 110_527);
    await rm(folder, { recursive: true });
  });

  step('speaks every language', async () => {
    await page.goto('/settings?part=import');
    await drop(file());
    await page.getByRole('heading', { name: 'kunden.csv.gz' }).waitFor();
    const id = import_id();
    for (const [language, check] of [
      ['de', 'Jede Zeile prüfen'],
      ['nl', 'Elke rij controleren'],
      ['lt', 'Patikrinti kiekvieną eilutę'],
      ['fr', 'Vérifier chaque ligne'],
    ]) {
      await page.evaluate((tag) => localStorage.setItem('annals.language', tag), language);
      await page.goto(`/settings?part=import&import=${id}`);
      await button(check).waitFor();
    }
    await page.evaluate(() => localStorage.removeItem('annals.language'));
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
