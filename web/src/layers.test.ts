// Who may import whom: api ← ui ← features ← app. Features follow the stack of the server's slices;
// from outside, a folder is entered by its index alone.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const stack = ['access', 'catalog', 'entries', 'contacts', 'tasks', 'transfer', 'reports'];
const may_use: Record<string, string[]> = {
  api: [],
  ui: ['api'],
  ...Object.fromEntries(
    stack.map((name) => [`features/${name}`, ['api', 'ui', 'features/access']]),
  ),
  app: ['api', 'ui', ...stack.map((name) => `features/${name}`)],
};

const aliases: Record<string, string> = { $api: 'api', $ui: 'ui', $features: 'features' };

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return /\.(ts|svelte)$/.test(path) && !path.endsWith('.d.ts') && path !== 'src/layers.test.ts'
      ? [path]
      : [];
  });
}

function part_of(path: string): string {
  const [first, second] = path.split('/') as [string, string];
  return first === 'features' ? `features/${second}` : first;
}

interface Import {
  from: string; // file, below src
  to: string; // as written, below src
  by_alias: boolean;
}

function imports_of(file: string): Import[] {
  const from = relative('src', file);
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^\s*(?:import|export)\b[^;]*?['"]([^'"]+)['"];/gm)].flatMap(
    ([, written]): Import[] => {
      const [head, ...rest] = written!.split('/') as [string, ...string[]];
      if (head in aliases)
        return [{ from, to: [aliases[head], ...rest].join('/'), by_alias: true }];
      if (!written!.startsWith('.')) return [];
      return [{ from, to: join(dirname(from), written!), by_alias: false }];
    },
  );
}

const all = files('src').flatMap(imports_of);
const inside = all.filter(({ to }) => !to.startsWith('..'));

/** What an import breaks, if it breaks something. */
function fault({ from, to, by_alias }: Import): string {
  const [own, other] = [part_of(from), part_of(to)];
  if (own === other) return by_alias ? `${from}: its own folder by alias` : '';
  if (!may_use[own]?.includes(other)) return `${from}: ${own} may not use ${other}`;
  if (to.endsWith('.css')) return '';
  return to === other ? '' : `${from}: enters ${other} other than by its index`;
}

describe('layers', () => {
  it('hold', () => {
    expect(inside.length).toBeGreaterThan(30);
    expect(inside.map(fault).filter(Boolean)).toEqual([]);
  });

  it('are known for every folder', () => {
    const unknown = files('src')
      .map((file) => part_of(relative('src', file)))
      .filter((part) => !(part in may_use));
    expect(unknown).toEqual([]);
  });

  it.each([
    ['upward', { from: 'ui/a.ts', to: 'features/entries', by_alias: true }],
    ['sideways', { from: 'features/contacts/a.ts', to: 'features/entries', by_alias: true }],
    ['past the door', { from: 'app/a.ts', to: 'features/entries/days', by_alias: true }],
    ['home by alias', { from: 'ui/a.ts', to: 'ui', by_alias: true }],
  ])('are broken %s', (_, broken) => {
    expect(fault(broken)).not.toBe('');
  });
});
