import { beforeEach, expect, it, vi } from 'vitest';

const page = 'http://annals.example';
const asked: string[] = [];
let fetch_early: (request: Request) => Promise<Response>;

/** As static/early.js leaves it. */
async function begin(replies: Record<string, Promise<Response>>) {
  vi.resetModules();
  vi.stubGlobal('annals_early', new Map(Object.entries(replies)));
  ({ fetch_early } = await import('./early'));
}

async function get(path: string, init?: RequestInit): Promise<string> {
  return (await fetch_early(new Request(page + path, init))).text();
}

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(`${request.method} ${request.url.replace(page, '')}`);
    return Promise.resolve(new Response('late'));
  });
});

it('takes what is on its way, once', async () => {
  await begin({ '/me?a=1': Promise.resolve(new Response('early')) });
  expect(await get('/me')).toBe('late');
  expect(await get('/me?a=1')).toBe('early');
  expect(await get('/me?a=1')).toBe('late');
});

it('asks again for what failed or was refused', async () => {
  await begin({
    '/lost': Promise.reject(new TypeError('no line')),
    '/refused': Promise.resolve(new Response('', { status: 401 })),
  });
  expect(await get('/lost')).toBe('late');
  expect(await get('/refused')).toBe('late');
  expect(asked).toEqual(['GET /lost', 'GET /refused']);
});

it('takes nothing that was asked for before something was written', async () => {
  await begin({ '/me': Promise.resolve(new Response('early')) });
  await get('/me', { method: 'POST' });
  expect(await get('/me')).toBe('late');
});

it('gives nothing to who no longer wants it', async () => {
  await begin({ '/me': Promise.resolve(new Response('early')) });
  const abort = new AbortController();
  abort.abort();
  await expect(get('/me', { signal: abort.signal })).rejects.toThrow();
});
