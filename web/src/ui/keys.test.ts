import { describe, expect, it } from 'vitest';
import { match_key, name_of, type Shortcut } from './keys.svelte';

const shortcut = (keys: string): Shortcut => ({ keys, label: 'keys.title', run: () => {} });
const known = [shortcut('n'), shortcut('Ctrl+k'), shortcut('g c'), shortcut('g h')];
const key = (key: string, held: Partial<KeyboardEvent> = {}) =>
  name_of({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });

describe('keys', () => {
  it('names a key with what is held', () => {
    expect(key('n')).toBe('n');
    expect(key('K', { ctrlKey: true })).toBe('Ctrl+k');
    expect(key('k', { metaKey: true })).toBe('Ctrl+k');
    expect(key('n', { altKey: true })).toBe('');
  });

  it('finds one key and two in a row', () => {
    expect(match_key('n', 0, known)?.keys).toBe('n');
    expect(match_key('g', 0, known)).toBeUndefined();
    expect(match_key('h', 500, known)?.keys).toBe('g h');
  });

  it('forgets the first key after a while and after another', () => {
    match_key('g', 0, known);
    expect(match_key('c', 5_000, known)).toBeUndefined();
    match_key('g', 6_000, known);
    expect(match_key('n', 6_100, known)?.keys).toBe('n');
    expect(match_key('c', 6_200, known)).toBeUndefined();
  });

  it('lets what was added last win', () => {
    const later = shortcut('n');
    expect(match_key('n', 0, [...known, later])).toBe(later);
  });
});
