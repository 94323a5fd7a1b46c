import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, type Plugin } from 'vite';
import { plain_icon } from './tools/icons';
import { parse_message } from './tools/messages';

/**
 * SvelteKit's element that announces navigations carries a style attribute, which a strict
 * Content-Security-Policy forbids; src/ui/base.css says the same.
 */
function announcer_without_style(): Plugin {
  return {
    name: 'annals-announcer',
    enforce: 'pre',
    apply: 'build', // `vite dev` serves without that policy
    transform(code, id) {
      if (!id.endsWith('/generated/root.svelte')) return null;
      const plain = code.replace(/(<div id="svelte-announcer"[^>]*?) style="[^"]*"/, '$1');
      if (plain === code) throw new Error('root.svelte: the announcer has changed');
      return { code: plain, map: null };
    },
  };
}

/** The texts of /messages come parsed. */
function parsed_messages(): Plugin {
  return {
    name: 'annals-messages',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/messages\/[a-z]+\.json$/.test(id)) return null;
      const texts = Object.entries(JSON.parse(code) as Record<string, string>);
      const parsed = texts.map(([key, text]) => [key, parse_message(text)]);
      return { code: JSON.stringify(Object.fromEntries(parsed)), map: null };
    },
  };
}

/**
 * Lucide's icons as plain SVG that is cloned: a page has a hundred of them, and its own component
 * builds each from data, element by element.
 */
function plain_icons(): Plugin {
  return {
    name: 'annals-icons',
    enforce: 'pre',
    transform(code, id) {
      if (!/@lucide\/svelte\/dist\/icons\/[a-z0-9-]+\.svelte$/.test(id)) return null;
      return { code: plain_icon(code), map: null };
    },
  };
}

/** What a client's page needs: all that these import, unless they import it when it is used. */
const first_page = [
  /\/generated\/client-optimized\/app\.js$/,
  /\/src\/app\/routes\/\+(layout\.svelte|layout\.ts|error\.svelte)$/,
  /\/src\/app\/routes\/\(app\)\/\+layout\.svelte$/,
  /\/src\/app\/routes\/\(app\)\/contacts\/\[id\]\/\+page\.svelte$/,
];
/** What imports nothing of ours, as SvelteKit does. */
const libraries = /\/node_modules\/(svelte|esm-env|clsx|@tanstack|openapi-fetch)\//;
const node_of_first_page = /\/generated\/client-optimized\/nodes\/\d+\.js$/;

/**
 * The first page is two files of script, ours and the libraries', and one of styles, rather than
 * fifty: a slow line pays for each with a round trip, and small files compress badly. For that
 * SvelteKit has to bundle everything into one, of which what is loaded when it is used is split off
 * again.
 */
function first_page_in_two(): Plugin {
  const together = new Set<string>();
  const manualChunks = (id: string) => {
    if (!together.has(id)) return undefined;
    return libraries.test(id) ? 'vendor' : 'first';
  };
  return {
    name: 'annals-first-page',
    enforce: 'post',
    apply: 'build',
    config() {
      const output = { inlineDynamicImports: false, manualChunks };
      return { build: { rollupOptions: { output } } };
    },
    buildEnd() {
      const all = [...this.getModuleIds()];
      const waiting = all.filter((id) => first_page.some((each) => each.test(id)));
      for (const id of all.filter((each) => node_of_first_page.test(each))) {
        const made_of = this.getModuleInfo(id)?.importedIds ?? [];
        if (made_of.some((source) => waiting.includes(source))) waiting.push(id);
      }
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (together.has(id)) continue;
        together.add(id);
        waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    },
  };
}

// The server compares Origin with Host, so the page's own host has to reach it.
const server = {
  target: process.env.ANNALS_SERVER ?? 'http://127.0.0.1:8080',
  changeOrigin: false,
};

export default defineConfig({
  plugins: [
    announcer_without_style(),
    parsed_messages(),
    plain_icons(),
    first_page_in_two(),
    sveltekit(),
  ],
  build: { target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: { '/api/v1': server, '/api/openapi.json': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
