// A PostgreSQL server of a test's own, that may be killed: it syncs as it does in earnest. initdb
// refuses root, so under root it runs as the user that Debian's package makes.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from './load';

const programs = '/usr/lib/postgresql/15/bin';
const start_ms_max = 30_000;

/** A port of the loopback that nobody listened at just now. */
export function free_port(): Promise<number> {
  return new Promise((found) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}

/** Whom to run PostgreSQL's programs as. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid!() !== 0) return {};
  const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A folder that is theirs. */
export function unprivileged_folder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'annals-postgres-'));
  const { uid, gid } = unprivileged();
  if (uid !== undefined) chownSync(folder, uid, gid!);
  return folder;
}

function children_of(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}

function is_running(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export class Cluster {
  #process!: ChildProcess;
  #log = '';

  private constructor(
    readonly home: string,
    readonly port: number,
    readonly settings: string[],
  ) {}

  /** With these settings, `name=value`. Its superuser is `annals`. */
  static async start(...settings: string[]): Promise<Cluster> {
    const cluster = new Cluster(unprivileged_folder(), await free_port(), settings);
    const flags = ['-U', 'annals', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    execFileSync(`${programs}/initdb`, ['-D', cluster.data, ...flags], {
      cwd: cluster.home,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...unprivileged(),
    });
    await cluster.begin();
    return cluster;
  }

  get data(): string {
    return join(this.home, 'data');
  }

  /** Starts it on its data, and waits until it takes connections. */
  async begin(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', ...this.settings];
    const flags = ['-D', this.data, '-p', String(this.port), '-k', this.home];
    for (const setting of settings) flags.push('-c', setting);
    const child = spawn(`${programs}/postgres`, flags, {
      cwd: this.home,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...unprivileged(),
    });
    child.stderr!.on('data', (piece) => (this.#log += piece));
    this.#process = child;
    const deadline = Date.now() + start_ms_max;
    while (!this.#answers()) {
      if (Date.now() > deadline || child.exitCode !== null) {
        throw new Error(`PostgreSQL did not start:\n${this.#log}`);
      }
      await pause(20);
    }
  }

  #answers(): boolean {
    try {
      this.psql('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  /** The address of a database, as somebody. */
  url(database = 'postgres', who = 'annals'): string {
    return `postgresql://${who}@127.0.0.1:${this.port}/${database}`;
  }

  /** `sql` as the superuser; what psql prints, unaligned and without a heading. */
  psql(sql: string, database = 'postgres'): string {
    const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', this.url(database)];
    return execFileSync('psql', [...args, '-c', sql], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** A database of this owner. */
  make_database(name: string, owner = 'annals'): string {
    this.psql(`CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8'`);
    return this.url(name, owner);
  }

  /** A session that runs `sql` and keeps what it took, a lock for example, until it is ended. */
  async hold(sql: string, database: string): Promise<() => Promise<void>> {
    const child = spawn('psql', ['-X', '-q', '-A', '-t', '-d', this.url(database)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((done) => child.on('close', done));
    await new Promise<void>((held) => {
      child.stdout!.on('data', (piece) => String(piece).includes('held') && held());
      child.stdin!.write(`${sql};\n\\echo held\n`);
    });
    return async () => {
      child.stdin!.end();
      await ended;
    };
  }

  /** Appends lines to the front of pg_hba.conf, which says who has to give a password. */
  admit(line: string): void {
    const file = join(this.data, 'pg_hba.conf');
    const before = readFileSync(file, 'utf8');
    rmSync(file);
    appendFileSync(file, `${line}\n${before}`);
    const { uid, gid } = unprivileged();
    if (uid !== undefined) chownSync(file, uid, gid!);
    this.psql('SELECT pg_reload_conf()');
  }

  /** Sends all of its processes a signal, and first holds the one that would make more of them. */
  #signal_all(signal: NodeJS.Signals): number[] {
    const pid = this.#process.pid!;
    process.kill(pid, 'SIGSTOP');
    const all = [...children_of(pid), pid];
    for (const one of all) {
      try {
        process.kill(one, signal);
      } catch {
        // it ended by itself
      }
    }
    return all;
  }

  /** Ends all of its processes as a power cut does, and waits until they are gone. */
  async kill(): Promise<void> {
    const all = this.#signal_all('SIGKILL');
    while (all.some(is_running)) await pause(5);
  }

  /** Holds all of it: connections stay, and nobody answers. */
  freeze(): void {
    this.#signal_all('SIGSTOP');
  }
  thaw(): void {
    this.#signal_all('SIGCONT');
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.on('close', done));
      child.kill('SIGINT'); // a fast shutdown
      await ended;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}
