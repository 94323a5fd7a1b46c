// What a client's page costs a slow line and a slow device before it stands. Counted where it can
// be, for counts are the same on every machine; else by what was taken of a processor.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { lighthouse_of } from './lighthouse.mjs';
import { tasks_during } from './processor_time.mjs';
import { step, Studio } from './studio.mjs';

const initial_bytes_max = 120 * 1024;
// What the page names (two scripts of its own, three of the app, styles), a language, the plots.
const initial_files_max = 9;
const elements_max = 1_200;
const entries_reply_bytes_max = 12 * 1024;
const accessibility_min = 0.95;
const performance_min = 0.95;
// What other programs do adds to what a page seems to take, and takes nothing from it: the best of
// a few looks is nearest to the page's own. One that is slow in itself is slow in all of them.
const looks_max = 5;
const first_entries_ms_max = 100;
const layout_shift_max = 0.02;

const entry_count = 300;
const types = ['call', 'note', 'payment.taken', 'appointment.booked', 'email.sent'];
const hour_ms = 3_600_000;

let studio;
let client;

function history_of(contact) {
  return Array.from({ length: entry_count }, (_, i) => {
    const type = types[i % types.length];
    return {
      source: 'budget',
      source_id: String(i),
      type,
      contact: { id: contact },
      title: `Entry number ${i}`,
      text: 'Asked whether the next treatment can be moved to Thursday, and what it costs then.',
      occurred_at: new Date(Date.now() - i * 20 * hour_ms).toISOString(),
      ...(type === 'payment.taken' ? { amount: { value: 4900 + i, currency: 'EUR' } } : {}),
    };
  });
}

/**
 * Runs in the page: labels the task in which the answer with the entries is whole, and the one
 * after the frame that shows the first of them; gives what lay between by the clock.
 */
function painted_entries() {
  return new Promise((resolve) => {
    let answered_at;
    const fetch_before = window.fetch;
    window.fetch = async (request, init) => {
      const reply = await fetch_before(request, init);
      if (!(request.url ?? String(request)).includes('/entries?')) return reply;
      const text = await reply.text();
      console.timeStamp('answered');
      answered_at = performance.now();
      return new Response(text, reply);
    };
    const seen = new MutationObserver(() => {
      if (!document.querySelector('[data-entry]')) return;
      seen.disconnect();
      window.fetch = fetch_before;
      requestAnimationFrame(() => {
        const after_frame = new MessageChannel();
        after_frame.port1.onmessage = () => {
          console.timeStamp('painted');
          resolve(performance.now() - answered_at);
        };
        after_frame.port2.postMessage(null);
      });
    });
    seen.observe(document.body, { childList: true, subtree: true });
  });
}

describe('the budget', () => {
  before(async () => {
    studio = await Studio.open();
    client = await studio.call('POST', '/contacts', {
      given_name: 'Jürgen',
      family_name: 'Müller',
      emails: [{ address: 'juergen@example.com' }],
      phones: [{ number: '+49 171 2345678' }],
    });
    await studio.call('POST', '/entries', history_of(client.id));
  });
  after(() => studio?.close());

  step('is kept by the page of a client', async () => {
    const { page } = studio;
    const replies = [];
    const begun_by = new Map();
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Network.enable');
    cdp.on('Network.requestWillBeSent', ({ request, initiator }) => {
      const by = initiator.url ?? initiator.stack?.callFrames[0]?.url ?? '';
      begun_by.set(request.url.replace(studio.url, ''), by.replace(studio.url, ''));
    });
    page.on('response', (response) => replies.push(response));
    await page.goto(`/contacts/${client.id}`);
    await page.getByRole('button', { name: 'Add an entry' }).waitFor();
    await page.locator('[data-entry]').nth(49).waitFor();
    await page.waitForLoadState('networkidle');

    const paths = replies.map((response) => response.url().replace(studio.url, ''));
    const twice = paths.filter((path, i) => paths.indexOf(path) !== i);
    assert.deepEqual(twice, [], 'nothing is asked for twice');

    const sizes = [];
    for (const response of replies) {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/api/')) continue;
      const headers = await response.allHeaders();
      sizes.push([pathname, Number(headers['content-length'] ?? 0)]);
      if (/\.(js|css)$/.test(pathname)) {
        assert.match(headers['content-encoding'] ?? '', /^(br|gzip)$/, pathname);
      }
    }
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`${(total / 1024).toFixed(1)} KiB in ${sizes.length} files`);
    assert.ok(total > 20_000, 'something was counted');
    assert.ok(total <= initial_bytes_max, `${total} bytes: ${JSON.stringify(sizes)}`);
    const late = sizes.filter(([path]) => path.startsWith('/_app/')).length;
    assert.ok(late <= initial_files_max, `${late} files: ${JSON.stringify(sizes)}`);

    const entries_reply = replies.find((reply) => reply.url().includes('/entries?limit=50'));
    const entries_bytes = Number((await entries_reply.allHeaders())['content-length']);
    console.log(`${(entries_bytes / 1024).toFixed(1)} KiB of entries`);
    assert.ok(entries_bytes <= entries_reply_bytes_max, `${entries_bytes} bytes of entries`);

    // Three trips to the first entries: the page, its first script, the entries; nothing of the app
    // has to be there for it.
    const entries = paths.find((path) => path.includes('/entries?limit=50&facets=1'));
    for (const path of ['/api/v1/me', `/api/v1/contacts/${client.id}`, entries]) {
      assert.match(begun_by.get(path) ?? '', /^\/_app\/immutable\/early\.\w+\.js$/, path);
    }
  });

  step('is kept by what a phone has to make', async () => {
    const { page } = studio;
    await page.setViewportSize({ width: 412, height: 823 });
    await page.reload();
    await page.locator('[data-entry]').nth(49).waitFor();
    const elements = await page.evaluate(() => document.querySelectorAll('body *').length);
    console.log(`${elements} elements`);
    assert.ok(elements <= elements_max, `${elements} elements`);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  step('shows the first entries as soon as they have come', async () => {
    const { page, browser } = studio;
    let best = Infinity;
    for (let look = 0; look < looks_max && best > first_entries_ms_max; look += 1) {
      await page.goto('/');
      const link = page.getByRole('main').getByRole('link', { name: 'Jürgen Müller' }).first();
      await link.waitFor();
      const { result, tasks } = await tasks_during(browser, async () => {
        const answered = page.waitForResponse((reply) => reply.url().includes('/entries?'));
        const painted = page.evaluate(painted_entries);
        await link.click();
        await (await answered).finished();
        return painted;
      });
      const from = tasks.findIndex(({ labels }) => labels.includes('answered'));
      const to = tasks.findIndex(({ labels }) => labels.includes('painted'));
      assert.ok(0 <= from && from < to, `${from} to ${to}`);
      const took = tasks.slice(from, to).reduce((sum, { cpu_ms }) => sum + cpu_ms, 0);
      console.log(
        `first entries: ${took.toFixed(0)} ms of a processor from the answer to the screen, ` +
          `${result.toFixed(0)} ms by the clock`,
      );
      best = Math.min(best, took);
    }
    assert.ok(best <= first_entries_ms_max, `${best} ms`);
  });

  step('pleases Lighthouse', async () => {
    let best;
    const unseen = [];
    for (let look = 0; look < looks_max; look += 1) {
      const found = await lighthouse_of(studio, `/contacts/${client.id}`);
      if (found.unseen) {
        console.log(`Lighthouse saw nothing: ${found.unseen}`);
        unseen.push(found.unseen);
        continue;
      }
      console.log(
        `Lighthouse, mobile: performance ${found.performance} (by the clock ` +
          `${found.performance_by_the_clock}), accessibility ${found.accessibility}; ` +
          JSON.stringify(found.metrics),
      );
      if (!best || found.performance > best.performance) best = found;
      if (best.performance >= performance_min) break;
    }
    assert.ok(
      best,
      `Lighthouse saw nothing in ${looks_max} looks: ${[...new Set(unseen)].join('; ')}`,
    );
    assert.ok(best.performance >= performance_min, `performance ${best.performance}`);
    assert.ok(best.accessibility >= accessibility_min, `accessibility ${best.accessibility}`);
    assert.ok(best.layout_shift <= layout_shift_max, `layout shift ${best.layout_shift}`);
  });
});
