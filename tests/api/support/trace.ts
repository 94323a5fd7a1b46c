// The system calls of a server, in the order in which it makes them.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temp_folder } from './server';

/** Whether strace may attach here; in some containers it may not. */
export const may_trace = (() => {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!may_trace) console.warn('strace cannot trace here: what is synced to disk is not tested');

/** The lines that strace writes of `calls` ("read,write") of process `pid` while `work` runs. */
export async function trace(
  pid: number,
  calls: string,
  work: () => Promise<void>,
): Promise<string[]> {
  const folder = temp_folder();
  const log = join(folder, 'trace');
  const tracer = spawn(
    'strace',
    ['-f', '-y', '-s', '120', '-e', `trace=${calls}`, '-o', log, '-p', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise((done) => tracer.on('close', done));
  await new Promise<void>((attached, failed) => {
    tracer.stderr.on('data', (piece) => {
      if (String(piece).includes('attached')) attached();
      if (String(piece).includes('not permitted')) failed(new Error(String(piece)));
    });
  });
  await work();
  tracer.kill('SIGINT');
  await ended;
  const lines = readFileSync(log, 'utf8').split('\n');
  rmSync(folder, { recursive: true, force: true });
  return lines;
}
