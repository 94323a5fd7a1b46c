import { readFileSync } from 'node:fs';
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, it } from 'vitest';
import { parse_message } from '../../tools/messages';
import { fill, type Values } from './fill';

const values: Values = { name: 'A', query: 'B', title: 'C', time: 'D', reason: 'E', day: 'F' };

it.each(['en', 'de', 'nl', 'lt', 'fr'])('says in %s what ICU says', (language) => {
  const file = readFileSync(`messages/${language}.json`, 'utf8');
  for (const text of Object.values(JSON.parse(file) as Record<string, string>)) {
    for (const number of [0, 1, 2, 5, 21, 1_234]) {
      const all = { ...values };
      for (const [, name] of text.matchAll(/\{(\w+)/g)) all[name!] ??= number;
      const wanted = new IntlMessageFormat(text, language, undefined, { ignoreTag: true });
      expect(fill(parse_message(text), all, language)).toBe(wanted.format(all));
    }
  }
});

it('takes no form of message that the app cannot fill', () => {
  expect(() => parse_message('{when, date}')).toThrow();
});
