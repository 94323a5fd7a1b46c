// The main screens with the demo's data, in light, dark and at phone width, in every language.
// Pictures go to shots/screens/; with ANNALS_SCREENSHOTS set, those of the README are copied to
// docs/screenshots/.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { open_browser } from './browser.mjs';
import { start_annals } from './instance.mjs';
import { shots, step } from './studio.mjs';

const folder = `${shots}screens/`;
const wide = { width: 1280, height: 860 };
const phone = { width: 360, height: 740 };
/** What the README shows. */
const shown = ['entry-light', 'report-dark', 'compose-light', 'client-phone', 'find-light'];
const docs = new URL('../../docs/screenshots/', import.meta.url).pathname;
const languages = ['en', 'de', 'nl', 'lt', 'fr'];
const settle_ms = 400;

let data;
let annals;
let browser;
let cookies;
let client;
let entry;
const complaints = [];

async function sign_in() {
  const ask = async (body) =>
    fetch(`${annals.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: annals.url },
      body: JSON.stringify({ email: 'demo@annals.example', password: 'annals-demo', ...body }),
    });
  const several = (await (await ask({})).json()).errors[0].ids;
  const reply = await ask({ business: several[0] });
  const [name, value] = reply.headers.get('set-cookie').split(';')[0].split('=');
  cookies = [{ name, value, url: annals.url }];
}

async function get(path) {
  const headers = { cookie: `${cookies[0].name}=${cookies[0].value}` };
  return (await fetch(`${annals.url}/api/v1${path}`, { headers })).json();
}

async function open(colorScheme, viewport, language = 'en') {
  const context = await browser.newContext({
    baseURL: annals.url,
    locale: language === 'en' ? 'en-GB' : language,
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    colorScheme,
    viewport,
  });
  await context.addCookies(cookies);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { context, page };
}

const row = (page) => page.locator('[data-entry]').first();

/** Name, address, what to do there. */
const screens = () => [
  ['clients', '/', (page) => page.locator('main li').first().waitFor()],
  ['client', `/contacts/${client}`, (page) => row(page).waitFor()],
  [
    'entry',
    `/contacts/${client}?entry=${entry}`,
    (page) => page.locator('[aria-expanded="true"][data-entry]').waitFor(),
  ],
  [
    'compose',
    `/contacts/${client}`,
    async (page) => {
      await row(page).waitFor();
      await page.keyboard.press('n');
      await page.locator('form textarea').first().waitFor();
    },
  ],
  ['details', `/contacts/${client}?tab=details`, (page) => page.locator('main dl').waitFor()],
  ['report', '/history', (page) => row(page).waitFor()],
  ['tasks', '/tasks?of=all', (page) => page.locator('main li').first().waitFor()],
  ['new-client', '/contacts/new', (page) => page.locator('form').last().waitFor()],
  [
    'find',
    '/',
    async (page) => {
      await page.locator('main li').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('mull');
      await page.getByRole('option').nth(2).waitFor();
    },
  ],
  ['settings', '/settings?part=staff', (page) => page.locator('main li').first().waitFor()],
  [
    'types',
    '/settings?part=types',
    async (page) => {
      await page.locator('summary', { hasText: /\d/ }).last().waitFor();
      await page.locator('details').evaluateAll((all) => all.forEach((each) => (each.open = true)));
      await page.locator('main li button').first().click();
      await page.locator('main li form').waitFor();
    },
  ],
];

describe('the screens', () => {
  before(async () => {
    mkdirSync(folder, { recursive: true });
    data = mkdtempSync(join(tmpdir(), 'annals-demo-'));
    const made = spawnSync(process.env.ANNALS_BIN, ['demo', '--data', join(data, 'demo')]);
    assert.equal(made.status, 0, String(made.stderr));
    annals = await start_annals(join(data, 'demo'));
    browser = await open_browser();
    await sign_in();
    const calls = await get('/entries?type=call&limit=1');
    entry = calls.items[0].id;
    client = calls.items[0].contact_id;
  });
  after(async () => {
    await browser?.close();
    await annals?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  for (const [name, scheme, viewport] of [
    ['light', 'light', wide],
    ['dark', 'dark', wide],
    ['phone', 'light', phone],
  ]) {
    step(`are pictured: ${name}`, async () => {
      const { context, page } = await open(scheme, viewport);
      for (const [screen, path, arrive] of screens()) {
        await page.goto(path);
        await arrive(page);
        await page.waitForTimeout(settle_ms);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${screen}, ${name}: ${over} px too wide`);
        await page.screenshot({ path: `${folder}${screen}-${name}.png` });
      }
      await context.close();
    });
  }

  step('are shown in the README', () => {
    if (!process.env.ANNALS_SCREENSHOTS) return;
    mkdirSync(docs, { recursive: true });
    for (const name of shown) copyFileSync(`${folder}${name}.png`, `${docs}${name}.png`);
  });

  for (const language of languages) {
    step(`speak ${language}, and fit it`, async () => {
      for (const viewport of [wide, phone]) {
        const { context, page } = await open('light', viewport, language);
        for (const [screen, path, arrive] of screens()) {
          await page.goto(path);
          await arrive(page);
          assert.equal(await page.evaluate(() => document.documentElement.lang), language);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${screen}, ${language}, ${viewport.width}: ${over} px too wide`);
        }
        await context.close();
      }
    });
  }

  step('complained about nothing', () => assert.deepEqual(complaints, []));
});
