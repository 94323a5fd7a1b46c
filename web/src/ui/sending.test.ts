import { expect, it, vi } from 'vitest';
import { Problem } from '$api';
import { Sending } from './sending.svelte';

vi.mock('./why', () => ({
  why: (cause: Problem, shown: readonly string[]) => cause.beyond(shown),
}));

it('sends a form once at a time', async () => {
  const sending = new Sending(() => []);
  let answer = () => {};
  const first = sending.send(() => new Promise<void>((resolve) => (answer = resolve)));
  expect(sending.busy).toBe(true);
  const second = vi.fn();
  expect(await sending.send(second)).toBe(false);
  expect(second).not.toHaveBeenCalled();
  answer();
  expect([await first, sending.busy]).toEqual([true, false]);
});

it('tells each field what is wrong with it, and the foot what is wrong besides', async () => {
  const sending = new Sending(() => ['name']);
  const refused = new Problem(422, '', '', [
    { field: 'name', code: 'length', message: 'Too long.' },
    { field: 'roles', code: 'value', message: 'No such role.' },
  ]);
  expect([sending.error('name'), sending.rest]).toEqual([undefined, '']);
  expect(await sending.send(() => Promise.reject(refused))).toBe(false);
  expect([sending.error('name'), sending.rest]).toEqual(['Too long.', 'No such role.']);
  expect(await sending.send(() => Promise.resolve())).toBe(true);
  expect([sending.error('name'), sending.rest]).toEqual([undefined, '']);
});
