// A server of one's own: the real binary on a fresh data folder and a free port.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { drop_database, on_postgres, place } from './engine';

const root = resolve(import.meta.dirname, '../../..');
const start_ms_max = 30_000;

function first_there(candidates: (string | undefined)[]): string | undefined {
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/** The program under test. */
export function annals_bin(): string {
  const built = ['asan', 'dev'].map((preset) => join(root, 'build', preset, 'annals'));
  const found = first_there([process.env.ANNALS_BIN, ...built]);
  if (!found) throw new Error('there is no annals to test: build it, or name it in ANNALS_BIN');
  return found;
}

/** What users run, with the web app in it; undefined where it was not built. */
export function release_bin(): string | undefined {
  return first_there([process.env.ANNALS_RELEASE_BIN, join(root, 'build/release/annals')]);
}

/** `annals` with these arguments, to its end; its output. */
export function run_annals(...args: string[]): string {
  return execFileSync(annals_bin(), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function temp_folder(): string {
  return mkdtempSync(join(tmpdir(), 'annals-api-'));
}

export interface ServerOptions {
  data?: string; // a folder that is kept; else a fresh one that goes with the server
  bin?: string;
  database?: string; // a PostgreSQL database, in place of the engine's; '' for the folder alone
  env?: Record<string, string>; // besides the test's own
  limits?: string[]; // of the process, as prlimit takes them
}

export class Server {
  #process!: ChildProcess;
  #ended!: Promise<number | null>;
  #log = '';
  url = '';

  private constructor(
    readonly data: string,
    readonly bin: string,
    readonly owns_data: boolean,
    readonly env: Record<string, string>,
    readonly database?: string,
    readonly limits: string[] = [],
  ) {}

  static async start(options: ServerOptions = {}): Promise<Server> {
    const data = options.data ?? temp_folder();
    const server = new Server(
      data,
      options.bin ?? annals_bin(),
      options.data === undefined,
      options.env ?? {},
      options.database,
      options.limits,
    );
    await server.#begin();
    return server;
  }

  async #begin(): Promise<void> {
    const where =
      this.database === undefined
        ? place(this.data)
        : ['--data', this.data, ...(this.database ? ['--database', this.database] : [])];
    const args = ['serve', ...where, '--listen', '127.0.0.1:0'];
    const env = { ...process.env, ...this.env };
    const command = [...(this.limits.length ? ['prlimit', ...this.limits] : []), this.bin, ...args];
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#process = child;
    this.#ended = new Promise((done) => child.on('close', (code) => done(code)));
    child.stderr!.on('data', (piece) => (this.#log += piece));
    this.url = await new Promise<string>((found, failed) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        failed(new Error(`the server did not start:\n${this.#log}`));
      }, start_ms_max);
      let output = '';
      child.stdout!.on('data', (piece) => {
        output += piece;
        const listening = /Annals listens at (http:\S+)/.exec(output);
        if (!listening) return;
        clearTimeout(timer);
        found(listening[1]!);
      });
      child.on('close', (code) => {
        clearTimeout(timer);
        failed(new Error(`the server ended with ${code}:\n${this.#log}`));
      });
    });
    await this.#ready();
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + start_ms_max;
    while ((await fetch(this.url + '/readyz')).status !== 200) {
      if (Date.now() > deadline) throw new Error(`the server is not ready:\n${this.#log}`);
      await new Promise((resume) => setTimeout(resume, 20));
    }
  }

  get pid(): number {
    return this.#process.pid!;
  }
  get log(): string {
    return this.#log;
  }

  /** Its exit code, once it has ended. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends it as a power cut does, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  /** Starts it again on the same data. */
  async restart(): Promise<void> {
    await this.#begin();
  }

  /** Ends it as a service manager does; it has to end well and to have said nothing alarming. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const code = await this.#ended;
    if (this.owns_data) {
      rmSync(this.data, { recursive: true, force: true });
      if (on_postgres && this.database === undefined) drop_database(this.data);
    }
    const alarm = /Sanitizer|runtime error:|CHECK failed/.exec(this.#log);
    if (code !== 0 || alarm) throw new Error(`the server ended with ${code}:\n${this.#log}`);
  }
}
