// What Lighthouse says of a page, as a phone on a slow line has it.
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

/** Of `path`, for who is signed in at `studio`, with nothing of it in the browser's cache. */
export async function lighthouse_of(studio, path) {
  const { default: lighthouse } = await import(pathToFileURL(require.resolve('lighthouse')).href);
  const folder = mkdtempSync(join(tmpdir(), 'annals-lighthouse-'));
  const context = await open_profile(folder);
  try {
    await context.addCookies(await studio.page.context().cookies());
    const port = Number(readFileSync(join(folder, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
    const { lhr } = await lighthouse(studio.url + path, {
      port,
      disableStorageReset: true, // which would sign out
      logLevel: 'error',
      onlyCategories: ['performance', 'accessibility'],
    });
    if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
    return {
      performance: lhr.categories.performance.score,
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
