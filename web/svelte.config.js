import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import adapterStatic from '@sveltejs/adapter-static';

const out = 'build';

/** Writes `script` into a file named by its content; gives its path. */
function write_script(folder, name, script) {
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 12);
  const path = `_app/immutable/${name}.${hash}.js`;
  writeFileSync(join(folder, path), script);
  return `/${path}`;
}

/** Where the build has the texts of each language; `client` is where it was written. */
function paths_of_texts(client) {
  const manifest = JSON.parse(readFileSync(join(client, '.vite/manifest.json'), 'utf8'));
  return Object.fromEntries(
    readdirSync('messages').map((name) => {
      const { file } = manifest[`messages/${name}`];
      return [name.replace('.json', ''), `/${file}`];
    }),
  );
}

/**
 * Makes the page one that needs neither a hash nor 'unsafe-inline' in the server's
 * Content-Security-Policy, and that lets the browser fetch all at once what a client's page needs.
 */
function finish_page(folder, client) {
  const page = join(folder, 'index.html');
  let html = readFileSync(page, 'utf8');
  const replace_once = (pattern, what, by) => {
    const { length } = html.match(new RegExp(pattern, 'g')) ?? [];
    if (length !== 1) throw new Error(`index.html: expected one ${what}, not ${length ?? 0}`);
    html = html.replace(pattern, by);
  };
  replace_once(/<script>([\s\S]*?)<\/script>/, 'inline script', (_, script) => {
    return `<script src="${write_script(folder, 'start', script)}"></script>`;
  });
  // SvelteKit names the styles of what is loaded when it is used, too.
  html = html.replace(/\s*<link href="([^"]*)" rel="stylesheet">/g, (link, path) =>
    path.includes('/first.') ? link : '',
  );
  replace_once(/<script src="\/early\.js"><\/script>/, 'early script', () => {
    const script = readFileSync('static/early.js', 'utf8');
    const known = script.replace(
      'texts_by_build = {}',
      `texts_by_build = ${JSON.stringify(paths_of_texts(client))}`,
    );
    if (known === script) throw new Error('early.js: it takes the paths of the texts no more');
    rmSync(join(folder, 'early.js'));
    return `<script src="${write_script(folder, 'early', known)}"></script>`;
  });
  if (/<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=/.test(html)) {
    throw new Error('index.html: inline code is left');
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
      finish_page(out, builder.getClientDirectory());
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
    output: { preloadStrategy: 'modulepreload', bundleStrategy: 'single' },
    typescript: {
      config(config) {
        config.include.push('../messages/*.json', '../tools/*.mjs');
        return config;
      },
    },
  },
};
