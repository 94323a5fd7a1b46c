// Settings, and what each role finds.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { owner, step, Studio } from './studio.mjs';

let studio;
let page;
let client;

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const tab = (name) => page.getByRole('main').getByRole('link', { name, exact: true });
const staff_password = 'a long first password';

async function sign_out() {
  await button(/^Account of/).click();
  await button('Sign out').click();
}

async function sign_in(email, password) {
  await page.getByRole('heading', { name: 'Sign in to Annals' }).waitFor();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await button('Sign in').click();
  await button(/^Account of/).waitFor();
}

describe('settings', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    client = await studio.call('POST', '/contacts', { given_name: 'Jürgen' });
    await studio.call('POST', '/entries', {
      type: 'note',
      contact: { id: client.id },
      text: 'Written by the owner’s system',
    });
  });
  after(() => studio?.close());

  step('change the business, and say beside the field what is wrong', async () => {
    await page.goto('/settings?part=business');
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await button('Save').click();
    await page.locator('[aria-invalid="true"]').waitFor();
    await studio.check('settings-business');
    await page.getByLabel('Time zone').fill('Europe/Vilnius');
    await page.getByLabel('Name of the business').fill('Studio Nord & Söhne');
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    await page.getByRole('link', { name: 'Studio Nord & Söhne' }).waitFor();
  });

  step('add staff with roles, and take a change back', async () => {
    await tab('Staff').click();
    for (const [name, role] of [
      ['Max Manager', 'manager'],
      ['Stella Staff', 'staff'],
      ['Aud Auditor', 'auditor'],
    ]) {
      await button('Add a staff member').click();
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByLabel('E-mail address').fill(`${role}@studio-nord.example`);
      await page.getByLabel('Role', { exact: true }).selectOption(role);
      await page.getByLabel('First password').fill(staff_password);
      if (role === 'manager') await studio.check('settings-staff');
      await page.keyboard.press('Enter');
      await page.getByText(`${role}@studio-nord.example`).waitFor();
    }
    const role_of = page.getByLabel('Role of Stella Staff');
    await role_of.selectOption('manager');
    await button('Undo').click();
    await page.waitForFunction(
      () => document.querySelector('[aria-label="Role of Stella Staff"]').value === 'staff',
    );
  });

  step('make an API key, whose secret is shown once, and revoke it', async () => {
    await tab('API keys').click();
    await page.getByLabel('What it is for').fill('Till');
    await button('Make the key').click();
    const secret = page.locator('.secret code');
    await secret.waitFor();
    const key = await secret.textContent();
    await studio.check('settings-keys');
    const headers = { authorization: `Bearer ${key}` };
    const me = () => fetch(`${studio.url}/api/v1/me`, { headers });
    assert.equal((await me()).status, 200);
    await page.reload();
    await page.locator('strong', { hasText: 'Till' }).waitFor();
    assert.equal(await secret.count(), 0);
    await button('Revoke Till').click();
    await button('Revoke for good').click();
    await page.getByText(/^revoked/).waitFor();
    assert.equal((await me()).status, 401);
  });

  step('define contact types, types and log views', async () => {
    await tab('Contact types').click();
    await page.getByLabel('New contact type').fill('Beschwerde');
    await page.keyboard.press('Enter');
    const name = page.getByLabel('Name of Beschwerde');
    await name.fill('Complaint');
    await name.press('Enter');
    await page.getByLabel('Name of Complaint').waitFor();
    await studio.check('settings-contact-types');
    await tab('Types and logging').click();
    await page.getByLabel('Key, as other systems send it').fill('locker.rented');
    await page.getByLabel('Name', { exact: true }).fill('Locker rented');
    await page.getByLabel('Category').selectOption('contracts');
    await page.keyboard.press('Enter');
    await page.getByText('Contracts').first().click();
    await page.getByLabel('Name of locker.rented').waitFor();
    await studio.check('settings-types');
    await tab('Log views').click();
    await page.getByLabel('New log view').fill('Legal');
    await page.keyboard.press('Enter');
    await page.getByLabel('Name of Legal').waitFor();
    await studio.check('settings-views');
    await studio.check_narrow('settings-views');
  });

  step('let everybody change their own name and password', async () => {
    await sign_out();
    await sign_in('staff@studio-nord.example', staff_password);
    await page.goto('/settings');
    const parts = page.getByRole('navigation', { name: 'Parts of the settings' });
    await parts.getByRole('link').first().waitFor();
    assert.deepEqual(await parts.getByRole('link').allInnerTexts(), ['My account']);
    await page.getByLabel('Your password now').fill('wrong');
    await page.getByLabel('New password').fill('a quite different one');
    await button('Save').click();
    await page.locator('[aria-invalid="true"]').waitFor();
    await studio.check('settings-account');
    await page.getByLabel('Your password now').fill(staff_password);
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
  });

  step('staff write, but neither export nor correct what others wrote', async () => {
    await page.goto(`/contacts/${client.id}`);
    const row = page.locator('[data-entry]', { hasText: 'Written by the owner' });
    await row.click();
    await button('Add a note').waitFor();
    assert.equal(await button('Correct').count(), 0);
    await button('Export').click();
    await button('Print').waitFor();
    assert.equal(await button('CSV for spreadsheets').count(), 0);
    await page.keyboard.press('Escape');
    await sign_out();
  });

  step('an auditor reads and exports only', async () => {
    await sign_in('auditor@studio-nord.example', staff_password);
    await page.goto(`/contacts/${client.id}`);
    const row = page.locator('[data-entry]', { hasText: 'Written by the owner' });
    await row.click();
    await button('Copy link').waitFor();
    for (const name of ['Add an entry', 'Correct', 'Add a note', 'Pin']) {
      assert.equal(await button(name).count(), 0, name);
    }
    await button('Export').click();
    await button('CSV for spreadsheets').waitFor();
    await page.keyboard.press('Escape');
    await page.goto('/contacts/new');
    await page.getByText('Your role does not permit this.').waitFor();
    await sign_out();
  });

  step('a manager corrects what others wrote, and sees no business settings', async () => {
    await sign_in('manager@studio-nord.example', staff_password);
    await page.goto('/settings');
    const parts = page.getByRole('navigation', { name: 'Parts of the settings' });
    await parts.getByRole('link').first().waitFor();
    assert.deepEqual(await parts.getByRole('link').allInnerTexts(), [
      'My account',
      'Staff',
      'Contact types',
      'Types and logging',
      'Log views',
      'Import',
    ]);
    await tab('Staff').click();
    await page.getByText(owner.email).waitFor();
    assert.equal(await button('Add a staff member').count(), 0);
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
