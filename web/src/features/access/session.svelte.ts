// Who is signed in here.
import type { QueryClient } from '@tanstack/svelte-query';
import { api, body_of, on_signed_out, Problem, type Schemas } from '$api';

export type Me = Schemas['Me'];
export type Setup = Schemas['Setup'];

export const me_key = ['me'] as const;

/** What one person has read is not for the next. */
export function forget_all_but_me(client: QueryClient): void {
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== me_key[0] });
}

/** Null where nobody is. */
export async function fetch_me(): Promise<Me | null> {
  try {
    return await body_of(api.GET('/api/v1/me'));
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 401) return null;
    throw cause;
  }
}

export async function fetch_setup_needed(): Promise<boolean> {
  return (await body_of(api.GET('/api/v1/setup'))).needed;
}

export function set_up(setup: Setup): Promise<Me> {
  return body_of(api.POST('/api/v1/setup', { body: setup }));
}

/** Without `business` a person who works in several gets a Problem that names them. */
export function sign_in(email: string, password: string, business?: string): Promise<Me> {
  return body_of(
    api.POST('/api/v1/session', { body: { email, password, ...(business && { business }) } }),
  );
}

/** Where the person works in several businesses: the id of one of them. */
export function one_of_several(cause: unknown): string | undefined {
  if (!(cause instanceof Problem)) return undefined;
  return cause.errors.find((error) => error.code === 'several_businesses')?.ids?.[0];
}

/** Goes on in another business of the same person. */
export function switch_business(business: string): Promise<Me> {
  return body_of(api.PUT('/api/v1/session', { body: { business } }));
}

export async function sign_out(): Promise<void> {
  await body_of(api.DELETE('/api/v1/session'));
}

export function may_write(me: Me): boolean {
  return me.role !== 'auditor';
}

/** Whether someone may make API keys. */
export function may_connect(me: Me): boolean {
  return me.role === 'owner';
}

/** Whether someone may import files. */
export function may_import(me: Me): boolean {
  return me.role === 'owner' || me.role === 'manager';
}

let over = $state(false);

/** Whether the session ended while the app was open. */
export function session_over(): boolean {
  return over;
}

export function session_begins(): void {
  over = false;
}

export function watch_session(): () => void {
  return on_signed_out(() => (over = true));
}
