import { describe, expect, it } from 'vitest';
import {
  by_category,
  is_always_recorded,
  is_recorded,
  last_month,
  missed_by,
  tells_something,
  type TrialItem,
} from './logging';
import type { EntryType, LoggingRule } from './queries';

const rule = (more: Partial<LoggingRule> = {}): LoggingRule => ({
  id: 'r',
  type: 'account.signed_in',
  source: null,
  enabled: true,
  contact_type: null,
  views: [],
  not_logged: { count: 0, last_at: null },
  version: 1,
  ...more,
});
const missed = (count: number, last_at: string) => ({ not_logged: { count, last_at } });

describe('logging rules', () => {
  it('leave a type recorded that they say nothing of for all sources', () => {
    expect(is_recorded([])).toBe(true);
    expect(is_recorded([rule({ source: 'till', enabled: false })])).toBe(true);
    expect(is_recorded([rule({ source: 'till' }), rule({ enabled: false })])).toBe(false);
  });

  it('cannot switch off what the law asks for', () => {
    const type = (name: string, category: EntryType['category']) =>
      ({ type: name, category }) as EntryType;
    expect(is_always_recorded(type('consent.given', 'marketing'))).toBe(true);
    expect(is_always_recorded(type('data.exported', 'data_protection'))).toBe(true);
    expect(is_always_recorded(type('consents', 'notes'))).toBe(false);
  });

  it('are shown where the switch of the type does not tell it all', () => {
    expect(tells_something(rule())).toBe(false);
    expect(tells_something(rule({ enabled: false }))).toBe(true);
    expect(tells_something(rule({ source: 'till' }))).toBe(true);
    expect(tells_something(rule({ contact_type: 'staff' }))).toBe(true);
    expect(tells_something(rule({ views: ['general'] }))).toBe(true);
    expect(tells_something(rule(missed(1, '2025-03-12T10:00:00Z')))).toBe(true);
  });

  it('count together what they kept from being recorded, and know the last of it', () => {
    expect(missed_by([])).toEqual({ count: 0, last_at: '' });
    const rules = [
      rule(missed(2, '2025-03-12T10:00:00Z')),
      rule(missed(3, '2025-03-11T10:00:00Z')),
      rule(),
    ];
    expect(missed_by(rules)).toEqual({ count: 5, last_at: '2025-03-12T10:00:00Z' });
  });
});

describe('a trial', () => {
  const item = (type: string, category: TrialItem['category'], seen: number): TrialItem => ({
    type,
    category,
    source: null,
    seen,
    logged: seen - 1,
    would_log: 1,
    rule_id: null,
    contact_type: null,
    views: [],
  });

  it('is told by category, the most first', () => {
    const groups = by_category([
      item('account.signed_in', 'account', 2),
      item('payment.taken', 'payments', 3),
      item('payment.refunded', 'payments', 7),
    ]);
    expect(groups.map(({ category, seen }) => [category, seen])).toEqual([
      ['payments', 10],
      ['account', 2],
    ]);
    expect(groups[0]).toMatchObject({ logged: 8, would_log: 2 });
    expect(groups[0]!.items.map(({ type }) => type)).toEqual(['payment.refunded', 'payment.taken']);
  });

  it('is of the last whole month', () => {
    expect(last_month('2025-03-12')).toEqual({ from: '2025-02-01', until: '2025-02-28' });
    expect(last_month('2025-01-31')).toEqual({ from: '2024-12-01', until: '2024-12-31' });
  });
});
