// Debian's Chromium, by the packages of web/. Anything that a page complains about is kept.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const { AxeBuilder } = require('@axe-core/playwright');

const options = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export async function open_browser() {
  return chromium.launch(options);
}

/** A browser that other programs can drive, too: `folder` will hold where (DevToolsActivePort). */
export async function open_profile(folder) {
  const args = [...options.args, '--remote-debugging-port=0'];
  return chromium.launchPersistentContext(folder, { ...options, args });
}

/** A page with what it complained about: errors, and breaches of its Content-Security-Policy. */
export async function open_page(browser, baseURL) {
  const context = await browser.newContext({
    baseURL,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1280, height: 860 },
  });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A refused request is told here too; the test looks at those itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  return { page, complaints };
}

/** Faults in light and dark, and a picture of each. */
export async function check_accessibility(page, shots, what, part) {
  const faults = [];
  // What the bar at the top half covers is no smaller for it.
  await page.evaluate(() => scrollTo(0, 0));
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const fault of await accessibility_faults(page, part)) {
      faults.push(`${what}, ${colorScheme}: ${fault}`);
    }
    await page.screenshot({ path: `${shots}${what}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  return faults;
}

// A history's sixteenth entry and those below have nothing new, and take long.
const entries_like_those_before = 'article:nth-of-type(n + 16)';

/** What axe finds against WCAG 2.2 AA, one line each: on the page, or in one part of it. */
export async function accessibility_faults(page, part = 'body') {
  const { violations } = await new AxeBuilder({ page })
    .include(part)
    .exclude(entries_like_those_before)
    .exclude('iframe') // of others, and no script runs in it
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .options({ rules: { 'target-size': { enabled: true } } })
    .analyze();
  return violations.flatMap((violation) =>
    violation.nodes.map(
      (node) => `${violation.id}: ${node.target.join(' ')}: ${node.failureSummary}`,
    ),
  );
}
