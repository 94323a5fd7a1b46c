// Which parts of a text a search would have found: case and accents are ignored, each word matches
// from the start of a word, digits match through spaces and signs of a phone number.

/** Folds each character on its own, so that positions can be led back. */
function fold(text: string): { folded: string; at: number[] } {
  let folded = '';
  const at: number[] = [];
  let position = 0;
  for (const character of text) {
    const plain = character
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace('ß', 'ss');
    folded += plain;
    for (let i = 0; i < plain.length; i += 1) at.push(position);
    position += character.length;
  }
  at.push(position);
  return { folded, at };
}

function ranges_of_words(text: string, words: readonly string[]): [number, number][] {
  const { folded, at } = fold(text);
  const found: [number, number][] = [];
  for (const word of words) {
    for (let i = folded.indexOf(word); i >= 0; i = folded.indexOf(word, i + 1)) {
      const before = i === 0 ? '' : folded[i - 1]!;
      if (!/[\p{L}\p{N}]/u.test(before)) found.push([at[i]!, at[i + word.length]!]);
    }
  }
  return found;
}

function ranges_of_digits(text: string, digits: string): [number, number][] {
  const at = [...text.matchAll(/\d/g)].map((match) => match.index);
  const all = at.map((i) => text[i]).join('');
  const i = all.indexOf(digits);
  return i < 0 ? [] : [[at[i]!, at[i + digits.length - 1]! + 1]];
}

/** `text` in pieces, of which every second, from the second, matches `query`. */
export function mark_matches(text: string, query: string): string[] {
  const words = fold(query).folded.split(/\s+/).filter(Boolean);
  const ranges = ranges_of_words(text, words);
  const digits = query.replace(/\D/g, '').replace(/^0+/, '');
  if (digits.length >= 3 && /^[\d\s()+/.-]+$/.test(text)) {
    ranges.push(...ranges_of_digits(text, digits));
  }
  ranges.sort((a, b) => a[0] - b[0]);
  const pieces: string[] = [];
  let end = 0;
  for (const [from, to] of ranges) {
    if (from < end) continue;
    pieces.push(text.slice(end, from), text.slice(from, to));
    end = to;
  }
  pieces.push(text.slice(end));
  return pieces;
}
