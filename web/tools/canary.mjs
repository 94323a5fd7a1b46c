// Proves that the type check would find something: it must fail on a component with an error, for
// svelte-check can pass with nothing checked.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const canary = 'src/ui/Canary.svelte';
writeFileSync(
  canary,
  '<script lang="ts">const wrong: number = "text";</script>\n{wrong.missing}\n',
);
try {
  const check = spawnSync('npx', ['--no-install', 'svelte-check', '--output', 'machine'], {
    encoding: 'utf8',
  });
  const found = check.stdout.split('\n').filter((line) => line.includes('Canary.svelte')).length;
  if (check.status === 0 || found < 2) {
    console.error(`svelte-check let a type error pass:\n${check.stdout}${check.stderr}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(canary, { force: true });
}
