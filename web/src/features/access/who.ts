// The signed-in staff member, for everything inside the gate.
import { getContext, setContext } from 'svelte';
import type { Me } from './session.svelte';

const key = Symbol('me');

export function provide_me(me: () => Me): void {
  setContext(key, me);
}

export function use_me(): () => Me {
  return getContext<() => Me>(key);
}
