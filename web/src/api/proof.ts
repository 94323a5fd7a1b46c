// Checks here, in the browser, what the server says about an entry's place in the ledger: the record
// against its commitment, the leaf against the signed checkpoint (RFC 9162 §2.1.3.2, C2SP tlog).
import type { components } from './schema';

export type EntryProof = components['schemas']['EntryProof'];

const commitment_at = 34; // of the 66 bytes of a leaf: type, tag, sequence, time before it

type Bytes = Uint8Array<ArrayBuffer>;

function bytes_of(base64: string): Bytes {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function same(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const all = new Uint8Array(await new Blob(parts).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

async function hmac(salt: Bytes, text: string): Promise<Bytes> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', salt, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)));
}

const [leaf_mark, node_mark] = [new Uint8Array([0]), new Uint8Array([1])];

/** The root that a leaf and its path lead to; null where the path has another length. */
async function root_of(
  leaf: Bytes,
  index: number,
  size: number,
  path: readonly Bytes[],
): Promise<Bytes | null> {
  let [at, last] = [index, size - 1];
  let hash = await sha256(leaf_mark, leaf);
  for (const other of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      hash = await sha256(node_mark, other, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else {
      hash = await sha256(node_mark, hash, other);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : null;
}

/** Whether the means to check are there: browsers give them over TLS and on the own machine. */
export function can_check(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

/** The size of the checkpoint that the entry is proved to be in; null where it is not. */
export async function check_proof(proof: EntryProof): Promise<number | null> {
  const leaf = bytes_of(proof.leaf);
  const [, size_line = '', root_line = ''] = proof.checkpoint.split('\n');
  const size = Number(size_line);
  if (!Number.isSafeInteger(size) || proof.leaf_index >= size) return null;
  const commitment = await hmac(bytes_of(proof.salt), proof.record);
  if (!same(commitment, leaf.slice(commitment_at))) return null;
  const root = await root_of(leaf, proof.leaf_index, size, proof.path.map(bytes_of));
  return root && same(root, bytes_of(root_line)) ? size : null;
}
