// Finding and creating clients, and going from one business to another.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

let studio;
let page;

const option = (name) => page.getByRole('option', { name });
const heading = (name) => page.getByRole('heading', { name });

describe('clients', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
  });
  after(() => studio?.close());

  step('there are none at first, and the page says what to do', async () => {
    await page.goto('/');
    await page.getByText('No clients yet.').waitFor();
    await studio.check('clients-none');
  });

  step(
    'creates one from what was looked for, and says beside the field what is wrong',
    async () => {
      await page.keyboard.press('/');
      await page.keyboard.type('Anna Mulder');
      await option('Create “Anna Mulder” as a new client').waitFor();
      await studio.check('find-none');
      await page.keyboard.press('Enter');
      await heading('New client').waitFor();
      assert.equal(await page.getByLabel('Given name').inputValue(), 'Anna');
      await page.getByRole('textbox', { name: 'Phone' }).fill('0171 2345678');
      await page.getByRole('textbox', { name: 'E-mail address' }).fill('no address');
      await page.keyboard.press('Enter');
      await page.locator('[aria-invalid="true"]').waitFor();
      const focused = () =>
        page.evaluate(() => document.activeElement?.labels?.[0]?.textContent ?? '');
      assert.equal(await focused(), 'E-mail address');
      assert.equal(await page.getByRole('alert').count(), 0, 'said beside the field alone');
      await studio.check('client-new');
      await studio.check_narrow('client-new');
      await page.getByRole('textbox', { name: 'E-mail address' }).fill('anna@example.com');
      await page.getByLabel('Tags').fill('vip, new');
      await page.keyboard.press('Enter');
      await heading('Anna Mulder').waitFor();
      await page.getByText('vip').waitFor();
    },
  );

  step('warns where somebody has that number already', async () => {
    await page.keyboard.press('c');
    await heading('New client').waitFor();
    await page.getByLabel('Given name').fill('Anna');
    await page.getByRole('textbox', { name: 'Phone' }).fill('+49 171 2345678');
    await page.keyboard.press('Tab');
    await page.getByText('There is someone with these already:').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await heading('Anna Mulder').waitFor();
  });

  step('lists all, and offers those opened last', async () => {
    for (const family_name of ['Zander', 'Möller']) {
      await studio.call('POST', '/contacts', { given_name: 'Bea', family_name });
    }
    await studio.call('POST', '/contacts', { organization_name: 'Kraft & Co' });
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('link', { name: 'Bea Möller' }).waitFor();
    const names = await page.locator('main li .name').allTextContents();
    assert.deepEqual(
      names.map((name) => name.trim()),
      ['Kraft & Co', 'Bea Möller', 'Anna Mulder', 'Bea Zander'],
    );
    await studio.check('clients');
    await studio.check_narrow('clients');
    await page.getByRole('radio', { name: 'Organisations' }).click();
    await page.getByRole('link', { name: 'Bea Möller' }).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).search, '?show=organization');
    await page.keyboard.press('/');
    await option('Anna Mulder').waitFor();
    await page.keyboard.press('Enter');
    await heading('Anna Mulder').waitFor();
  });

  step('opens whom the typed words find, also where Enter comes before the answer', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: 'Bea Möller' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('anna');
    await option('Anna Mulder').waitFor();
    let let_go;
    const held = new Promise((resolve) => (let_go = resolve));
    await page.route('**/api/v1/contacts?q=zander*', async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest('**/api/v1/contacts?q=zander*');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('zander');
    await page.keyboard.press('Enter');
    await asked;
    await page.keyboard.press('Enter');
    assert.equal(new URL(page.url()).pathname, '/');
    let_go();
    await heading('Bea Zander').waitFor();
    await page.unroute('**/api/v1/contacts?q=zander*');
  });

  step('goes on in another business of the same person', async () => {
    const business = {
      name: 'Klinik Süd',
      time_zone: 'Europe/Berlin',
      locale: 'de',
      currency: 'EUR',
    };
    await studio.ask('POST', '/businesses', business);
    await page.goto('/');
    await page.getByRole('button', { name: /^Studio Nord: go to another/ }).click();
    await studio.check('businesses');
    await page.getByRole('button', { name: 'Klinik Süd' }).click();
    await page.getByRole('button', { name: /^Klinik Süd: go to another/ }).waitFor();
    await page.getByText('No clients yet.').waitFor();
    assert.equal((await studio.ask('GET', '/me')).business.name, 'Klinik Süd');
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
