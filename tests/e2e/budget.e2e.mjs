// What the browser has to load before a client's page stands: at most 120 KiB, compressed.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

const initial_bytes_max = 120 * 1024;

let studio;

describe('the budget', () => {
  before(async () => {
    studio = await Studio.open();
  });
  after(() => studio?.close());

  step('is kept by the page of a client', async () => {
    const { page } = studio;
    const client = await studio.call('POST', '/contacts', { given_name: 'Jürgen' });
    const loaded = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith('/api/')) loaded.push(response);
    });
    await page.goto(`/contacts/${client.id}`);
    await page.getByRole('button', { name: 'Add an entry' }).waitFor();
    await page.waitForLoadState('networkidle');
    const sizes = [];
    for (const response of loaded) {
      const headers = await response.allHeaders();
      sizes.push([new URL(response.url()).pathname, Number(headers['content-length'] ?? 0)]);
      if (/\.(js|css)$/.test(response.url())) {
        assert.match(headers['content-encoding'] ?? '', /^(br|gzip)$/, response.url());
      }
    }
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`${(total / 1024).toFixed(1)} KiB in ${sizes.length} files`);
    assert.ok(total > 20_000, 'something was counted');
    assert.ok(total <= initial_bytes_max, `${total} bytes: ${JSON.stringify(sizes)}`);
  });
});
