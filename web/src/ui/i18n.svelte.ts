// The texts of the app in the reader's language: ICU messages in /messages, one file a language.
import type en from '../../messages/en.json';
import { fill, type Text, type Values } from './fill';
import { remembered, remember } from './memory';

export type Key = keyof typeof en;

export const languages = {
  en: 'English',
  de: 'Deutsch',
  nl: 'Nederlands',
  lt: 'Lietuvių',
  fr: 'Français',
};
export type Language = keyof typeof languages;

const files = import.meta.glob<Record<Key, Text>>('../../messages/*.json', { import: 'default' });

let texts = $state.raw({} as Record<Key, Text>);
let current = $state<Language>('en');
let current_locale = $state('en-GB');

/** The first of `wanted` that we speak, else English. */
export function best_language(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0]!;
    if (base in languages) return base as Language;
  }
  return 'en';
}

export function language(): Language {
  return current;
}

/** The locale for numbers and dates: the browser's own form of the chosen language, if it has one. */
export function locale(): string {
  return current_locale;
}

/** Every text asks for it, and the browser's list takes long to get. */
function locale_of(wanted: Language): string {
  const own = globalThis.navigator?.languages?.find((tag) => tag.split('-')[0] === wanted);
  return own ?? (wanted === 'en' ? 'en-GB' : wanted);
}

export async function speak(wanted: Language): Promise<void> {
  texts = await files[`../../messages/${wanted}.json`]!();
  current = wanted;
  current_locale = locale_of(wanted);
  document.documentElement.lang = wanted;
}

/** The reader's choice, else what the browser asks for. */
export async function speak_readers_language(): Promise<void> {
  await speak(best_language([remembered('language') ?? '', ...navigator.languages]));
}

export async function choose_language(wanted: Language): Promise<void> {
  remember('language', wanted);
  await speak(wanted);
}

export function t(key: Key, values: Values = {}): string {
  return fill(texts[key], values, locale());
}
