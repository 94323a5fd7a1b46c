import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, type Plugin } from 'vite';

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

// The server compares Origin with Host, so the page's own host has to reach it.
const server = {
  target: process.env.ANNALS_SERVER ?? 'http://127.0.0.1:8080',
  changeOrigin: false,
};

export default defineConfig({
  plugins: [announcer_without_style(), sveltekit()],
  build: { target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: { '/api/v1': server, '/api/openapi.json': server } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
