// Nothing that is stored runs, or reaches out: hostile texts through every field, on every screen.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

// What DOMPurify's fixtures are made of. Whatever of it runs sets `hit`; what loads asks the host
// evil.example.
const payloads = [
  `<img src=x onerror="window.hit=1">`,
  `<script>window.hit=1</script>`,
  `"><svg onload=window.hit=1>`,
  `<svg><script xlink:href="data:text/javascript,window.hit=1"></script></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1>`,
  `<a href="javascript:window.hit=1">x</a>`,
  `javascript:window.hit=1`,
  `<iframe srcdoc="<script>parent.hit=1</script>"></iframe>`,
  `<img src="https://evil.example/pixel.png">`,
  `<link rel=stylesheet href=https://evil.example/a.css>`,
  `<form><math><mtext></form><form><mglyph><svg><mtext><textarea><path id="</textarea>` +
    `<img onerror=window.hit=1 src=1>">`,
  `<template><script>window.hit=1</script></template>`,
  `<details open ontoggle=window.hit=1>`,
  `{{constructor.constructor('window.hit=1')()}}`,
  `\${window.hit=1}`,
  `<style>*{background:url(https://evil.example/b)}</style>`,
  `'-window.hit=1-'`,
];
const all = payloads.join(' ');

let studio;
let page;
let client;
const foreign = [];

async function store() {
  client = await studio.call('POST', '/contacts', {
    given_name: payloads[0],
    family_name: payloads[1],
    emails: [{ address: 'a@example.com', label: payloads[2] }],
    phones: [{ number: '0171 2345678', label: payloads[3] }],
    uids: [{ source: payloads[4].slice(0, 100), external_id: payloads[5] }],
    client_number: payloads[6],
    tags: payloads.slice(0, 8),
    addresses: [{ lines: payloads.slice(0, 3), city: payloads[7] }],
    attributes: { [payloads[1]]: all },
  });
  await studio.call('POST', '/contact-types', { name: payloads[0] });
  await studio.call('POST', '/entry-types', {
    type: 'x.y',
    category: 'notes',
    name: payloads[1],
  });
  await studio.call('POST', '/log-views', { name: payloads[8], roles: ['manager'] });
  await studio.ask('POST', '/saved-filters', { name: payloads[0], filter: 'category=notes' });
  await studio.ask('POST', '/tasks', {
    title: payloads[0],
    description: all,
    contact: { id: client.id },
  });
}

async function upload(name, type, text) {
  const form = new FormData();
  form.append('file', new Blob([text], { type }), name);
  const reply = await fetch(`${studio.url}/api/v1/attachments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${studio.key}` },
    body: form,
  });
  assert.equal(reply.status, 201);
  return (await reply.json()).id;
}

async function record() {
  const files = [
    await upload(`${payloads[2].replaceAll('/', '')}.txt`, 'text/plain', all),
    await upload('page.html', 'text/html', `<html>${all}</html>`),
    await upload('picture.svg', 'image/svg+xml', `<svg onload="window.hit=1">${all}</svg>`),
  ];
  for (const [i, payload] of payloads.entries()) {
    await studio.call('POST', '/entries', {
      type: i % 2 ? 'x.y' : 'email.received',
      contact: { id: client.id },
      contact_type: payloads[0],
      title: payload,
      text: all,
      details: { [payload]: { html: payload }, url: payload },
      changes: [{ field: payload, old: payload, new: all }],
      actor: { kind: 'contact', name: payload },
      source: 'mail',
      source_id: payload,
      attachments: i === 0 ? files : [],
    });
  }
}

const unhurt = async (where) => {
  assert.equal(await page.evaluate(() => window.hit), undefined, where);
  assert.deepEqual(foreign, [], where);
};

describe('hostile texts', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(studio.url) && !/^(blob|data):/.test(url)) foreign.push(url);
    });
    page.on('dialog', (dialog) => {
      foreign.push(dialog.message());
      void dialog.dismiss();
    });
    await store();
    await record();
  });
  after(() => studio?.close());

  step('do nothing on the page of a client, with every entry opened', async () => {
    await page.goto(`/contacts/${client.id}`);
    await page
      .locator('[data-entry]')
      .nth(payloads.length - 1)
      .waitFor();
    const ids = await page
      .locator('[data-entry]')
      .evaluateAll((rows) => rows.map((row) => row.dataset.entry));
    assert.ok(ids.length >= payloads.length);
    for (const id of ids) {
      await page.locator(`[data-entry="${id}"]`).click();
      await page.locator(`#entry-${id} dl`).waitFor();
    }
    await unhurt('timeline');
    await page.getByRole('button', { name: /^More/ }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Saved filters' }).click();
    await page.keyboard.press('Escape');
    await unhurt('filters');
  });

  step('do nothing in a preview, nor does a page or a picture with scripts get one', async () => {
    await page.goto(`/contacts/${client.id}?tab=files`);
    await page.getByRole('link', { name: 'page.html' }).waitFor();
    const previews = page.getByRole('button', { name: /^Preview/ });
    for (let i = 0; i < (await previews.count()); i += 1) await previews.nth(i).click();
    await page.locator('pre').first().waitFor();
    assert.equal(await page.locator('iframe, object, embed').count(), 0);
    await unhurt('files');
  });

  for (const path of [
    '/',
    '/history',
    '/tasks?of=all',
    '/settings?part=contact_types',
    '/settings?part=types',
    '/settings?part=views',
  ]) {
    step(`do nothing at ${path}`, async () => {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('main li:visible, main tbody tr, main summary').first().waitFor();
      await unhurt(path);
    });
  }

  step('do nothing in the details, the form, the box that finds, and the address', async () => {
    await page.goto(`/contacts/${client.id}?tab=details`);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByLabel('Given name').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('<img src=x onerror="window.hit=1">');
    await page.getByRole('option').first().waitFor();
    await page.goto(`/contacts/new?name=${encodeURIComponent(all)}`);
    await page.getByLabel('Given name').waitFor();
    await page.goto(`/history?q=${encodeURIComponent(payloads[0])}&type=${payloads[0]}`);
    await page.getByRole('button', { name: 'Clear filters' }).first().waitFor();
    await unhurt('address');
  });

  step('nor does the policy have to hold anything back', () => {
    assert.deepEqual(studio.complaints, []);
  });
});
