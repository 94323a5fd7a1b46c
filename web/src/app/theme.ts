import { remember } from '$ui';

/** Goes from what is shown to the other of light and dark; static/early.js keeps it over reloads. */
export function next_theme(): void {
  const root = document.documentElement;
  const chosen = root.dataset.theme;
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  remember('theme', root.dataset.theme);
}
