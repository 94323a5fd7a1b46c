import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { check_proof, type EntryProof } from './proof';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (a: Buffer, b: Buffer) => sha256(Buffer.from([1]), a, b);
const leaf_hash = (leaf: Buffer) => sha256(Buffer.from([0]), leaf);

const salt = Buffer.alloc(32, 7);
const record = '{"title":"Call"}';
const mine = Buffer.concat([
  Buffer.alloc(34, 1),
  createHmac('sha256', salt).update(record).digest(),
]);
const leaves = [Buffer.alloc(66, 2), Buffer.alloc(66, 3), mine];
const [a, b, c] = leaves.map(leaf_hash) as [Buffer, Buffer, Buffer];

// Three leaves: the third stands alone on the right.
const proof = {
  version: 1,
  contact_seq: 1,
  leaf_index: 2,
  leaf: mine.toString('base64'),
  record,
  salt: salt.toString('base64'),
  attachments: [],
  path: [node(a, b).toString('base64')],
  checkpoint: `annals.example/log\n3\n${node(node(a, b), c).toString('base64')}\n\n— x y\n`,
} satisfies EntryProof;

describe('a proof', () => {
  it('holds for what is in the ledger', async () => {
    expect(await check_proof(proof)).toBe(3);
  });

  it.each([
    ['record', { record: '{"title":"Cal"}' }],
    ['salt', { salt: Buffer.alloc(32, 8).toString('base64') }],
    ['path', { path: [] }],
    ['other path', { path: [a.toString('base64')] }],
    ['place', { leaf_index: 1 }],
    ['checkpoint', { checkpoint: proof.checkpoint.replace('\n3\n', '\n4\n') }],
  ])('does not hold with another %s', async (_, changed) => {
    expect(await check_proof({ ...proof, ...changed })).toBeNull();
  });
});
