// What a page takes of a processor, by the browser's own trace. The time that passes on the clock
// has in it all that other programs do meanwhile; this has only what they make dearer (caches, a
// core that is shared), and so is not less than on a machine that has nothing else to do.

const categories = 'devtools.timeline,disabled-by-default-devtools.timeline,__metadata';
const events_of_use = new Set(['RunTask', 'TimeStamp', 'thread_name']);

/**
 * Runs `take`; gives the tasks of the page's main thread meanwhile, in order: when each began (µs
 * of the trace's clock), what it took of a processor (ms), and the labels that console.timeStamp()
 * left in it.
 */
export async function tasks_during(browser, take) {
  const cdp = await browser.newBrowserCDPSession();
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value) if (events_of_use.has(event.name)) events.push(event);
  });
  await cdp.send('Tracing.start', { categories });
  const result = await take();
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  await complete;
  await cdp.detach();
  return { result, tasks: tasks_of_page(events) };
}

const thread_of = ({ pid, tid }) => `${pid}:${tid}`;

function tasks_of_page(events) {
  const threads = new Map();
  for (const { name, args, pid, tid } of events) {
    if (name === 'thread_name' && args.name === 'CrRendererMain') {
      threads.set(thread_of({ pid, tid }), { runs: [], inside: [], took: 0 });
    }
  }
  for (const event of events) {
    const thread = threads.get(thread_of(event));
    if (!thread) continue;
    if (event.name === 'RunTask') {
      thread.runs.push(event);
      thread.took += event.tdur ?? 0;
    } else if (event.name !== 'thread_name') {
      thread.inside.push(event);
    }
  }
  // The browser keeps other pages ready, which do next to nothing.
  const page = [...threads.values()].sort((a, b) => b.took - a.took)[0];
  if (!page) throw new Error('the trace has no page in it');
  page.runs.sort((a, b) => a.ts - b.ts);
  page.inside.sort((a, b) => a.ts - b.ts);
  let next = 0;
  return page.runs.map(({ ts, dur, tdur }) => {
    const task = { at_us: ts, cpu_ms: (tdur ?? 0) / 1_000, labels: [] };
    while (next < page.inside.length && page.inside[next].ts < ts) next += 1;
    for (; next < page.inside.length && page.inside[next].ts < ts + dur; next += 1) {
      const { name, args } = page.inside[next];
      if (name === 'TimeStamp') task.labels.push(args.data.message);
    }
    return task;
  });
}
