import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, type Plugin } from 'vite';
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

// The server compares Origin with Host, so the page's own host has to reach it.
const server = {
  target: process.env.ANNALS_SERVER ?? 'http://127.0.0.1:8080',
  changeOrigin: false,
};

export default defineConfig({
  plugins: [announcer_without_style(), parsed_messages(), sveltekit()],
  build: { target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: { '/api/v1': server, '/api/openapi.json': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
