// The first page from end to end: the real server, a real browser, one person's first quarter of an
// hour. ANNALS_BIN names the binary; node --test runs it. Screenshots go to shots/.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { accessibility_faults, open_browser, open_page } from './browser.mjs';
import { start_annals } from './instance.mjs';

const shots = new URL('./shots/', import.meta.url).pathname;
const owner = {
  name: 'Erika Kern',
  email: 'erika@studio-nord.example',
  password: 'correct horse battery',
};
const day_ms = 86_400_000;

let annals;
let browser;
let page;
let complaints;
let key;
let client;

/** Calls the API as an integration would. */
async function call(method, path, body) {
  const reply = await fetch(`${annals.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
    },
    body: body && JSON.stringify(body),
  });
  const json = await reply.json();
  assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${JSON.stringify(json)}`);
  return json;
}

function days_ago(days, hour = 10) {
  // The day by the browser's clock, which is Berlin's; the hours are those of both days.
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' }).format(
    new Date(Date.now() - days * day_ms),
  );
  return `${day}T${String(hour).padStart(2, '0')}:15:00Z`;
}

async function give_history() {
  const contact = { id: client.id };
  const staff = { kind: 'staff', name: 'Emma Jansen' };
  const entries = [
    {
      type: 'appointment.booked',
      title: 'Hydrafacial 60 min booked',
      occurred_at: days_ago(1, 9),
      actor: { kind: 'contact' },
      details: {
        starts_at: new Date(Date.now() + 3 * day_ms).toISOString(),
        service: 'Hydrafacial 60 min',
        room: 2,
      },
    },
    {
      type: 'payment.taken',
      title: 'Payment taken',
      text: 'Visa ··4242',
      occurred_at: days_ago(1, 8),
      actor: staff,
      amount: { value: 9000, currency: 'EUR' },
    },
    {
      type: 'appointment.completed',
      title: 'Hydrafacial 60 min completed',
      occurred_at: days_ago(1, 7),
      actor: staff,
    },
    {
      type: 'email.sent',
      title: 'Reminder: your appointment tomorrow',
      occurred_at: days_ago(2, 8),
      actor: { kind: 'automation' },
    },
    {
      type: 'contact.changed',
      title: 'Phone number changed',
      occurred_at: days_ago(5),
      actor: staff,
      changes: [{ field: 'phones', old: '0171 1111111', new: '0171 2345678' }],
    },
    {
      type: 'call',
      direction: 'inbound',
      text: 'Asked to move the contract to May. She will send a letter.',
      occurred_at: days_ago(9),
      actor: staff,
    },
  ];
  for (let i = 0; i < 60; i += 1) {
    const what = [
      {
        type: 'appointment.completed',
        title: 'Facial 45 min completed',
        actor: staff,
      },
      {
        type: 'payment.taken',
        title: 'Payment taken',
        actor: staff,
        amount: { value: 6500, currency: 'EUR' },
      },
      {
        type: 'email.sent',
        title: 'Thank you for your visit',
        actor: { kind: 'automation' },
      },
    ][i % 3];
    entries.push({ ...what, occurred_at: days_ago(20 + 4 * i, 9 + (i % 5)) });
  }
  for (const [i, entry] of entries.entries()) {
    await call('POST', '/entries', {
      contact,
      source: 'booking',
      source_id: `e${i}`,
      ...entry,
    });
  }
  return entries.length;
}

async function check_accessibility(what, part) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    assert.deepEqual(await accessibility_faults(page, part), [], `${what}, ${colorScheme}`);
    await page.screenshot({ path: `${shots}${what}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

const row = (text) => page.locator('[data-entry]', { hasText: text });
const search = () => new URL(page.url()).searchParams;

describe('the first page', () => {
  before(async () => {
    mkdirSync(shots, { recursive: true });
    annals = await start_annals();
    browser = await open_browser();
    ({ page, complaints } = await open_page(browser, annals.url));
    page.setDefaultTimeout(10_000);
  });

  after(async () => {
    await browser?.close();
    await annals?.stop();
  });

  it('is set up by its owner, and says beside the field what is wrong', async () => {
    await page.goto('/');
    await page.getByLabel('Name of the business').fill('Studio Nord');
    await page.keyboard.press('Enter');
    await page.getByLabel('Your name').fill(owner.name);
    await page.getByLabel('E-mail address').fill(owner.email);
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Begin' }).click();
    const password = page.locator('input[aria-invalid="true"]');
    await password.waitFor();
    assert.equal(await password.getAttribute('type'), 'password');
    await check_accessibility('set-up');
    await password.fill(owner.password);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('heading', { name: 'Clients' }).waitFor();
  });

  it('has a client with a history, sent by another system', async () => {
    key = await page.evaluate(async () => {
      const reply = await fetch('/api/v1/api-keys', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'e2e', scopes: ['admin'] }),
      });
      return (await reply.json()).secret;
    });
    client = await call('POST', '/contacts', {
      kind: 'person',
      given_name: 'Jürgen',
      family_name: 'Müller',
      emails: [{ address: 'juergen@example.com', label: 'home' }],
      phones: [{ number: '0171 2345678', label: 'mobile' }],
      client_number: 'K-1001',
      language: 'de',
      tags: ['Stammkunde'],
    });
    await call('POST', '/contacts', {
      kind: 'person',
      given_name: 'Anna',
      family_name: 'Mulder',
    });
    await give_history();
  });

  it('finds the client by the keyboard alone, with the match marked', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('mull');
    const found = page.getByRole('option').first();
    await found.waitFor();
    assert.equal(await found.locator('mark').first().textContent(), 'Müll');
    await check_accessibility('find');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('mu');
    await page.getByRole('option').nth(1).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('0171 234');
    await page.locator('[role=option] .ways mark').first().waitFor();
    assert.equal(await page.locator('[role=option].found').count(), 1);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Jürgen Müller' }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/contacts/${client.id}`);
  });

  it('reads the history by days, newest first, page after page', async () => {
    await row('Hydrafacial 60 min booked').waitFor();
    await page.getByRole('heading', { name: 'Yesterday' }).waitFor();
    await page.locator('[data-entry]').nth(49).waitFor();
    const times = await page
      .locator('[data-entry] time')
      .evaluateAll((all) => all.map((each) => each.dateTime));
    assert.deepEqual(times, [...times].sort().reverse());
    assert.equal(times.length, 50);
    await page.getByText('visit', { exact: false }).first().waitFor();
    await page.screenshot({ path: `${shots}history.png` });
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.querySelectorAll('[data-entry]').length > 60);
    await page.keyboard.press('End');
    await page.getByText('The beginning of the history').waitFor();
    await page.keyboard.press('Home');
  });

  it('opens an entry in its place, and keeps it in the address', async () => {
    await page.keyboard.press('j');
    await row('Phone number changed').click();
    await page.getByRole('region', { name: /Phone number changed/ }).waitFor();
    assert.ok(search().get('entry'));
    await page.reload();
    await page
      .getByRole('region', { name: /Phone number changed/ })
      .getByText('0171 1111111')
      .waitFor();
    await check_accessibility('opened');
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: /Phone number changed/ }).waitFor({ state: 'detached' });
    assert.equal(search().get('entry'), null);
  });

  it('filters by category and by date, in the address', async () => {
    const payments = page.getByRole('button', { name: /^Payments/ });
    assert.match(await payments.textContent(), /21/);
    await payments.click();
    await row('Hydrafacial').first().waitFor({ state: 'detached' });
    assert.deepEqual(search().getAll('category'), ['payments']);
    await page.locator('[data-entry]').nth(20).waitFor();
    assert.equal(await page.locator('[data-entry]').count(), 21);
    await page.getByText(/entries of other categories are hidden/).waitFor();
    await page.getByRole('button', { name: 'Date', exact: true }).click();
    await page.getByRole('button', { name: 'Last 7 days' }).click();
    await page.waitForFunction(() => document.querySelectorAll('[data-entry]').length === 1);
    assert.match(search().get('from'), /^\d{4}-\d\d-\d\d$/);
    await page.reload();
    await row('Payment taken').waitFor();
    assert.equal(await page.locator('[data-entry]').count(), 1);
    await page.screenshot({ path: `${shots}filtered.png` });
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    await row('Hydrafacial 60 min booked').waitFor();
    assert.equal(page.url(), `${annals.url}/contacts/${client.id}`);
  });

  it('writes a call, and loses nothing that was typed', async () => {
    await page.keyboard.press('n');
    await page.getByRole('radio', { name: 'Call' }).check({ force: true });
    await page.getByRole('textbox', { name: 'What happened?' }).fill('Wants the Thursday slot');
    await page.reload();
    const text = page.getByRole('textbox', { name: 'What happened?' });
    assert.equal(await text.inputValue(), 'Wants the Thursday slot');
    assert.ok(await page.getByRole('radio', { name: 'Call' }).isChecked());
    await page.getByLabel('Follow up').check();
    await page.getByLabel('What is to be done').fill('Offer the Thursday slot');
    await check_accessibility('composer');
    await text.focus();
    await page.keyboard.press('Control+Enter');
    await row('Wants the Thursday slot').waitFor();
    await text.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Done: Offer the Thursday slot' }).waitFor();
    const list = await call('GET', `/contacts/${client.id}/entries?type=call&limit=1`);
    assert.equal(list.items[0].actor.name, owner.name);
    assert.equal(list.items[0].origin.kind, 'manual');
    await page.reload();
    assert.equal(await page.getByRole('textbox', { name: 'What happened?' }).count(), 0);
  });

  it('shows beside the field what the server refuses, and keeps the text', async () => {
    await page.getByRole('button', { name: 'Add an entry' }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('textbox', { name: 'What happened?' }).fill('An odd time');
    await page.route('**/api/v1/entries', (route) =>
      route.fulfill({
        status: 422,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'about:blank',
          title: 'Unprocessable Content',
          status: 422,
          request_id: '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f',
          errors: [
            {
              field: 'occurred_at',
              code: 'range',
              message: 'The time is out of range.',
            },
          ],
        }),
      }),
    );
    await page.keyboard.press('Control+Enter');
    const when = page.getByLabel('When');
    await page.getByText('The time is out of range.').waitFor();
    assert.equal(await when.getAttribute('aria-invalid'), 'true');
    await page.unroute('**/api/v1/entries');
    await page.keyboard.press('Control+Enter');
    await row('An odd time').waitFor();
  });

  it('completes a task', async () => {
    await page.getByRole('button', { name: 'Done: Offer the Thursday slot' }).click();
    await page.getByRole('heading', { name: /open task/ }).waitFor({ state: 'detached' });
  });

  it('shows what happens elsewhere at once', async () => {
    const rows = await page.locator('[data-entry]').count();
    await call('POST', '/entries', {
      type: 'payment.taken',
      contact: { id: client.id },
      source: 'till',
      source_id: 'live',
      title: 'Deposit taken',
      amount: { value: 2500, currency: 'EUR' },
    });
    await row('Deposit taken').waitFor({ timeout: 5_000 });
    assert.ok((await page.locator('[data-entry]').count()) > rows - 1);
  });

  it('fits a narrow screen', async () => {
    await page.setViewportSize({ width: 375, height: 740 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    // What a bar covers while it is scrolled beneath it is no fault.
    await page.evaluate(() => scrollTo(0, 0));
    await check_accessibility('narrow');
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('speaks another language, and shows all keys', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Find a client').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: `Account of ${owner.name}` }).click();
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('button', { name: 'Abmelden' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'de');
    await page.getByLabel('Sprache').selectOption('en');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  it('signs out and in again, on the same page', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Annals' }).waitFor();
    await check_accessibility('sign-in');
    await page.getByLabel('E-mail address').fill(owner.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill(owner.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Jürgen Müller' }).waitFor();
  });

  it('asks for the password again on top of the page where the session is over', async () => {
    await page.context().clearCookies();
    // The stream may find out first, and then the dialog is there before a pointer could click.
    await page.getByRole('button', { name: /^Payments/ }).dispatchEvent('click');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Password').fill(owner.password);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row('Payment taken').first().waitFor();
    assert.deepEqual(search().getAll('category'), ['payments']);
  });

  it('has a page to read the API', async () => {
    await page.goto('/api/docs');
    await page.getByRole('heading', { name: 'Record what happened' }).waitFor();
    await check_accessibility('docs', '#record_entries');
  });

  it('complained about nothing', () => {
    assert.deepEqual(complaints, []);
  });
});
