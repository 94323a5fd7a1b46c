import { describe, expect, it } from 'vitest';
import { mark_matches } from './match';

describe('mark_matches', () => {
  it('ignores case and accents, both ways', () => {
    expect(mark_matches('Jürgen Müller', 'mull')).toEqual(['Jürgen ', 'Müll', 'er']);
    expect(mark_matches('Jurgen Muller', 'MÜL')).toEqual(['Jurgen ', 'Mul', 'ler']);
    expect(mark_matches('Große Straße', 'grosse')).toEqual(['', 'Große', ' Straße']);
  });

  it('matches each word from its start only', () => {
    expect(mark_matches('Anna Hannah', 'ann')).toEqual(['', 'Ann', 'a Hannah']);
    expect(mark_matches('Anna Berg', 'berg anna')).toEqual(['', 'Anna', ' ', 'Berg', '']);
  });

  it('sees digits through the signs of a phone number', () => {
    expect(mark_matches('+49 171 234-5678', '0171 23')).toEqual(['+49 ', '171 23', '4-5678']);
    expect(mark_matches('K-1001', '1001')).toEqual(['K-', '1001', '']);
  });

  it('keeps the text where nothing matches', () => {
    expect(mark_matches('Anna', 'x')).toEqual(['Anna']);
    expect(mark_matches('', '')).toEqual(['']);
    expect(mark_matches('👩‍⚕️ Anna', 'anna').join('')).toBe('👩‍⚕️ Anna');
  });
});
