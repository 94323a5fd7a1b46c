// Nothing that is stored runs, or reaches out: hostile texts through every field, on every screen.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
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

// Of a page and an e-mail, which are shown as they are: everything by which HTML reaches out.
// What leaves something open, and so swallows what follows, stands last.
const reaching = (out) => [
  `<p>The beginning of it</p>`,
  `<script>parent.hit=1;fetch('${out}/script')</script>`,
  `<img src="${out}/picture.png" srcset="${out}/set.png 2x" onerror="parent.hit=1">`,
  `<svg><image href="${out}/svg.png"/><use href="${out}/use.svg#a"/></svg>`,
  `<svg><a xlink:href="javascript:parent.hit=1"><text>x</text></a></svg>`,
  `<meta http-equiv="refresh" content="0;url=${out}/refresh">`,
  `<base href="${out}/base/"><img src="relative.png">`,
  `<form action="${out}/form" method="post"><input autofocus onfocus="parent.hit=1"></form>`,
  `<div style="background:url(${out}/style.png)">styled</div>`,
  `<div style="background:u\\72l(${out}/escaped.png)">escaped</div>`,
  `<style>@import "${out}/import.css";p{font-family:x}</style>`,
  `<style>@font-face{font-family:x;src:url(${out}/x.woff)}</style>`,
  `<style>p::before{content:url(${out}/content.png)}</style><p>letters</p>`,
  `<link rel="prefetch" href="${out}/prefetch"><link rel="dns-prefetch" href="//evil.example">`,
  `<link rel="preload" as="image" href="${out}/preload.png">`,
  `<link rel="stylesheet" href="${out}/a.css">`,
  `<iframe src="${out}/frame"></iframe><iframe srcdoc="<img src='${out}/srcdoc.png'>"></iframe>`,
  `<object data="${out}/object"></object><embed src="${out}/embed"><portal src="${out}/portal">`,
  `<video src="${out}/video.mp4" poster="${out}/poster.png" autoplay></video>`,
  `<audio src="${out}/audio.mp3" autoplay></audio><body background="${out}/background.png">`,
  `<table background="${out}/table.png"><tr><td>cell</td></tr></table>`,
  `<a href="javascript:parent.hit=1" ping="${out}/ping">a link</a>`,
  `<a href="jav&#x09;ascript:parent.hit=1">another</a>`,
  `<input type="image" src="${out}/input.png">`,
  `<noscript><p title="</noscript><img src=x onerror=parent.hit=1>"></noscript>`,
  `<math><annotation-xml encoding="text/html"><img src=x onerror=parent.hit=1></math>`,
  `<svg></p><style><a id="</style><img src=1 onerror=parent.hit=1>">`,
  ...payloads,
];

function mail_of(out) {
  const html = reaching(out).join('\n');
  return [
    'From: "<img src=x onerror=parent.hit=1>" <mallory@evil.example>',
    'To: anna@example.com',
    'Subject: <script>parent.hit=1</script> Hello',
    'Date: Mon, 02 Mar 2026 09:00:00 +0100',
    'MIME-Version: 1.0',
    'Content-Type: multipart/related; boundary="x"',
    '',
    '--x',
    'Content-Type: multipart/alternative; boundary="y"',
    '',
    '--y',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'The plain words',
    '--y',
    'Content-Type: text/html; charset=utf-8',
    '',
    `<html><body><img src="cid:own@x" alt="its own"><img src="cid:svg@x">${html}</body></html>`,
    '--y--',
    '--x',
    'Content-Type: image/png',
    'Content-ID: <own@x>',
    'Content-Transfer-Encoding: base64',
    '',
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
    '+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    '--x',
    'Content-Type: image/svg+xml',
    'Content-ID: <svg@x>',
    '',
    `<svg xmlns="http://www.w3.org/2000/svg" onload="parent.hit=1">`,
    `<image href="${out}/cid.png"/></svg>`,
    '--x--',
    '',
  ].join('\r\n');
}

let studio;
let page;
let client;
let outside; // where everything of reaching() would go
let out;
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
    await upload('page.html', 'text/html', `<html>${reaching(out).join('\n')}</html>`),
    await upload('mail.eml', 'message/rfc822', mail_of(out)),
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

/** The frame that shows a file, once it does: no script runs there, so nothing can wait in it. */
async function sandbox_of(name) {
  const element = page.locator(`iframe[title="${name}"]`);
  assert.equal(await element.getAttribute('sandbox'), '');
  const frame = await (await element.elementHandle()).contentFrame();
  return frame_with(frame, 'The beginning of it');
}

async function frame_with(frame, text) {
  for (let i = 0; i < 100; i += 1) {
    const content = await frame.content().catch(() => '');
    if (content.includes(text)) return frame;
    await page.waitForTimeout(100);
  }
  return assert.fail(`the frame does not show “${text}”`);
}

const unhurt = async (where) => {
  assert.equal(await page.evaluate(() => window.hit), undefined, where);
  assert.deepEqual(foreign, [], where);
};

describe('hostile texts', () => {
  before(async () => {
    outside = createServer((request, reply) => {
      foreign.push(`${request.method} ${request.url}`);
      reply.end();
    });
    await new Promise((resolve) => outside.listen(0, '127.0.0.1', resolve));
    out = `http://127.0.0.1:${outside.address().port}`;
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
  after(async () => {
    await studio?.close();
    outside?.close();
  });

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

  step('do nothing in a preview, where a picture with scripts gets none', async () => {
    await page.goto(`/contacts/${client.id}?tab=files`);
    await page.getByRole('link', { name: 'page.html' }).waitFor();
    const previews = page.getByRole('button', { name: /^Preview/ });
    assert.equal(await previews.count(), 3, 'text, page, e-mail');
    for (let i = 0; i < 3; i += 1) await previews.nth(i).click();
    await page.locator('pre').first().waitFor();
    await page.locator('iframe').nth(1).waitFor();
    assert.equal(await page.locator('iframe').count(), 2, 'the text is no page');
    for (const name of ['page.html', 'mail.eml']) {
      const frame = await sandbox_of(name);
      assert.ok((await frame.content()).includes('<p>letters</p>'));
      for (const tag of ['script', 'form', 'input', 'iframe', 'object', 'meta', 'link', 'svg']) {
        const count = await frame.evaluate((what) => document.querySelectorAll(what).length, tag);
        assert.equal(count, 0, `${tag} in ${name}`);
      }
      // A click on what was a link leads nowhere.
      const { x, y } = await page.locator(`iframe[title="${name}"]`).boundingBox();
      const link = await frame.evaluate(() => {
        const at = [...document.links, ...document.querySelectorAll('a')].at(-1);
        at.scrollIntoView();
        const box = at.getBoundingClientRect();
        return { x: box.x, y: box.y };
      });
      await page.mouse.click(x + link.x + 3, y + link.y + 3);
    }
    await page
      .getByText(/pictures or styles from elsewhere were not loaded/)
      .first()
      .waitFor();
    await unhurt('files');
  });

  step('an e-mail is shown with what it carries, its head and its words', async () => {
    const mail = page.locator('.copy', { hasText: 'mallory@evil.example' });
    await mail.getByText('<script>parent.hit=1</script> Hello').waitFor();
    const frame = await sandbox_of('mail.eml');
    const own = await frame.evaluate(() => document.querySelector('img[alt="its own"]').src);
    assert.match(own, /^data:image\/png;base64,/);
    await studio.check('mail');
    await mail.getByRole('radio', { name: 'Text' }).click();
    await mail.getByText('The plain words').waitFor();
    await unhurt('mail');
    // Chromium tells of each handler and style that DOMPurify reads before it takes it out.
    studio.complaints.length = 0;
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

  step(
    'but it would: unclean HTML does nothing in the sandbox, in a frame of any kind',
    async () => {
      await page.goto(`/contacts/${client.id}?tab=files`);
      await page.getByRole('link', { name: 'page.html' }).waitFor();
      for (const sandboxed of [true, false]) {
        await page.evaluate(
          ({ html, kind }) => {
            const frame = document.createElement('iframe');
            frame.name = kind;
            if (kind === 'sandboxed') frame.setAttribute('sandbox', '');
            const form = document.createElement('form');
            Object.assign(form, { action: '/api/v1/sandbox', method: 'post', target: kind });
            form.enctype = 'multipart/form-data';
            const text = document.createElement('textarea');
            text.name = 'html';
            text.value = html;
            form.append(text);
            document.body.append(frame, form);
            form.submit();
          },
          { html: reaching(out).join('\n'), kind: sandboxed ? 'sandboxed' : 'plain' },
        );
      }
      for (const kind of ['sandboxed', 'plain']) {
        await page.frameLocator(`iframe[name=${kind}]`).getByText('The beginning of it').waitFor();
      }
      assert.ok(studio.complaints.length > 0, 'the policy held something back');
      assert.equal(await page.evaluate(() => window.hit), undefined);
      assert.deepEqual(
        foreign.filter((each) => !each.startsWith(out) && !each.includes('evil.example')),
        [],
      );
    },
  );
});
