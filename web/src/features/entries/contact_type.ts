// Contact types are typed by name; one that there is not yet is made when it is first used.
import type { QueryClient } from '@tanstack/svelte-query';
import { contact_type_list, type Schemas } from '$api';
import { create_contact_type } from './queries';

/** The key of the type with this name; null where none is named. */
export async function contact_type_key(
  name: string,
  known: readonly Schemas['ContactType'][],
  client: QueryClient,
): Promise<string | null> {
  const wanted = name.trim();
  if (!wanted) return null;
  const same = known.find((type) => type.name.toLowerCase() === wanted.toLowerCase());
  if (same) return same.key;
  const { key } = await create_contact_type(wanted);
  await client.invalidateQueries({ queryKey: contact_type_list.queryKey });
  return key;
}
