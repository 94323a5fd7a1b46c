// Rows of a table: one request, and what it must be answered with.
import { expect } from 'vitest';
import type { Client, Query, Reply } from './client';

export interface Scenario {
  name: string;
  method?: string; // GET unless given
  path: string;
  query?: Query;
  body?: unknown;
  status: number;
  /** `field code` of each error; `code` alone where the field does not matter. */
  errors?: string[];
}

export function errors_of(reply: Reply): string[] {
  return (reply.body?.errors ?? []).map((e: any) => `${e.field} ${e.code}`);
}

export async function play(client: Client, scenario: Scenario): Promise<Reply> {
  const reply = await client.request(scenario.method ?? 'GET', scenario.path, {
    json: scenario.body,
    query: scenario.query,
  });
  expect(reply.status, reply.text).toBe(scenario.status);
  const found = errors_of(reply);
  for (const wanted of scenario.errors ?? []) {
    const fits = found.some((e) => e === wanted || e.split(' ')[1] === wanted);
    expect(fits, `${wanted} among ${JSON.stringify(found)}`).toBe(true);
  }
  return reply;
}
