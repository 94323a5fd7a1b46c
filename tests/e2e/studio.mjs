// A set-up server with a browser at it, for a walk: its owner is signed in.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { it } from 'node:test';
import { check_accessibility, open_browser, open_page } from './browser.mjs';
import { start_annals } from './instance.mjs';

export const shots = new URL('./shots/', import.meta.url).pathname;
export const owner = {
  name: 'Erika Kern',
  email: 'erika@studio-nord.example',
  password: 'correct horse battery',
};
const step_ms_max = 10_000;

let broken = false;

/** A step of a walk: those after one that failed are left out, since each builds on the last. */
export function step(what, take) {
  it(what, async (test) => {
    if (broken) return test.skip('an earlier step failed');
    try {
      await take(test);
    } catch (cause) {
      broken = true;
      throw cause;
    }
  });
}

export class Studio {
  /** Starts a server, sets it up and signs its owner in. */
  static async open() {
    const studio = new Studio();
    try {
      await studio.#begin();
    } catch (cause) {
      await studio.close(); // The server would keep the tests from ending.
      throw cause;
    }
    return studio;
  }

  async #begin() {
    mkdirSync(shots, { recursive: true });
    this.annals = await start_annals();
    this.url = this.annals.url;
    this.browser = await open_browser();
    Object.assign(this, await open_page(this.browser, this.url));
    this.page.setDefaultTimeout(step_ms_max);
    const business = {
      name: 'Studio Nord',
      time_zone: 'Europe/Berlin',
      locale: 'en-GB',
      currency: 'EUR',
    };
    await this.ask('POST', '/setup', { business, owner });
    const key = await this.ask('POST', '/api-keys', { name: 'e2e', scopes: ['admin'] });
    this.key = key.secret;
  }

  async close() {
    await this.browser?.close();
    await this.annals?.stop();
  }

  /** Calls the API with the browser's session. */
  async ask(method, path, data) {
    const reply = await this.page.request.fetch(`${this.url}/api/v1${path}`, {
      method,
      data,
      headers: { origin: this.url },
    });
    const text = await reply.text();
    assert.ok(reply.ok(), `${method} ${path}: ${reply.status()} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Calls the API as an integration would. */
  async call(method, path, body) {
    const reply = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async check(what, part) {
    assert.deepEqual(await check_accessibility(this.page, shots, what, part), []);
  }

  /** The page at phone width: nothing is cut off, and axe finds nothing. */
  async check_narrow(what) {
    await this.page.setViewportSize({ width: 360, height: 740 });
    const too_wide = await this.page.evaluate(
      () => document.documentElement.scrollWidth - innerWidth,
    );
    assert.ok(too_wide <= 0, `${what}: ${too_wide} px too wide`);
    await this.check(`${what}-narrow`);
    await this.page.setViewportSize({ width: 1280, height: 860 });
  }
}
