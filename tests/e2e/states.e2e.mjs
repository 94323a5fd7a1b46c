// What is not fair weather: no network, a server in trouble, a narrow, wide or magnified screen;
// and everything by the keyboard alone.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { open_page } from './browser.mjs';
import { step, Studio } from './studio.mjs';

let studio;
let page;
let client;

const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const row = (text) => page.locator('[data-entry]', { hasText: text });
const request_id = '019e1a3c-7c11-7a52-8f1e-0d2b3c4d5e6f';

/** What has the focus, as a screen reader names it. */
const focused = () =>
  page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute('aria-label') ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? '';
  });

/** Goes on by Tab until what has the focus is called so. */
async function tab_to(name, most = 40) {
  for (let i = 0; i < most; i += 1) {
    if (name.test((await focused()).trim())) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not come to ${name}; the last was ${await focused()}`);
}

function problem(status, title) {
  return {
    status,
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title, status, request_id }),
  };
}

const staff_password = 'quiet brook under snow';

/** Looks at the app as somebody of this role finds it. */
async function as(role, look) {
  const email = `${role}@studio-nord.example`;
  const staff = { name: role, email, role, password: staff_password };
  await studio.ask('POST', '/staff', staff);
  const other = await open_page(studio.browser, studio.url);
  const session = { email, password: staff_password };
  const reply = await other.page.request.post('/api/v1/session', {
    data: session,
    headers: { origin: studio.url },
  });
  assert.ok(reply.ok(), await reply.text());
  await look(other.page);
  assert.deepEqual(other.complaints, []);
  await other.page.context().close();
}

/** The ways in that the page offers, and where they lead. */
const ways_in = (at) =>
  at
    .getByRole('main')
    .getByRole('link', { name: /^(Connect a system|Import a file)$/ })
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
const to_keys = '/settings?part=keys';
const to_import = '/settings?part=import';

describe('states', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
  });
  after(() => studio?.close());

  step('where nothing is yet, what will come, and the ways to make it so', async () => {
    await page.goto('/');
    await page.getByText('No clients yet.').waitFor();
    assert.deepEqual(await ways_in(page), [to_keys, to_import]);
    await studio.check('no-clients');
    await page.goto('/history');
    await page.getByText('Nothing has happened yet. What connected systems send').waitFor();
    assert.deepEqual(await ways_in(page), [to_keys, to_import]);
    await studio.check('no-history');
    await studio.check_narrow('no-history');
    await page.getByRole('link', { name: 'Connect a system' }).click();
    await button('Make the key').waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Import a file' }).click();
    await button('Choose a file').waitFor();
    await page.goto('/history?q=nothing');
    await page.getByText('No entry fits these filters.').waitFor();
    assert.deepEqual(await ways_in(page), []);
  });

  step('each way in is for who may use it', async () => {
    for (const [role, ways] of [
      ['manager', [to_import]],
      ['staff', []],
      ['auditor', []],
    ]) {
      await as(role, async (theirs) => {
        for (const [path, words] of [
          ['/', 'No clients yet.'],
          ['/history', 'Nothing has happened yet.'],
        ]) {
          await theirs.goto(path);
          await theirs.getByText(words).waitFor();
          assert.deepEqual(await ways_in(theirs), ways, `${role} at ${path}`);
        }
        for (const way of ways) {
          await theirs.goto(way);
          await theirs.getByRole('button', { name: 'Choose a file' }).waitFor();
        }
      });
    }
  });

  step('clients come', async () => {
    client = await studio.call('POST', '/contacts', {
      given_name: 'Jürgen',
      family_name: 'Müller',
      phones: [{ number: '+49 171 2345678' }],
      emails: [{ address: 'juergen@example.com' }],
    });
    await studio.call('POST', '/contacts', { given_name: 'Nova', family_name: 'Neu' });
    await studio.call('POST', '/entries', {
      type: 'payment.taken',
      contact: { id: client.id },
      title: 'Annual fee',
      amount: { value: 4990, currency: 'EUR' },
    });
  });

  step('by the keyboard alone: find, read, log a call with a follow-up', async () => {
    await page.goto('/');
    await page.getByRole('heading', { name: 'Clients' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('muller');
    await page.getByRole('option', { name: 'Jürgen Müller' }).waitFor();
    await page.keyboard.press('Enter');
    await row('Annual fee').waitFor();
    await page.keyboard.press('j');
    assert.match(await focused(), /Annual fee/);
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: /Annual fee/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await page.getByRole('textbox', { name: 'What happened?' }).waitFor();
    await page.keyboard.type('Wants to pause the membership');
    // The method is a row of radio buttons before the text, the arrows go along it.
    for (let i = 0; i < 40 && !/^Note/.test((await focused()).trim()); i += 1) {
      await page.keyboard.press('Shift+Tab');
    }
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.getByRole('radio', { name: 'Call' }).isChecked());
    await tab_to(/^Follow up/);
    await page.keyboard.press('Space');
    await tab_to(/^What is to be done/);
    await page.keyboard.type('Send the form');
    await page.keyboard.press('Control+Enter');
    await row('Wants to pause the membership').waitFor();
    await button('Done: Send the form').waitFor();
    const [call] = (await studio.call('GET', `/contacts/${client.id}/entries?type=call`)).items;
    assert.equal(call.text, 'Wants to pause the membership');
  });

  step('the ways of contact can be clicked, and each figure leads to its entries', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Annual fee').waitFor();
    assert.equal(
      await page.getByRole('link', { name: '+49 171 2345678' }).getAttribute('href'),
      'tel:+491712345678',
    );
    assert.equal(
      await page.getByRole('link', { name: 'juergen@example.com' }).getAttribute('href'),
      'mailto:juergen@example.com',
    );
    await button(/€49\.90 paid/).click();
    await page.waitForFunction(() => location.search.includes('category=payments'));
    await row('Wants to pause').waitFor({ state: 'detached' });
    await row('Annual fee').waitFor();
    await button('Clear filters').first().click();
    await row('Wants to pause').waitFor();
  });

  step('each day and month of the plots is a filter, and so is the last contact', async () => {
    await button(/last contact today/).click();
    await page.waitForFunction(() => location.search.includes('from='));
    await row('Wants to pause').waitFor();
    await button('Clear filters').first().click();
    const month = new Date().toISOString().slice(0, 7);
    await page.locator(`[data-month="${month}"]`).click();
    await page.waitForFunction(() => location.search.includes('category=payments'));
    await row('Annual fee').waitFor();
    await button('Clear filters').first().click();
  });

  step('visits, the unpaid, the next appointment and open tasks lead there', async () => {
    const contact = await studio.call('POST', '/contacts', { given_name: 'Nora' });
    const of_nora = { contact: { id: contact.id } };
    const starts_at = new Date(Date.now() + 7 * 24 * 3_600_000).toISOString();
    await studio.call('POST', '/entries', [
      { ...of_nora, type: 'appointment.completed', title: 'Massage' },
      {
        ...of_nora,
        type: 'invoice.created',
        title: 'Invoice 7',
        amount: { value: 3000, currency: 'EUR' },
      },
      { ...of_nora, type: 'appointment.booked', title: 'Facial', details: { starts_at } },
    ]);
    await studio.call('POST', '/tasks', { ...of_nora, title: 'Send Nora the form' });
    await page.goto(`/contacts/${contact.id}`);
    await row('Massage').waitFor();
    await button(/^1 visit/).click();
    await page.waitForFunction(() => location.search.includes('category=appointments'));
    await row('Invoice 7').waitFor({ state: 'detached' });
    await button(/€30\.00 unpaid/).click();
    await row('Invoice 7').waitFor();
    await row('Massage').waitFor({ state: 'detached' });
    await button(/^next /).click();
    await page.getByRole('region', { name: /Facial/ }).waitFor();
    await button('1 open task').click();
    await page.getByText('Send Nora the form').first().waitFor();
  });

  step('a client is found by whatever names it', async () => {
    await studio.call('POST', '/contacts', {
      given_name: 'Ona',
      family_name: 'Kazlauskienė',
      client_number: 'K-2044',
      emails: [{ address: 'ona@paštas.example' }],
      uids: [{ source: 'till', external_id: 'T-991' }],
    });
    for (const typed of ['kazlauskiene', 'K-2044', 'ona@pa', 'T-991']) {
      await page.keyboard.press('/');
      await page.keyboard.type(typed);
      const found = page.getByRole('option', { name: 'Ona Kazlauskienė' });
      await found.waitFor();
      assert.ok((await found.locator('mark').count()) > 0, `${typed} is marked`);
      await page.keyboard.press('Control+a');
      await page.keyboard.press('Delete');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
    }
  });

  step('files are dropped and pasted, and told while they are on their way', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Annual fee').waitFor();
    await page.keyboard.press('n');
    const text = page.getByRole('textbox', { name: 'What happened?' });
    await text.fill('Two papers');
    let let_go;
    const held = new Promise((resolve) => (let_go = resolve));
    await page.route('**/api/v1/attachments', async (route) => {
      await held;
      await route.continue();
    });
    for (const [kind, name] of [
      ['drop', 'dropped.txt'],
      ['paste', 'pasted.txt'],
    ]) {
      await text.evaluate(
        (element, { kind, name }) => {
          const data = new DataTransfer();
          data.items.add(new File([`the text of ${name}`], name, { type: 'text/plain' }));
          const event =
            kind === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', {
                  clipboardData: data,
                  bubbles: true,
                  cancelable: true,
                });
          element.dispatchEvent(event);
        },
        { kind, name },
      );
    }
    await page.getByRole('progressbar', { name: 'Sending dropped.txt' }).waitFor();
    await page.getByRole('progressbar', { name: 'Sending pasted.txt' }).waitFor();
    await studio.check('sending-files');
    let_go();
    await page.getByRole('progressbar').first().waitFor({ state: 'detached' });
    await page.unroute('**/api/v1/attachments');
    await text.press('Control+Enter');
    await row('Two papers').waitFor();
    const [note] = (await studio.call('GET', `/contacts/${client.id}/entries?type=note`)).items;
    assert.deepEqual(note.attachments.map(({ name }) => name).sort(), [
      'dropped.txt',
      'pasted.txt',
    ]);
  });

  step('an empty history says what will come, and how', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('nova');
    await page.getByRole('option', { name: 'Nova Neu' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nova Neu' }).waitFor();
    await row('created').waitFor();
    await page.getByText('What connected systems send and what you write down').waitFor();
    assert.deepEqual(await ways_in(page), [to_keys, to_import]);
    await studio.check('just-begun');
    const address = page.url();
    await page.goto(`${address}?category=payments`);
    await page.getByText('No entry fits these filters.').waitFor();
    assert.deepEqual(await ways_in(page), []);
    await studio.check('nothing-fits');
    const [nova] = (await studio.call('GET', '/contacts?q=nova')).items;
    await page.goto(address);
    await row('created').waitFor();
    await studio.call('POST', '/entries', { type: 'note', contact: { id: nova.id }, text: 'Hi' });
    await row('Hi').waitFor();
    assert.deepEqual(await ways_in(page), []);
  });

  step('offline: says since when, keeps what is typed, goes on by itself', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Annual fee').waitFor();
    await page.keyboard.press('n');
    const text = page.getByRole('textbox', { name: 'What happened?' });
    await text.fill('Written without a line');
    await page.context().setOffline(true);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('alert').first().waitFor();
    assert.equal(await text.inputValue(), 'Written without a line');
    await studio.check('offline');
    await page.context().setOffline(false);
    await page.keyboard.press('Control+Enter');
    await row('Written without a line').waitFor();
  });

  step('an error of the server names its request, and can be tried again', async () => {
    await page.route('**/api/v1/contacts/*/entries*', (route) =>
      route.fulfill(problem(500, 'Internal Server Error')),
    );
    await page.goto(`/contacts/${client.id}`);
    await page.getByText(request_id).waitFor();
    await studio.check('server-error');
    await page.unroute('**/api/v1/contacts/*/entries*');
    await button('Try again').first().click();
    await row('Annual fee').waitFor();
  });

  step('a client that there is not is said to be none', async () => {
    await page.goto(`/contacts/${request_id}`);
    await page.getByText('There is no such client here, or you may not see it.').waitFor();
    await studio.check('no-such-client');
  });

  step('while it loads, the page has the shape of what comes', async () => {
    let let_go;
    const held = new Promise((resolve) => (let_go = resolve));
    await page.route('**/api/v1/contacts/*/entries*', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(`/contacts/${client.id}`);
    await page.locator('main [aria-busy="true"], main .skeleton').first().waitFor();
    let_go();
    await row('Annual fee').waitFor();
    await page.unroute('**/api/v1/contacts/*/entries*');
  });

  for (const [what, viewport] of [
    ['at 360 px', { width: 360, height: 740 }],
    ['at 200 % zoom', { width: 640, height: 430 }], // of 1280 × 860
    ['at 2560 px', { width: 2560, height: 1440 }],
  ]) {
    step(`nothing is cut off ${what}`, async () => {
      await page.setViewportSize(viewport);
      for (const path of [`/contacts/${client.id}`, '/', '/history', '/tasks', '/settings']) {
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).first().waitFor();
        await page.locator('main li:visible, main [data-entry], main form').first().waitFor();
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${path}: ${over} px too wide`);
      }
      await page.screenshot({
        path: `${new URL('./shots/', import.meta.url).pathname}${what.replaceAll(' ', '-')}.png`,
      });
      await page.setViewportSize({ width: 1280, height: 860 });
    });
  }

  step('nothing moves where less motion is asked for', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.goto(`/contacts/${client.id}`);
    await row('Annual fee').waitFor();
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll('*')]
          .map((each) => getComputedStyle(each))
          .filter(
            (style) =>
              (parseFloat(style.transitionDuration) > 0.01 &&
                style.transitionProperty !== 'none') ||
              (style.animationName !== 'none' && parseFloat(style.animationDuration) > 0.01),
          ).length,
    );
    assert.equal(moving, 0);
  });

  step('on paper there is the history, and no button', async () => {
    await page.emulateMedia({ media: 'print' });
    await row('Annual fee').waitFor();
    for (const part of ['nav', 'header [role=search]']) {
      assert.equal(await page.locator(part).first().isVisible(), false, part);
    }
    await page.emulateMedia({ media: 'screen' });
  });

  step('complained about nothing else', () => {
    const others = studio.complaints.filter((each) => !/ERR_INTERNET_DISCONNECTED/.test(each));
    assert.deepEqual(others, []);
  });
});
