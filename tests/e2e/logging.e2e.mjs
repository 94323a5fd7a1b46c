// What is recorded of what other systems send: switched, by source, counted, tried beforehand.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const type = 'account.signed_in';
let studio;
let page;
let client;
let name; // of the type
let paid; // what payment.taken is called

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const toggle = (of = name) => page.getByRole('switch', { name: `${of}: recorded`, exact: true });
const category = (name) => page.locator('details', { hasText: name });
const checked = (locator, wanted) =>
  locator.and(page.locator(wanted ? ':checked' : ':not(:checked)')).waitFor();

/** Noon of the 15th of last month, by the business's clock. */
function last_month() {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' }).format();
  const [year, month] = today.split('-').map(Number);
  return new Date(Date.UTC(year, month - 2, 15, 11)).toISOString();
}

let sent = 0;
const send = (source, more = {}) =>
  studio.call('POST', '/entries', {
    type,
    contact: { id: client.id },
    source,
    source_id: `s${(sent += 1)}`,
    occurred_at: last_month(),
    ...more,
  });

async function open_types() {
  await page.goto('/settings?part=types');
  await category('Account').locator('summary').click();
  await toggle().waitFor();
}

const rules = async () => (await studio.call('GET', '/logging-rules')).items;

describe('types and logging', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    client = await studio.call('POST', '/contacts', { given_name: 'Jürgen' });
    const { items } = await studio.call('GET', '/entry-types?limit=200');
    ({ name } = items.find((each) => each.type === type));
    paid = items.find((each) => each.type === 'payment.taken').name;
    for (let i = 0; i < 3; i += 1) await send('website');
    await send('till');
    await send('till', { type: 'payment.taken', amount: { value: 9000, currency: 'EUR' } });
  });
  after(() => studio?.close());

  step('a type is switched off by the keyboard, and on again by undo', async () => {
    await open_types();
    await toggle().focus();
    await page.keyboard.press('Space');
    await page.getByText(`“${name}” is not recorded any more.`).waitFor();
    await page.getByText('Not recorded. Nothing has come so far.').waitFor();
    await category('Account').getByText('1 switched off').waitFor();
    await button('Undo').click();
    await checked(toggle(), true);
    await page.getByText('1 switched off').waitFor({ state: 'detached' });
    assert.equal((await rules())[0].enabled, true);
    await toggle().click();
    await page.getByText('Not recorded. Nothing has come so far.').waitFor();
  });

  step('what comes then is not recorded, and the page counts it', async () => {
    const reply = await send('website');
    assert.equal(reply.status, 'not_logged');
    await send('website');
    await open_types();
    await page.getByText(/^2 not recorded, last today \d\d:\d\d$/).waitFor();
    await page.getByText(/^2 entries were not recorded, .* the last came today/).waitFor();
    await checked(toggle(), false);
  });

  step('a switch that did not go through goes back, and says so', async () => {
    await page.route('**/api/v1/logging-rules/*', (route) => route.abort());
    await toggle().click();
    await page.getByText(/^The server cannot be reached/).waitFor();
    await checked(toggle(), false);
    await page.unroute('**/api/v1/logging-rules/*');
  });

  step('one source is recorded all the same, as something else', async () => {
    await button(`By source ${name}`).click();
    const form = page.getByRole('form', { name: `A rule for one source of “${name}”` });
    await form.getByLabel('Source').fill('till');
    await form.getByLabel('Contact type').selectOption('Staff Notifications');
    await form.getByLabel('Financial').check();
    await form.getByRole('button', { name: 'What would this have changed?' }).click();
    const row = page.getByRole('row', { name: new RegExp(`${name} till`) });
    await row.waitFor();
    assert.deepEqual(await row.getByRole('cell').allInnerTexts(), ['1', '1', '1']);
    await studio.check('logging-trial');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    await page.getByText('Contact type: Staff Notifications · Log views: Financial').waitFor();
    const { id } = await send('till');
    const entry = await studio.call('GET', `/entries/${id}`);
    const { id: rule, contact_type } = (await rules()).find((each) => each.source === 'till');
    assert.equal(entry.contact_type, contact_type);
    assert.deepEqual(entry.views, ['financial']);
    assert.equal(entry.origin.rule, rule);
  });

  step('a second rule for one source is refused beside the field', async () => {
    await button(`By source ${name}`).click();
    const form = page.getByRole('form', { name: `A rule for one source of “${name}”` });
    await form.getByLabel('Source').fill('till');
    await page.keyboard.press('Enter');
    await form.locator('[aria-invalid="true"]').waitFor();
    assert.match(await form.locator('.error').innerText(), /already/);
    assert.equal(await form.getByLabel('Source').inputValue(), 'till');
    await form.getByRole('button', { name: 'Cancel' }).click();
  });

  step('what somebody else changed meanwhile is not overwritten unseen', async () => {
    await button(`Change ${name} · till`).click();
    const form = page.getByRole('form', { name: `Change ${name} · till` });
    const { id } = (await rules()).find((each) => each.source === 'till');
    await studio.call('PATCH', `/logging-rules/${id}`, { views: [] });
    await form.getByLabel('Contact type').selectOption('Message Center');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByRole('alert').waitFor();
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    await page.getByText('Contact type: Message Center · Log views: Financial').waitFor();
  });

  step('the dry run shows what came, was recorded and would be', async () => {
    await button('Show it').click();
    const cells = (row) => page.getByRole('row', { name: row }).getByRole('cell').allInnerTexts();
    await page.getByText('Of 8 that came, 6 got recorded. With these settings 3 would.').waitFor();
    assert.deepEqual(await cells(new RegExp(`${name} website`)), ['5', '3', '0\n3 fewer']);
    assert.deepEqual(await cells(new RegExp(`${name} till`)), ['2', '2', '2']);
    assert.deepEqual(await cells(/^Payments/), ['1', '1', '1']);
    await studio.check('logging');
    await studio.check_narrow('logging');
    await page.setViewportSize({ width: 640, height: 430 }); // 200 % of 1280
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} px too wide at 200 %`);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  step('a wrong time is refused beside its field', async () => {
    const until = page.getByLabel('Until');
    await until.fill('2001-01-01');
    await button('Show it').click();
    await until.and(page.locator('[aria-invalid="true"]')).waitFor();
  });

  step('before a type is switched off, one sees what that would have changed', async () => {
    await category('Payments').locator('summary').click();
    await button(`By source ${paid}`).click();
    await button('What would switching it off have changed?').click();
    const trial = page.getByText('Of 1 that came, 1 got recorded. With these settings 0 would.');
    await trial.waitFor();
    await checked(toggle(paid), true);
    assert.equal((await rules()).length, 2);
  });

  step(
    'what all sources send gets a contact type, also where a switch was used before',
    async () => {
      await toggle(paid).click();
      await button('Undo').click();
      await checked(toggle(paid), true);
      const form = page.getByRole('form', { name: `A rule for one source of “${paid}”` });
      await form.getByLabel('Contact type').selectOption('Admin Business');
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Contact type: Admin Business').waitFor();
      await button('Undo').last().click();
      await page.getByText('Contact type: Admin Business').waitFor({ state: 'detached' });
    },
  );

  step('what the law asks for cannot be switched off', async () => {
    const protection = category('Data protection');
    await protection.getByText('always recorded', { exact: false }).first().waitFor();
    await protection.locator('summary').click();
    await protection.getByTitle('Always recorded, since the law asks for it').first().waitFor();
    assert.equal(await protection.getByRole('switch').count(), 0);
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
