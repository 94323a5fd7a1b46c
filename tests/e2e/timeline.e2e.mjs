// The history: a long one, its filters, what can be done with an entry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const day_ms = 86_400_000;
const many = 1_500;

let studio;
let page;
let client;
let first_call;

const row = (text) => page.locator('[data-entry]', { hasText: text });
const search = () => new URL(page.url()).searchParams;
const rows = () => page.locator('[data-entry]').count();
const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });

function days_ago(days, hour = 10) {
  const date = new Date(Date.now() - days * day_ms);
  date.setUTCHours(hour, 15, 0, 0);
  return date.toISOString();
}

async function record_many() {
  const contact = { id: client.id };
  for (let from = 0; from < many; from += 500) {
    const drafts = Array.from({ length: 500 }, (_, i) => ({
      type: ['appointment.completed', 'payment.taken', 'email.sent'][i % 3],
      contact,
      source: 'booking',
      source_id: `e${from + i}`,
      title: `Entry ${from + i}`,
      occurred_at: days_ago(10 + Math.floor((from + i) / 4), 6 + (i % 4)),
      actor: { kind: 'automation' },
      ...(i % 3 === 1 ? { amount: { value: 1000 + i, currency: 'EUR' } } : {}),
    }));
    await studio.call('POST', '/entries', drafts);
  }
}

describe('the timeline', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    client = await studio.call('POST', '/contacts', {
      given_name: 'Jürgen',
      family_name: 'Müller',
    });
    await record_many();
  });
  after(() => studio?.close());

  step('scrolls through all of a long history, and holds a part of it', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Entry 0').first().waitFor();
    const seen = new Set();
    const end = page.getByText('The beginning of the history');
    for (let i = 0; i < 400 && !(await end.isVisible()); i += 1) {
      const titles = await page
        .locator('[data-entry] .title')
        .evaluateAll((all) => all.map((each) => each.textContent.trim()));
      for (const title of titles) seen.add(title);
      await page.mouse.wheel(0, 1_400);
      await page.waitForTimeout(20);
    }
    await end.waitFor();
    assert.ok(seen.size > many - 60, `${seen.size} of ${many} seen`);
    assert.ok((await rows()) < 300, `${await rows()} rows at once`);
    const feed = page.getByRole('feed');
    assert.ok((await feed.locator('article[aria-posinset="1500"]').count()) <= 1);
    await page.keyboard.press('Home');
    await row('Entry 0').first().waitFor();
    const order = await page
      .locator('[data-entry] time')
      .evaluateAll((all) => all.map((each) => each.dateTime));
    assert.deepEqual(order, [...order].sort().reverse());
  });

  step('jumps to a date, and back to the newest', async () => {
    await page.keyboard.press('d');
    const day = days_ago(200).slice(0, 10);
    await page.getByLabel('Jump to a date').fill(day);
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (wanted) => document.querySelector('[data-entry] time')?.dateTime.slice(0, 10) === wanted,
      day,
    );
    assert.equal(search().get('at'), day);
    await button('To the newest').click();
    await row('Entry 0').first().waitFor();
    assert.equal(search().get('at'), null);
  });

  step('writes a call with a file and a new contact type, and takes it back', async () => {
    await page.keyboard.press('n');
    await page.getByRole('radio', { name: 'Call' }).click();
    await page.getByRole('radio', { name: 'outbound' }).click();
    await page.getByRole('textbox', { name: 'What happened?' }).fill('She will send a letter');
    await page.getByLabel('Contact type').fill('Complaint');
    await page.locator('input[type=file]').setInputFiles({
      name: 'letter <b>.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('Dear Sirs <script>alert(1)</script>'),
    });
    await button('Remove letter <b>.txt').waitFor();
    await studio.check('composer-full');
    await page.getByRole('textbox', { name: 'What happened?' }).press('Control+Enter');
    await row('She will send a letter').waitFor();
    await row('Complaint').waitFor();
    await button('Undo').click();
    await row('She will send a letter').filter({ hasText: 'retracted' }).waitFor();
    const text = page.getByRole('textbox', { name: 'What happened?' });
    assert.equal(await text.inputValue(), 'She will send a letter');
    await text.press('Control+Enter');
    await page.waitForFunction(() => document.querySelectorAll('.retracted').length === 1);
    await text.waitFor({ state: 'detached' });
    const { items } = await studio.call('GET', `/contacts/${client.id}/entries?type=call`);
    assert.equal(items.length, 2);
    assert.deepEqual(items.map((each) => Boolean(each.retracted)).sort(), [false, true]);
    first_call = items.find((each) => !each.retracted).id;
  });

  step('shows a file, and runs nothing that is in it', async () => {
    await page.locator(`[data-entry="${first_call}"]`).click();
    await button('Preview letter <b>.txt').click();
    await page.locator('pre').getByText('<script>alert(1)</script>').waitFor();
    await studio.check('entry-opened');
  });

  step(
    'corrects with a reason, keeps what is typed over a reload, shows what was said',
    async () => {
      await page.keyboard.press('e');
      const form = page.getByRole('form', { name: 'Correct' });
      await form.getByLabel('What happened?').fill('She will send an e-mail');
      await form.getByLabel('Direction').selectOption('inbound');
      await page.reload();
      await button('Correct').click();
      assert.equal(await form.getByLabel('What happened?').inputValue(), 'She will send an e-mail');
      await form.getByLabel('Reason for the correction').fill('Heard it wrong');
      await studio.check('correct');
      await page.keyboard.press('Enter');
      await page.locator('del', { hasText: 'She will send a letter' }).waitFor();
      await page.getByText('Heard it wrong').waitFor();
      await row('She will send an e-mail').or(row('corrected')).first().waitFor();
    },
  );

  step('shows both where somebody else corrected it meanwhile', async () => {
    await button('Correct').click();
    const form = page.getByRole('form', { name: 'Correct' });
    await form.getByLabel('What happened?').fill('Mine');
    await form.getByLabel('Reason for the correction').fill('Better words');
    await studio.ask('POST', `/entries/${first_call}/corrections`, {
      title: 'Their title',
      text: 'Theirs',
      reason: 'Quicker',
    });
    await page.keyboard.press('Enter');
    await form.getByText('Somebody else corrected this meanwhile.').waitFor();
    await form.locator('blockquote', { hasText: 'Theirs' }).waitFor();
    assert.equal(await form.getByLabel('What happened?').inputValue(), 'Mine');
    await form.getByRole('button', { name: 'Save the correction' }).click();
    await page.locator('del', { hasText: 'Theirs' }).waitFor();
    const now = await studio.call('GET', `/entries/${first_call}`);
    assert.deepEqual([now.title, now.text], ['Their title', 'Mine']);
  });

  step('proves in the browser that the entry is in the ledger', async () => {
    await button('Check').click();
    await page.getByText(/^Proved: one of [\d,]+ records/).waitFor();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await button('Copy evidence link').click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const proof = await page.request.get(link);
    assert.match(await proof.text(), /^c2sp\.org\/tlog-proof/, link);
    await studio.check('proof');
  });

  step('pins, and adds a note about it', async () => {
    await button('Pin').click();
    await button('Unpin').waitFor();
    await button('Add a note').click();
    await page.getByRole('textbox', { name: 'What happened?' }).fill('Seen by the manager');
    await page.keyboard.press('Control+Enter');
    await row('Seen by the manager').waitFor();
    await page.getByRole('link', { name: 'Note', exact: true }).waitFor();
  });

  step('retracts with a reason', async () => {
    await button('Retract').click();
    await page.getByLabel('Reason for the retraction').fill('Wrong client');
    await page.keyboard.press('Enter');
    await page.getByText(/Retracted by Erika Kern.*Wrong client/).waitFor();
    assert.equal(await button('Correct').count(), 0);
    await page.keyboard.press('Escape');
  });

  step('shows the history as it was known before', async () => {
    await button('As known on').click();
    await page.getByLabel('As known at the end of').fill(days_ago(1).slice(0, 10));
    await page.getByText(/You see what was known on/).waitFor();
    await page.getByText(/Nothing has happened yet/).waitFor();
    await button('Back to now').click();
    await row('Entry 0').first().waitFor();
  });

  step('filters finely, by words, and keeps the filters under a name', async () => {
    await studio.call('POST', '/entries', {
      type: 'call',
      contact: { id: client.id },
      direction: 'inbound',
      text: 'Asked for a voucher',
    });
    await row('Asked for a voucher').waitFor();
    await button(/^More/).click();
    await page.getByRole('checkbox', { name: /^phone/ }).check();
    await row('Entry 0').first().waitFor({ state: 'detached' });
    await studio.check('filters');
    await page.keyboard.press('Escape');
    assert.deepEqual(search().getAll('method'), ['phone']);
    await button('Saved filters').click();
    await page.getByLabel('Save these filters as').fill('Calls');
    await page.keyboard.press('Enter');
    await button('Calls').waitFor();
    await page.keyboard.press('Escape');
    await button('Clear filters').first().click();
    await row('Entry 0').first().waitFor();
    const words = page.getByRole('searchbox', { name: 'Search this history' });
    await words.fill('entry ');
    await page.waitForFunction(() => new URLSearchParams(location.search).get('q') === 'entry');
    await words.pressSequentially('777');
    await page.waitForFunction(() => document.querySelectorAll('[data-entry]').length === 1);
    assert.equal(await page.locator('[data-entry] mark').first().textContent(), 'Entry');
    assert.equal(search().get('q'), 'entry 777');
    await button('Saved filters').click();
    await button('Calls').click();
    await row('Asked for a voucher').waitFor();
    assert.equal(search().get('q'), null);
    await page.goBack();
  });

  step('keeps what was typed where the session ends in the middle', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Entry 0').first().waitFor();
    await page.keyboard.press('n');
    const text = page.getByRole('textbox', { name: 'What happened?' });
    await text.fill('Written before the session ended');
    await page.context().clearCookies();
    await page.keyboard.press('Control+Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Password').fill('correct horse battery');
    await studio.check('session-over');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await text.inputValue(), 'Written before the session ended');
    await text.press('Control+Enter');
    await row('Written before the session ended').waitFor();
  });

  step('exports what is filtered', async () => {
    await button('Export').click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      button('CSV for spreadsheets').click(),
    ]);
    assert.match(file.suggestedFilename(), /^history-.*\.csv$/);
  });

  step('exports what proves it', async () => {
    await button('Export').click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      button('Evidence bundle').click(),
    ]);
    assert.match(file.suggestedFilename(), /\.zip$/);
    const content = readFileSync(await file.path());
    assert.equal(content.subarray(0, 2).toString(), 'PK');
    await button('Evidence bundle').waitFor({ state: 'detached' });
  });

  step('fits a narrow screen', () => studio.check_narrow('timeline'));

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
