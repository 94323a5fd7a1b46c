// A client's page besides the timeline: plots, tabs, details, files, tasks; and everybody's tasks.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const day_ms = 86_400_000;

let studio;
let page;
let client;

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const tab = (name) => page.getByRole('main').getByRole('link', { name, exact: true });
const search = () => new URL(page.url()).searchParams;
const row = (text) => page.locator('[data-entry]', { hasText: text });
const days_ago = (days) => new Date(Date.now() - days * day_ms).toISOString();

async function give_history() {
  const contact = { id: client.id };
  for (const days of [3, 35, 70]) {
    await studio.call('POST', '/entries', {
      type: 'payment.taken',
      contact,
      title: 'Membership',
      occurred_at: days_ago(days),
      amount: { value: 4990, currency: 'EUR' },
    });
  }
  await studio.call('POST', '/entries', { type: 'call', contact, text: 'Rang the desk' });
}

describe('the page of a client', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    client = await studio.call('POST', '/contacts', {
      given_name: 'Jürgen',
      family_name: 'Müller',
      birthday: '1984-07-21',
      emails: [{ address: 'juergen@example.com', label: 'home' }],
      uids: [{ source: 'till', external_id: '4711' }],
    });
    await give_history();
  });
  after(() => studio?.close());

  step('shows a year at a glance; a week of it is a filter', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Rang the desk').waitFor();
    await page.getByText('Born 21 Jul 1984').waitFor();
    const year = page.getByRole('img', { name: /entries in the last 12 months/ });
    await year.waitFor();
    await page.getByRole('img', { name: '€149.70 paid in 12 months' }).waitFor();
    await studio.check('client');
    await year.locator('[data-week="52"]').click();
    await page.waitForFunction(() => new URLSearchParams(location.search).has('from'));
    await row('Rang the desk').waitFor();
    assert.ok(search().get('to') > search().get('from'));
    await button('Clear filters').first().click();
  });

  step('has a tab for each log view that one may see', async () => {
    await tab('Financial').click();
    await page.getByText('No entry fits these filters.').waitFor();
    assert.equal(search().get('view'), 'financial');
    await tab('History').click();
    await row('Membership').first().waitFor();
  });

  step('changes details, which the history tells', async () => {
    await tab('Details').click();
    await page.getByText('Number in till').waitFor();
    await studio.check('client-details');
    await page.keyboard.press('e');
    await page.getByLabel('Town').fill('Vilnius');
    await page.getByLabel('Tags').fill('vip');
    await button('Save').click();
    await page.getByRole('definition').filter({ hasText: 'Vilnius' }).waitFor();
    await tab('History').click();
    await row(/changed/i)
      .first()
      .waitFor();
  });

  step('shows both where somebody else changed the client meanwhile', async () => {
    await tab('Details').click();
    await button('Change').click();
    await page.getByLabel('Town').fill('Kaunas');
    await studio.call('PATCH', `/contacts/${client.id}`, { language: 'lt' });
    await button('Save').click();
    await page.getByText('Somebody else changed this client meanwhile.').waitFor();
    await button('Go on with mine').click();
    await button('Save').click();
    await page.getByRole('definition').filter({ hasText: 'Kaunas' }).waitFor();
  });

  step('makes a task, does it, takes it back', async () => {
    await page.keyboard.press('t');
    await page.getByLabel('What is to be done').fill('Send the contract');
    await page.getByLabel('Due').fill(days_ago(2).slice(0, 10));
    await page.getByLabel('Priority').selectOption('high');
    await studio.check('task-new');
    await page.keyboard.press('Enter');
    await button('Done: Send the contract').waitFor();
    await studio.check('client-tasks');
    await button('Done: Send the contract').click();
    await button('Open again: Send the contract').waitFor();
    await button('Undo').click();
    await button('Done: Send the contract').waitFor();
  });

  step('lists everybody’s tasks, by when they are due', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await button('Done: Send the contract').waitFor();
    await tab('Jürgen Müller').waitFor();
    await studio.check('tasks');
    await studio.check_narrow('tasks');
    await tab('Overdue').click();
    await button('Done: Send the contract').waitFor();
    await tab('Upcoming').click();
    await page.getByText('Nothing is coming up.').waitFor();
    await page.getByRole('radio', { name: 'Nobody’s' }).click();
    assert.equal(search().get('of'), 'none');
    await tab('All open').click();
    await page.getByText('Nothing is open.').waitFor();
  });

  step('lists the files of the history', async () => {
    await page.goto(`/contacts/${client.id}?tab=files`);
    await page.getByText('No files yet.').waitFor();
    await page.keyboard.press('n');
    await page.getByRole('textbox', { name: 'What happened?' }).fill('The signed contract');
    await page.locator('input[type=file]').setInputFiles({
      name: 'contract.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.from('%PDF-1.4\n%%EOF'),
    });
    await button('Remove contract.pdf').waitFor();
    await page.keyboard.press('Control+Enter');
    await row('The signed contract').waitFor();
    await tab('Files').click();
    await page.getByRole('link', { name: 'contract.pdf' }).waitFor();
    await studio.check('client-files');
  });

  step('fits a narrow screen', async () => {
    await tab('History').click();
    await row('The signed contract').waitFor();
    await studio.check_narrow('client');
  });

  step('says since when, in which language, and what is not wanted', async () => {
    const contact = await studio.call('POST', '/contacts', {
      given_name: 'Greta',
      language: 'de-AT',
      consents: [{ channel: 'email', purpose: 'marketing', granted: false }],
    });
    const facts = page.locator('main header');
    await page.goto(`/contacts/${contact.id}`);
    await facts.getByText(`Client since ${new Date().getFullYear()}`, { exact: true }).waitFor();
    await facts.getByText('Austrian German', { exact: true }).waitFor();
    await facts.getByText('no marketing by e-mail', { exact: true }).waitFor();
    // New Year's Eve by UTC, and the morning after where the business is.
    await studio.call('POST', '/entries', {
      type: 'note',
      contact: { id: contact.id },
      text: 'From the old card',
      occurred_at: '2018-12-31T23:30:00Z',
    });
    await facts.getByText('Client since 2019', { exact: true }).waitFor();
    await studio.check('client-head');
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
