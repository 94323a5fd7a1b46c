// Messages are ICU texts. They are parsed when the app is built, so that it carries no parser: a text
// with values becomes its parts (src/ui/fill.ts).
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import type { Part, Text } from '../src/ui/fill';

function part_of(element: MessageFormatElement): Part {
  if (element.type === TYPE.literal) return element.value;
  if (element.type === TYPE.pound) return 0;
  if (element.type === TYPE.argument) return [element.value];
  if (element.type === TYPE.plural && element.pluralType === 'cardinal' && !element.offset) {
    const options = Object.entries(element.options).map(([name, option]): [string, Part[]] => [
      name,
      option.value.map(part_of),
    ]);
    return [element.value, Object.fromEntries(options)];
  }
  throw new Error(`a message may have values and plurals, not ${TYPE[element.type]}`);
}

export function parse_message(text: string): Text {
  const parts = parse(text, { ignoreTag: true }).map(part_of);
  const [only] = parts;
  return parts.length === 1 && typeof only === 'string' ? only : parts;
}
