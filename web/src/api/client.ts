// The server's interface, typed by docs/openapi.yaml. Every call goes through here.
import createClient from 'openapi-fetch';
import { fetch_early } from './early';
import type { components, paths } from './schema';
import { Problem } from './problem';

export type Schemas = components['schemas'];

/** The parameters of a list of entries. */
export type EntryQuery = NonNullable<paths['/api/v1/entries']['get']['parameters']['query']>;

export const api = createClient<paths>({
  baseUrl: '',
  credentials: 'same-origin',
  fetch: fetch_early,
});

type Outcome<T> = { data?: T; error?: unknown; response: Response };

const signed_out_listeners = new Set<() => void>();

/** Calls `listener` whenever the server no longer knows who we are. Gives the way to stop. */
export function on_signed_out(listener: () => void): () => void {
  signed_out_listeners.add(listener);
  return () => signed_out_listeners.delete(listener);
}

/** `problem`, of which all who listen are told where it is that the session is over. */
export function signed_out(problem: Problem): Problem {
  if (problem.status === 401) for (const listener of signed_out_listeners) listener();
  return problem;
}

/** The reply's body; throws Problem where there is none. */
export async function body_of<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw Problem.unreachable();
  }
  if (outcome.response.ok) return outcome.data as T;
  throw signed_out(Problem.of(outcome.error, outcome.response.status));
}
