// The five languages say the same things, and just what the app uses.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';

const languages = ['en', 'de', 'nl', 'lt', 'fr'];
const read = (language: string) =>
  JSON.parse(readFileSync(`messages/${language}.json`, 'utf8')) as Record<string, string>;
const english = read('en');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !/\.(test|d)\.ts$/.test(entry.name) ? [path] : [];
  });
}
const code = sources('src')
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

/** Keys as the code names them: whole, and as the fixed beginning of a computed one. */
const whole = new Set(
  [...code.matchAll(/(?:\bt\(\s*|(?:\?|:|\?\?) *t\(|label: |key: )'([a-z]+\.[a-z_]+)'/g)].map(
    (m) => m[1]!,
  ),
);
/** Whatever in the code could be a key, such as in a table of labels. */
const named = new Set([...code.matchAll(/'([a-z]+\.[a-z0-9_]+)'/g)].map((m) => m[1]!));
const beginnings = new Set([...code.matchAll(/\bt\(\s*`([a-z]+\.[a-z_]*)\$\{/g)].map((m) => m[1]!));

type Element = { type: number; value?: string; options?: Record<string, { value: Element[] }> };
function placeholders(text: string, language: string): string[] {
  const found = new Set<string>();
  const walk = (elements: Element[]) => {
    for (const element of elements) {
      if (element.type !== 0 && element.type !== 7 && element.value) found.add(element.value);
      for (const option of Object.values(element.options ?? {})) walk(option.value);
    }
  };
  walk(new IntlMessageFormat(text, language).getAst() as Element[]);
  return [...found].sort();
}

describe.each(languages)('messages in %s', (language) => {
  const messages = read(language);

  it('are complete, and no more', () => {
    expect(Object.keys(messages)).toEqual(Object.keys(english));
    expect(Object.entries(messages).filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('can be read, and take the same values', () => {
    for (const [key, text] of Object.entries(messages)) {
      expect([key, placeholders(text, language)]).toEqual([key, placeholders(english[key]!, 'en')]);
    }
  });

  it('have every plural form of the language', () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(messages)) {
      for (const [plural] of text.matchAll(/\{\w+, plural,.*\}\}/g)) {
        if (plural.includes('=0') && plural.includes('other') && language === 'fr') continue;
        const missing = wanted.filter(
          (category) =>
            !plural.includes(`${category} {`) && !(category === 'one' && plural.includes('=1')),
        );
        expect([key, missing]).toEqual([key, []]);
      }
    }
  });
});

describe('messages and code', () => {
  it('name nothing that is missing', () => {
    expect([...whole].filter((key) => !(key in english))).toEqual([]);
    for (const beginning of beginnings) {
      expect(Object.keys(english).some((key) => key.startsWith(beginning))).toBe(true);
    }
  });

  it('leave nothing unused', () => {
    const unused = Object.keys(english).filter(
      (key) => !named.has(key) && ![...beginnings].some((beginning) => key.startsWith(beginning)),
    );
    expect(unused).toEqual([]);
  });
});
