// A long history, read to its end as with a wheel: the browser drops no frame, and what is far from
// the screen is let go, so that neither the page nor the heap grows.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const entry_count = process.env.ANNALS_LONG ? 100_000 : 10_000;
const entries_at_once = 10_000;
const read_count = 10_000; // the rest is passed as by dragging the scroll bar
const settled_count = 2_000; // as many as are ever held, and more
/** An entry is several times as large, so that keeping a part of them is seen, too. */
const heap_bytes_per_entry_max = 250;
const elements_max = 2_800;
const walk_ms_max = 600_000;
const glide_px_per_second = 9_000; // of a finger's flick, and of a wheel that is spun
const glide_px = 60_000;
const dropped_max = 0.01;
const pass_step_px = 1_800; // a page of entries a frame
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

/**
 * Turns the wheel, and counts frames by the browser's own account: those that were due, those that
 * it showed, and of these such where the page's part (rows that come into sight) came later.
 */
async function glide() {
  const tracing = await studio.browser.newBrowserCDPSession();
  const frames = { due: 0, shown: 0, partial: 0 };
  tracing.on('Tracing.dataCollected', ({ value }) => {
    for (const { name, args } of value) {
      if (name === 'BeginFrame') frames.due += 1;
      else if (name === 'DrawFrame') frames.shown += 1;
      else if (name === 'DroppedFrame' && args.hasPartialUpdate) frames.partial += 1;
    }
  });
  const wheel = await page.context().newCDPSession(page);
  await tracing.send('Tracing.start', {
    categories: 'devtools.timeline.frame,disabled-by-default-devtools.timeline.frame',
  });
  const { width, height } = page.viewportSize();
  await wheel.send('Input.synthesizeScrollGesture', {
    x: width / 2,
    y: height / 2,
    yDistance: -glide_px,
    speed: glide_px_per_second,
    gestureSourceType: 'mouse',
    preventFling: true,
  });
  const complete = new Promise((resolve) => tracing.once('Tracing.tracingComplete', resolve));
  await tracing.send('Tracing.end');
  await complete;
  await Promise.all([tracing.detach(), wheel.detach()]);
  return frames;
}

const last_entry = () =>
  page.evaluate(() =>
    Number([...document.querySelectorAll('article')].at(-1).getAttribute('aria-posinset')),
  );

/** The frames of each glide, until entry `last` from the top is there. */
async function glide_to(last) {
  const glides = [];
  while ((await last_entry()) < last) glides.push(await glide());
  return glides;
}

async function measured() {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  await cdp.detach();
  const elements = await page.evaluate(() => document.querySelectorAll('*').length);
  return { heap: usedSize, elements };
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
    const glides = await glide_to(settled_count);
    const settled = await measured();
    glides.push(...(await glide_to(read_count)));
    if (entry_count > read_count) await walk(entry_count, pass_step_px);
    const end = await measured();
    const grown = end.heap - settled.heap;
    glides.pop(); // which came to the end, where nothing moves
    const sum = (key) => glides.reduce((all, frames) => all + frames[key], 0);
    const dropped = glides.map(({ due, shown }) => Math.max(0, due - shown) / due);
    const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `${entry_count} entries: heap ${megabytes(settled.heap)}, then ${megabytes(end.heap)}; ` +
        `${end.elements} elements; of ${sum('due')} frames ${sum('shown')} were shown, ` +
        `${sum('partial')} with rows that came a frame later`,
    );
    // What else the machine does can only make it drop more.
    assert.ok(Math.min(...dropped) <= dropped_max, `dropped: ${dropped.join(', ')}`);
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
