// Who a client is: what they agreed to, and two records that are one person's.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

let studio;
let page;
let anna;
let anne;

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const tab = (name) => page.getByRole('main').getByRole('link', { name, exact: true });
const row = (text) => page.locator('[data-entry]', { hasText: text });
const heading = (name) => page.getByRole('heading', { name, level: 1 });

describe('a client', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    anna = await studio.call('POST', '/contacts', {
      given_name: 'Anna',
      family_name: 'Mulder',
      emails: [{ address: 'anna@example.com' }],
      tags: ['vip'],
    });
    anne = await studio.call('POST', '/contacts', {
      given_name: 'Anne',
      family_name: 'Muller',
      client_number: 'K-77',
      phones: [{ number: '0171 2345678' }],
    });
    for (const [contact, text] of [
      [anna, 'Asked for a quote'],
      [anne, 'Paid the deposit'],
    ]) {
      await studio.call('POST', '/entries', { type: 'note', contact: { id: contact.id }, text });
    }
  });
  after(() => studio?.close());

  step('says what it agreed to, on paper last year', async () => {
    await page.goto(`/contacts/${anna.id}?tab=details`);
    await button('Change').click();
    await button('Add a consent').click();
    await page.getByLabel('Since').fill('2025-02-01');
    await page.getByLabel('How it was said').fill('form at the desk');
    await studio.check('consents');
    await studio.check_narrow('consents');
    await button('Save').click();
    await page.getByText('marketing by e-mail', { exact: true }).waitFor();
    await page.getByText('marketing by e-mail, since 1 Feb 2025').waitFor();
    await tab('History').click();
    await row('Consent signed').getByText('marketing by e-mail').waitFor();
    const [entry] = (await studio.call('GET', `/contacts/${anna.id}/entries?type=consent.signed`))
      .items;
    assert.equal(entry.occurred_at, '2025-02-01T11:00:00.000000Z', 'noon of that day, here');
  });

  step('and what it takes back, which stands at its head', async () => {
    await tab('Details').click();
    await button('Change').click();
    await page.getByLabel('Answer').selectOption('no');
    await page.getByLabel('Since').fill('2999-01-01');
    await button('Save').click();
    await page.locator('[aria-invalid="true"]').waitFor();
    await page.getByLabel('Since').fill('');
    await button('Save').click();
    await page.getByText('no marketing by e-mail', { exact: true }).waitFor();
    await tab('History').click();
    await row('Consent withdrawn').getByText('no marketing by e-mail').waitFor();
    await row('Consent withdrawn').click();
    await page.getByRole('region', { name: /Consent withdrawn/ }).getByText('form at the desk');
    await studio.check('consent-withdrawn');
    await page.keyboard.press('Escape');
  });

  step('is seen beside another, and merged into it', async () => {
    await button('Actions').click();
    await button('Merge with another client…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox').fill('anne');
    await dialog.getByRole('option', { name: 'Anne Muller' }).click();
    await dialog.getByRole('row', { name: /Client number — K-77/ }).waitFor();
    await dialog.getByRole('row', { name: /E-mail address anna@example.com —/ }).waitFor();
    await studio.check('merge');
    await studio.check_narrow('merge');
    await button('Merge').click();
    await heading('Anne Muller').waitFor();
    await row('Asked for a quote').waitFor();
    await row('Paid the deposit').waitFor();
    await page.getByRole('note').getByText('Holds the history of').waitFor();
    await studio.check('merged');
    assert.equal(new URL(page.url()).pathname, `/contacts/${anne.id}`);
  });

  step('and apart again by Undo', async () => {
    await button('Undo').click();
    await row('Asked for a quote').waitFor({ state: 'detached' });
    await page.getByRole('note').getByText('Holds the history of').waitFor({ state: 'detached' });
  });

  step('stays, where it is the other that goes', async () => {
    await page.keyboard.press('Escape');
    await button('Actions').click();
    await button('Merge with another client…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox').fill('anna');
    await dialog.getByRole('option', { name: 'Anna Mulder' }).waitFor();
    await page.keyboard.press('Enter');
    await dialog.getByRole('radio', { name: 'Go on as Anne Muller' }).click();
    await button('Merge').click();
    await page.getByRole('note').getByText('Holds the history of').waitFor();
    assert.equal(new URL(page.url()).pathname, `/contacts/${anne.id}`);
  });

  step('says where it went, and can be taken out again', async () => {
    await page.getByRole('note').getByRole('link', { name: 'Anna Mulder' }).click();
    await heading('Anna Mulder').waitFor();
    const note = page.getByRole('note');
    await note.getByText('Merged into').waitFor();
    await note.getByRole('link', { name: 'Anne Muller' }).waitFor();
    await studio.check('merged-into');
    await note.getByRole('button', { name: /^Unmerge/ }).click();
    await note.waitFor({ state: 'detached' });
    await page.getByText('They are two clients again.').waitFor();
    const now = await studio.call('GET', `/contacts/${anna.id}`);
    assert.equal(now.merged_into, null);
  });

  step('is not merged with an organisation, which is said', async () => {
    await studio.call('POST', '/contacts', { organization_name: 'Kraft & Co' });
    await button('Actions').click();
    await button('Merge with another client…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox').fill('kraft');
    await dialog.getByRole('option', { name: 'Kraft & Co' }).click();
    await button('Merge').click();
    await dialog.getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
