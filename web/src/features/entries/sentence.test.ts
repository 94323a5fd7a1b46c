import { describe, expect, it } from 'vitest';
import { in_a_line } from './sentence';

describe('a text in one line', () => {
  it('has single spaces, and all of it', () => {
    expect(in_a_line(' asked\n\n twice\t')).toBe('asked twice');
    expect(in_a_line('asked', 5)).toBe('asked');
  });

  it('is no longer than there is room for, and cut between characters', () => {
    expect(in_a_line('asked twice', 5)).toBe('asked…');
    expect(in_a_line('asked 😀', 7)).toBe('asked…');
    expect(in_a_line('x'.repeat(65_536), 320)).toHaveLength(321);
  });
});
