// The contacts that were last opened in this browser, per business.
import { remember, remembered } from '$ui';

export interface Recent {
  id: string;
  name: string;
}

const recent_max = 8;

export function with_opened(list: readonly Recent[], opened: Recent): Recent[] {
  return [opened, ...list.filter((each) => each.id !== opened.id)].slice(0, recent_max);
}

export function recent_of(business: string): Recent[] {
  try {
    const list: unknown = JSON.parse(remembered(`recent.${business}`) ?? '[]');
    return Array.isArray(list) ? (list as Recent[]).filter((each) => each?.id && each?.name) : [];
  } catch {
    return [];
  }
}

export function remember_opened(business: string, opened: Recent): void {
  remember(`recent.${business}`, JSON.stringify(with_opened(recent_of(business), opened)));
}
