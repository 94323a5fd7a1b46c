// Evidence bundles: asking for them, taking them apart, changing them, and checking them by the
// program that is for that.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Client } from './client';
import { annals_bin } from './server';

const made_ms_max = 60_000;

/** The export that is asked for, once it is over. */
export async function await_export(client: Client, id: string): Promise<any> {
  const deadline = Date.now() + made_ms_max;
  for (;;) {
    const job = await client.get(`/api/v1/exports/${id}`);
    if (job.finished_at !== null) return job;
    if (Date.now() > deadline) throw new Error(`the export is ${job.status} after a minute`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

/** Asks for a bundle; its bytes. */
export async function fetch_bundle(client: Client, order: object = {}): Promise<Buffer> {
  const json = { format: 'bundle', ...order };
  const { id } = await client.post('/api/v1/exports', json, 202);
  const job = await await_export(client, id);
  if (job.status !== 'done') throw new Error(`the export failed: ${job.error}`);
  const path = `/api/v1/exports/${id}/file`;
  await client.must(200, 'GET', path); // held to the document
  const reply = await fetch(client.url + path, { headers: client.headers() });
  const bytes = Buffer.from(await reply.arrayBuffer());
  if (bytes.length !== job.size) throw new Error(`${bytes.length} bytes, not ${job.size}`);
  return bytes;
}

/** The program that checks bundles, built beside the one under test. */
export function verifier_bin(): string {
  const path = join(dirname(annals_bin()), 'annals-verify');
  if (!existsSync(path)) throw new Error(`there is no ${path}: build it`);
  return path;
}

export interface Verdict {
  code: number | null;
  out: string;
  err: string;
}

export function verify_bundle(file: string, ...more: string[]): Verdict {
  const done = spawnSync(verifier_bin(), [file, ...more], { encoding: 'utf8' });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

/** A folder for files of a test, and bundles among them. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'annals-bundle-'));
  #files = 0;

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
  write(name: string, bytes: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }
  bundle(bytes: Uint8Array): string {
    return this.write(`${++this.#files}.zip`, bytes);
  }

  /** What is in a bundle, by name. */
  unpack(file: string): Map<string, Buffer> {
    const folder = mkdtempSync(join(this.folder, 'unpacked-'));
    execFileSync('unzip', ['-q', file, '-d', folder]);
    const names = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
    return new Map(names.map((name) => [name.slice(folder.length + 1), readFileSync(name)]));
  }
}
