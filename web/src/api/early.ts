// What static/early.js asked for before the app was there.

const replies = (globalThis as { annals_early?: Map<string, Promise<Response>> }).annals_early;
/** A page that takes longer to start has old answers. */
const fresh_ms = 30_000;

/**
 * As fetch(); takes the reply that is on its way where there is one. Each serves once, and none after
 * something was written.
 */
export async function fetch_early(request: Request): Promise<Response> {
  if (!replies || replies.size === 0) return fetch(request);
  if (request.method !== 'GET' || performance.now() > fresh_ms) {
    replies.clear();
    return fetch(request);
  }
  const { pathname, search } = new URL(request.url);
  const begun = replies.get(pathname + search);
  replies.delete(pathname + search);
  const reply = await begun?.catch(() => undefined);
  request.signal.throwIfAborted();
  return reply?.ok ? reply : fetch(request);
}
