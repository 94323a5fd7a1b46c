import type { Schemas } from '$api';

export type Category = Schemas['Category'];

/** In the order in which they are shown everywhere. */
export const categories: readonly Category[] = [
  'appointments',
  'contracts',
  'payments',
  'messages',
  'notes',
  'documents',
  'tasks',
  'account',
  'marketing',
  'profile',
  'data_protection',
];
