// A long history, walked to its end: what is far from the screen is let go, so that neither the
// page nor the heap grows. How many frames come late is only shown: a busy machine makes each of
// them dearer, and at the edge that decides.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { frames_of, tasks_during } from './processor_time.mjs';
import { step, Studio } from './studio.mjs';

const entry_count = process.env.ANNALS_LONG ? 100_000 : 10_000;
const entries_at_once = 10_000;
const read_count = 10_000; // the rest is passed as by dragging the scroll bar
const settled_count = 2_000; // as many as are ever held, and more
/** An entry is several times as large, so that keeping a part of them is seen, too. */
const heap_bytes_per_entry_max = 250;
const elements_max = 2_800;
const walk_ms_max = 600_000;
const read_step_px = 150; // 9,000 px a second: a finger's flick
const pass_step_px = 1_800; // a page of entries a frame
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

/** Scrolls, a step a frame, until entry `last` from the top is there. */
function walk(last, step_px) {
  return page.evaluate(
    ({ last, step_px, walk_ms_max }) =>
      new Promise((resolve, reject) => {
        const begun = performance.now();
        let frames = 0;
        const take = (now) => {
          frames += 1;
          const seen = frames % 10 === 0 ? [...document.querySelectorAll('article')].at(-1) : null;
          if (Number(seen?.getAttribute('aria-posinset')) >= last) return resolve(frames);
          if (now - begun > walk_ms_max) return reject(new Error('the walk takes too long'));
          scrollBy(0, step_px);
          requestAnimationFrame(take);
        };
        requestAnimationFrame(take);
      }),
    { last, step_px, walk_ms_max },
  );
}

/** What the page took of a processor for each frame of a reader's walk. */
async function frames_to(last) {
  const { tasks } = await tasks_during(studio.browser, () => walk(last, read_step_px));
  return frames_of(tasks);
}

async function measured() {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  await cdp.detach();
  const elements = await page.evaluate(() => document.querySelectorAll('*').length);
  return { heap: usedSize, elements };
}

/** Of the frames that were due: those that came late because the page itself was not done. */
function dropped_part(frames) {
  const dropped = frames.reduce((sum, ms) => sum + Math.max(0, Math.ceil(ms / frame_ms) - 1), 0);
  return dropped / (frames.length + dropped);
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
    const frames = await frames_to(settled_count);
    const settled = await measured();
    frames.push(...(await frames_to(read_count)));
    if (entry_count > read_count) await walk(entry_count, pass_step_px);
    const end = await measured();
    const grown = end.heap - settled.heap;
    const dropped = dropped_part(frames);
    const by_size = [...frames].sort((a, b) => a - b);
    const of_frames = (part) => by_size[Math.floor(part * (by_size.length - 1))].toFixed(1);
    const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `${entry_count} entries: heap ${megabytes(settled.heap)}, then ${megabytes(end.heap)}; ` +
        `${end.elements} elements; ${frames.length} frames of ${of_frames(0.5)} ms (median), ` +
        `${of_frames(0.99)} ms (p99); ${(100 * dropped).toFixed(2)} % dropped`,
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
