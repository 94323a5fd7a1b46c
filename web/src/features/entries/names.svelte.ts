// How the business names its types, staff and log views.
import { createQuery } from '@tanstack/svelte-query';
import { contact_type_list, entry_type_list, log_view_list, staff_list } from '$api';
import { t, type Key } from '$ui';
import type { Dimension } from './filters';

const staleTime = 300_000;

/** For use while a component begins. */
export function use_names() {
  const types = createQuery(() => ({ ...entry_type_list, staleTime }));
  const contact_types = createQuery(() => ({ ...contact_type_list, staleTime }));
  const staff = createQuery(() => ({ ...staff_list, staleTime }));
  const views = createQuery(() => ({ ...log_view_list, staleTime }));
  const type_names = $derived(new Map(types.data?.map((type) => [type.type, type.name])));
  const contact_type_names = $derived(
    new Map(contact_types.data?.map((type) => [type.key, type.name])),
  );
  const staff_names = $derived(new Map(staff.data?.map((member) => [member.id, member.name])));
  const view_names = $derived(new Map(views.data?.map((view) => [view.key, view.name])));

  return {
    get staff() {
      return staff.data ?? [];
    },
    get contact_types() {
      return contact_types.data ?? [];
    },
    get views() {
      return views.data ?? [];
    },
    type: (type: string) => type_names.get(type) ?? type,
    contact_type: (key: string) => contact_type_names.get(key) ?? key,
    /** What a filter's value is called. */
    of(dimension: Dimension, value: string): string {
      if (dimension === 'type') return type_names.get(value) ?? value;
      if (dimension === 'contact_type') return contact_type_names.get(value) ?? value;
      if (dimension === 'staff') return staff_names.get(value) ?? t('actor.staff');
      if (dimension === 'view') return view_names.get(value) ?? value;
      return t(`${dimension}.${value}` as Key);
    },
  };
}

export type Names = ReturnType<typeof use_names>;
