import { describe, expect, it } from 'vitest';
import { remark_on, status_since, type DeliveryEvent } from './trail';

const at = (minute: number) => `2026-03-02T09:0${minute}:00.000000Z`;
const event = (
  status: DeliveryEvent['status'],
  minute: number,
  more: Partial<DeliveryEvent> = {},
) => ({ status, occurred_at: at(minute), ...more });

describe('a trail', () => {
  it('speaks for itself where a person opened what was delivered', () => {
    expect(remark_on([event('sent', 0), event('delivered', 1), event('opened', 2)])).toBeNull();
    expect(remark_on([event('sent', 0), event('bounced', 1)])).toBeNull();
  });

  it('is explained where it was opened after it bounced', () => {
    expect(remark_on([event('bounced', 1), event('opened', 2)])).toBe('after_bounce');
    expect(remark_on([event('opened', 1), event('bounced', 2)])).toBeNull();
  });

  it('tells what a machine opened, unless a person did too', () => {
    const machine = event('opened', 1, { machine: true });
    expect(remark_on([event('sent', 0), machine])).toBe('by_machine');
    expect(remark_on([machine, event('clicked', 2)])).toBeNull();
  });
});

it('a status is as old as when it was last come to', () => {
  const status_history = [
    { status: 'sent' as const, at: at(0), machine: false, reason: null },
    { status: 'opened' as const, at: at(2), machine: false, reason: null },
    { status: 'opened' as const, at: at(3), machine: true, reason: null },
  ];
  expect(status_since({ status: 'opened', status_history })).toBe(at(2));
  expect(status_since({ status: 'bounced', status_history })).toBeNull();
  expect(status_since({ status: null, status_history: null })).toBeNull();
});
