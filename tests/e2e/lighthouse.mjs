// What Lighthouse says of a page, as a phone on a slow line has it. The line is one that Lighthouse
// works out; the phone is this machine, several times as slow, and so a machine that is busy with
// other things makes a slow phone. Hence each task counts for what it took of a processor.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { open_profile } from './browser.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));

const shown = {
  'first-contentful-paint': 'first paint',
  'largest-contentful-paint': 'largest paint',
  'speed-index': 'speed index',
  'total-blocking-time': 'blocked',
  'cumulative-layout-shift': 'moved',
};

/** The same with each task as long as its thread had a processor. */
function without_waiting(artifacts) {
  const mended = structuredClone(artifacts);
  mended.Timing = [];
  for (const event of mended.Trace.traceEvents) {
    const is_task = event.ph === 'X' && event.name.endsWith('RunTask');
    if (is_task && event.tdur !== undefined) event.dur = Math.min(event.dur, event.tdur);
  }
  return mended;
}

const unseen = ({ code, message }) => ({ unseen: `${code}: ${message}` });

/**
 * Of `path`, for who is signed in at `studio`, with nothing of it in the browser's cache. Where
 * Lighthouse could not look, such as without a whole trace (NO_NAVSTART), `unseen` says why, and
 * there is nothing else.
 */
export async function lighthouse_of(studio, path) {
  const { default: lighthouse, auditFlowArtifacts } = await import(
    pathToFileURL(require.resolve('lighthouse')).href
  );
  const folder = mkdtempSync(join(tmpdir(), 'annals-lighthouse-'));
  const context = await open_profile(folder);
  try {
    await context.addCookies(await studio.page.context().cookies());
    const port = Number(readFileSync(join(folder, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
    const flags = {
      port,
      disableStorageReset: true, // which would sign out
      logLevel: 'error',
      onlyCategories: ['performance', 'accessibility'],
    };
    const looked = await lighthouse(studio.url + path, flags);
    if (looked.lhr.runtimeError) return unseen(looked.lhr.runtimeError);
    const { steps } = await auditFlowArtifacts({
      name: path,
      gatherSteps: [{ artifacts: without_waiting(looked.artifacts), name: path, flags }],
    });
    const { lhr } = steps[0];
    if (lhr.runtimeError) return unseen(lhr.runtimeError);
    return {
      performance: lhr.categories.performance.score,
      performance_by_the_clock: looked.lhr.categories.performance.score,
      accessibility: lhr.categories.accessibility.score,
      layout_shift: lhr.audits['cumulative-layout-shift'].numericValue,
      metrics: Object.fromEntries(
        Object.entries(shown).map(([id, name]) => [name, lhr.audits[id].displayValue]),
      ),
    };
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
