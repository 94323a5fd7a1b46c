// A long history, walked to its end: what is far from the screen is let go, so that neither the
// page nor the heap grows. How smooth that is depends on the machine: it is only shown.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const entry_count = process.env.ANNALS_LONG ? 100_000 : 10_000;
const entries_at_once = 10_000;
const settled_count = 2_000; // as many as are ever held, and more
/** An entry is several times as large, so that keeping a part of them is seen, too. */
const heap_bytes_per_entry_max = 250;
const elements_max = 6_000;
const walk_ms_max = 600_000;
const step_px = 400;
const frame_ms = 1_000 / 60;
const minute_ms = 60_000;
const note = 'Asked whether the next treatment can be moved. '.repeat(20);

let studio;
let page;
let client;

function lines_of(contact, from, count) {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      source: 'scroll',
      source_id: String(from + i),
      type: i % 3 ? 'call' : 'appointment.booked',
      contact: { id: contact },
      title: `Entry number ${from + i}`,
      text: `${from + i}: ${note}`,
      occurred_at: new Date(Date.now() - (from + i) * 45 * minute_ms).toISOString(),
    }),
  ).join('\n');
}

async function give_history() {
  for (let from = 0; from < entry_count; from += entries_at_once) {
    const reply = await fetch(`${studio.url}/api/v1/entries`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${studio.key}`,
        'content-type': 'application/x-ndjson',
      },
      body: lines_of(client.id, from, entries_at_once),
    });
    assert.ok(reply.ok, await reply.text());
  }
}

/** Scrolls as a reader does, a step a frame, until entry `last` from the top is there; the gaps. */
function walk(last) {
  return page.evaluate(
    ({ last, step_px, walk_ms_max }) =>
      new Promise((resolve, reject) => {
        const gaps = [];
        const begun = performance.now();
        let before = begun;
        const take = (now) => {
          gaps.push(now - before);
          before = now;
          const seen = [...document.querySelectorAll('article')].at(-1);
          if (Number(seen?.getAttribute('aria-posinset')) >= last) return resolve(gaps);
          if (now - begun > walk_ms_max) return reject(new Error('the walk takes too long'));
          scrollBy(0, step_px);
          requestAnimationFrame(take);
        };
        requestAnimationFrame(take);
      }),
    { last, step_px, walk_ms_max },
  );
}

async function measured() {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  await cdp.detach();
  const elements = await page.evaluate(() => document.querySelectorAll('*').length);
  return { heap: usedSize, elements };
}

function dropped_part(gaps) {
  const dropped = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / frame_ms) - 1), 0);
  return dropped / (gaps.length + dropped);
}

describe('a long history', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    client = await studio.call('POST', '/contacts', { given_name: 'Jürgen' });
    await give_history();
  });
  after(() => studio?.close());

  step('is walked to its end and lets go of what was passed', async () => {
    await page.goto(`/contacts/${client.id}`);
    await page.locator('[data-entry]').first().waitFor();
    const first = await walk(settled_count);
    const settled = await measured();
    const rest = await walk(entry_count);
    const end = await measured();
    const grown = end.heap - settled.heap;
    const dropped = (100 * dropped_part([...first, ...rest])).toFixed(1);
    const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `${entry_count} entries: heap ${megabytes(settled.heap)}, then ${megabytes(end.heap)}; ` +
        `${end.elements} elements; ${dropped} % of frames dropped`,
    );
    const allowed = (entry_count - settled_count) * heap_bytes_per_entry_max;
    assert.ok(grown <= allowed, `the heap grew by ${grown} bytes`);
    assert.ok(end.elements <= elements_max, `${end.elements} elements`);
  });

  step('is there again on the way back', async () => {
    await page.evaluate(() => scrollTo(0, 0));
    await page.getByText('Entry number 0', { exact: true }).waitFor();
    await page.getByText('Entry number 30', { exact: true }).waitFor();
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
