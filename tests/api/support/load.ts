// Writers that keep a server busy while something is done to it, and the checks that all of what it
// acknowledged is there, once.
import { expect } from 'vitest';
import type { Client, Reply } from './client';

export const entries = '/api/v1/entries';
const batch = 4; // entries of an array, every third time

export interface Draft {
  source_id: string;
  [name: string]: unknown;
}

export class Load {
  constructor(readonly source = 'load') {}
  acknowledged = new Map<string, string>(); // source_id to the entry's id
  sent = new Map<string, Draft>();
  refused: number[] = []; // how many milliseconds each 503 took

  /** The drafts of a writer's turn `i`: one, or every third time an array. */
  drafts(name: string, i: number, contact: string): Draft[] {
    const drafts: Draft[] = Array.from({ length: i % 3 ? 1 : batch }, (_, n) => ({
      type: 'note',
      contact: { id: contact },
      source: this.source,
      source_id: `${name} ${i} ${n}`,
      text: `Entry ${i} of ${name}`,
    }));
    for (const draft of drafts) this.sent.set(draft.source_id, draft);
    return drafts;
  }

  acknowledge(drafts: Draft[], reply: Reply): void {
    const items = drafts.length === 1 ? [reply.body] : reply.body.items;
    drafts.forEach((draft, n) => this.acknowledged.set(draft.source_id, items[n].id));
  }

  /** Waits until so many entries are acknowledged besides those that are. */
  async more(n: number): Promise<void> {
    const enough = this.acknowledged.size + n;
    while (this.acknowledged.size < enough) await pause(1);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}

function send(client: Client, drafts: Draft[]): Promise<Reply> {
  return client.request('POST', entries, { json: drafts.length === 1 ? drafts[0] : drafts });
}

/** Writes until the server is gone or `over`, and keeps what it was told: always 201. */
export async function write(
  client: Client,
  name: string,
  contact: string,
  load: Load,
  over = () => false,
): Promise<void> {
  for (let i = 0; !over(); ++i) {
    const drafts = load.drafts(name, i, contact);
    let reply;
    try {
      reply = await send(client, drafts);
    } catch (error) {
      if (error instanceof TypeError) return; // the line was cut
      throw error;
    }
    if (reply.status !== 201) throw new Error(reply.text);
    load.acknowledge(drafts, reply);
  }
}

/** Writes until `over`, and sends what was answered with 503 again until it is settled. */
export async function insist(
  client: Client,
  name: string,
  contact: string,
  load: Load,
  over: () => boolean,
): Promise<void> {
  for (let i = 0; !over(); ++i) {
    const drafts = load.drafts(name, i, contact);
    while (true) {
      const began = performance.now();
      const reply = await send(client, drafts);
      if (reply.status === 201 || reply.status === 200) {
        load.acknowledge(drafts, reply);
        break;
      }
      if (reply.status !== 503) throw new Error(reply.text);
      load.refused.push(performance.now() - began);
      await pause(20);
    }
  }
}

function gapless(numbers: number[], first: number): boolean {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.every((n, i) => n === first + i);
}

function group_by<T>(items: Iterable<T>, name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(name(item), [...(groups.get(name(item)) ?? []), item]);
  return groups;
}

/** The numbers of the leaves that are changes of settings. */
export async function settings_leaves(client: Client): Promise<number[]> {
  return (await client.all('/api/v1/ledger/settings', { limit: 200 })).map((s) => s.leaf_index);
}

/** No number is missing: leaves of the business, sequences of each contact; times follow them. */
export function check_numbers(all: any[], settings: number[]): void {
  const leaves = [...settings, ...all.map((e) => e.ledger.leaf_index)];
  expect(gapless(leaves, 0), 'leaf_index').toBe(true);
  const by_contact = group_by(all, (e: any) => e.contact_id as string);
  for (const [contact, theirs] of by_contact) {
    const numbers = theirs.map((e) => e.ledger.contact_seq);
    expect(gapless(numbers, 1), `contact_seq of ${contact}`).toBe(true);
    const in_turn = [...theirs].sort((a, b) => a.ledger.contact_seq - b.ledger.contact_seq);
    in_turn.slice(1).forEach((entry, i) => {
      expect(entry.recorded_at > in_turn[i].recorded_at, 'recorded_at rises').toBe(true);
      expect(entry.ledger.leaf_index).toBeGreaterThan(in_turn[i].ledger.leaf_index);
    });
  }
}

/** Each acknowledged entry is there once, and no number is missing. */
export async function check(client: Client, load: Load): Promise<void> {
  const all = await client.all(entries, { limit: 200 });
  const by_key = new Map<string, string>();
  for (const entry of all) {
    const { source, source_id } = entry.origin;
    if (source !== load.source) continue;
    expect(by_key.has(source_id), `${source_id} is there twice`).toBe(false);
    by_key.set(source_id, entry.id);
    expect(entry.text).toBe(load.sent.get(source_id)!.text);
  }
  const lost = [...load.acknowledged].filter(([source_id, id]) => by_key.get(source_id) !== id);
  expect(lost).toEqual([]);
  expect([...by_key.keys()].filter((source_id) => !load.sent.has(source_id))).toEqual([]);
  check_numbers(all, await settings_leaves(client));
  // All of an array or nothing of it.
  const arrays = group_by(by_key.keys(), (k) => k.split(' ').slice(0, 2).join(' '));
  for (const [name, parts] of arrays) {
    expect(parts.length, name).toBe(Number(name.split(' ')[1]) % 3 ? 1 : batch);
  }
  const { facets } = await client.get(entries, { facets: '1', limit: 1 });
  expect(facets.type.note).toBe(all.filter((e) => e.type === 'note').length);
}

/** A repeat of what was acknowledged is a duplicate; of the rest, one thing or the other. */
export async function check_repeats(client: Client, load: Load): Promise<void> {
  const sent = [...load.sent.values()];
  for (let at = 0; at < sent.length; at += 500) {
    const some = sent.slice(at, at + 500);
    const { items } = await client.post(entries, some);
    items.forEach((item: any, i: number) => {
      const known = load.acknowledged.get(some[i]!.source_id);
      if (!known) return;
      expect(item).toMatchObject({ id: known, status: 'duplicate' });
    });
  }
  for (const draft of sent) load.acknowledged.set(draft.source_id, '');
  const again = await client.post(entries, sent.slice(0, 1000));
  expect(again.items.every((i: any) => i.status === 'duplicate')).toBe(true);
}
