// Whether the page is wide enough for what a phone has no room for. As the styles have it, 900 px.
import { MediaQuery } from 'svelte/reactivity';

const query = new MediaQuery('min-width: 901px', true);

export function is_wide(): boolean {
  return query.current;
}
