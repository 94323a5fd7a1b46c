import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { plain_icon } from '../../tools/icons';

it('writes an icon of Lucide’s out', () => {
  const source = readFileSync('node_modules/@lucide/svelte/dist/icons/plus.svelte', 'utf8');
  const written = plain_icon(source);
  expect(written).toContain('><path d="M5 12h14" /><path d="M12 5v14" /></svg>');
});

it('fails where it would write nothing', () => {
  expect(() => plain_icon('<script>const icon = 1;</script>')).toThrow('Lucide');
});
