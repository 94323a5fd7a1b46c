// Where one can go from anywhere.
import History from '@lucide/svelte/icons/history';
import ListChecks from '@lucide/svelte/icons/list-checks';
import Settings from '@lucide/svelte/icons/settings';
import Users from '@lucide/svelte/icons/users';
import type { Component } from 'svelte';
import type { Me } from '$features/access';
import type { Key } from '$ui';

export interface Place {
  path: string;
  label: Key;
  keys: string;
  icon: Component<{ size?: number; 'aria-hidden'?: 'true' }>;
  /** Whether `path` belongs to this place. */
  within: (path: string) => boolean;
}

const all: readonly (Place & { roles?: readonly Me['role'][] })[] = [
  {
    path: '/',
    label: 'contacts.title',
    keys: 'g c',
    icon: Users,
    within: (path) => path === '/' || path.startsWith('/contacts/'),
  },
  {
    path: '/history',
    label: 'history.title',
    keys: 'g h',
    icon: History,
    within: (path) => path === '/history',
  },
  {
    path: '/tasks',
    label: 'tasks.title',
    keys: 'g t',
    icon: ListChecks,
    within: (path) => path === '/tasks',
  },
  {
    path: '/settings',
    label: 'settings.title',
    keys: 'g s',
    icon: Settings,
    within: (path) => path === '/settings',
  },
];

/** The places that someone of this role can use. */
export function places_of(role: Me['role']): readonly Place[] {
  return all.filter((place) => !place.roles || place.roles.includes(role));
}
