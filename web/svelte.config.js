import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import adapterStatic from '@sveltejs/adapter-static';

const out = 'build';

/**
 * Moves the start script of the page into a file of its own, named by its content, so that the
 * server's Content-Security-Policy needs neither a hash nor 'unsafe-inline'.
 */
function externalise_start_script(folder) {
  const page = join(folder, 'index.html');
  let html = readFileSync(page, 'utf8');
  let moved = 0;
  html = html.replace(/<script>([\s\S]*?)<\/script>/g, (_, script) => {
    const hash = createHash('sha256').update(script).digest('hex').slice(0, 12);
    const path = `_app/immutable/start.${hash}.js`;
    writeFileSync(join(folder, path), script);
    moved += 1;
    return `<script src="/${path}"></script>`;
  });
  if (moved !== 1 || /<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=/.test(html)) {
    throw new Error('index.html: expected one inline script and no other inline code');
  }
  writeFileSync(page, html);
}

/** adapter-static for a single-page app, whose page obeys a strict Content-Security-Policy. */
function adapter() {
  const pages = adapterStatic({ pages: out, assets: out, fallback: 'index.html', strict: true });
  return {
    ...pages,
    name: 'annals',
    async adapt(builder) {
      await pages.adapt(builder);
      externalise_start_script(out);
      await builder.compress(out);
      if (!readdirSync(out).includes('index.html.br')) throw new Error('nothing was compressed');
    },
  };
}

/** @type {import('@sveltejs/kit').Config} */
export default {
  compilerOptions: { runes: true },
  kit: {
    adapter: adapter(),
    alias: { $ui: 'src/ui', $api: 'src/api', $features: 'src/features' },
    files: { appTemplate: 'src/app/app.html', routes: 'src/app/routes', lib: 'src/ui' },
    // The client polls for nothing: a new version arrives with the next page load.
    version: { name: process.env.ANNALS_VERSION ?? '0' },
    output: { preloadStrategy: 'modulepreload' },
    typescript: {
      config(config) {
        config.include.push('../messages/*.json', '../tools/*.mjs');
        return config;
      },
    },
  },
};
