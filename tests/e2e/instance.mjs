// A server of its own for a test: the real binary, an empty data folder, a free port.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const start_ms_max = 30_000;
const stop_ms_max = 15_000;

/**
 * Starts ANNALS_BIN on `folder`, else on an empty one of its own; resolves with its address once it
 * listens.
 */
export async function start_annals(folder) {
  const binary = process.env.ANNALS_BIN;
  if (!binary) throw new Error('ANNALS_BIN: name the annals binary to test');
  const data = folder ?? mkdtempSync(join(tmpdir(), 'annals-e2e-'));
  const child = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`it does not listen:\n${said}`)), start_ms_max);
    const hear = (chunk) => {
      said += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (!found) return;
      clearTimeout(late);
      resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`it ended with ${code}:\n${said}`)));
  });
  return {
    url,
    said: () => said,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stop_ms_max);
      const code = await ended;
      clearTimeout(late);
      if (!folder) rmSync(data, { recursive: true, force: true });
      return code;
    },
  };
}
