// A disk that fails: a small one that fills up or cannot be written, and system calls that fail.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temp_folder } from './server';

/** Whether file systems can be mounted here: that takes root, and a container that lets it. */
export const may_mount = (() => {
  const folder = temp_folder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();
if (!may_mount) console.warn('nothing can be mounted here: full disks are not tested');

const piece_bytes = 64 * 1024;

/** A file system of a few MiB in memory, with a folder for data on it. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  static mount(mib: number): SmallDisk {
    const folder = temp_folder();
    const options = `size=${mib}m,mode=700`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    mkdirSync(join(folder, 'data'));
    return new SmallDisk(folder);
  }
  get data(): string {
    return join(this.folder, 'data');
  }
  get #filler(): string {
    return join(this.folder, 'filler');
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    try {
      for (let size = piece_bytes; size > 0; ) {
        try {
          writeSync(file, Buffer.alloc(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          size = size > 1 ? size >> 4 : 0;
        }
      }
    } finally {
      closeSync(file);
    }
  }
  /** Gives it back. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  /** Makes it as large as this. */
  grow(mib: number): void {
    execFileSync('mount', ['-o', `remount,size=${mib}m`, this.folder]);
  }

  /** Nobody may have a file of it open for writing. */
  read_only(on: boolean): void {
    execFileSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, this.folder]);
  }

  unmount(): void {
    try {
      execFileSync('umount', [this.folder], { stdio: 'ignore' });
    } catch {
      execFileSync('umount', ['-l', this.folder]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Has something befall system calls of process `pid`, until stopped. */
export class Fault {
  #tracer;
  #ended: Promise<unknown>;

  private constructor(tracer: ReturnType<typeof spawn>) {
    this.#tracer = tracer;
    this.#ended = new Promise((done) => tracer.on('close', done));
  }

  /** They fail, on these files. */
  static begin(
    pid: number,
    calls: string,
    error: string,
    files: string[],
    when = '1+',
  ): Promise<Fault> {
    const paths = files.flatMap((file) => ['-P', file]);
    return Fault.#attach(pid, calls, `error=${error}:when=${when}`, paths);
  }

  /** The process is killed before the `nth` of them that any of its threads makes from now on. */
  static kill_at(pid: number, calls: string, nth: number): Promise<Fault> {
    return Fault.#attach(pid, calls, `signal=KILL:when=${nth}`, []);
  }

  static async #attach(
    pid: number,
    calls: string,
    what: string,
    paths: string[],
  ): Promise<Fault> {
    const rule = `inject=${calls}:${what}`;
    const tracer = spawn(
      'strace',
      ['-f', '-e', `trace=${calls}`, '-e', rule, ...paths, '-o', '/dev/null', '-p', String(pid)],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const fault = new Fault(tracer);
    await new Promise<void>((attached, failed) => {
      let said = '';
      tracer.stderr!.on('data', (piece) => {
        said += piece;
        if (said.includes('attached')) attached();
      });
      tracer.on('close', () => failed(new Error(said)));
    });
    return fault;
  }

  async end(): Promise<void> {
    this.#tracer.kill('SIGINT');
    await this.#ended;
  }
}
