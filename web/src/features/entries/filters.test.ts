import { describe, expect, it } from 'vitest';
import {
  filters_of,
  hidden_by_category,
  is_filtered,
  no_filters,
  to_query,
  with_filters,
  with_toggled,
  type Filters,
} from './filters';

const some: Filters = {
  ...no_filters,
  category: ['payments', 'messages'],
  from: '2025-03-01',
  to: '2025-04-01',
};

describe('filters and address', () => {
  it('are the same said in two ways', () => {
    const address = with_filters(new URLSearchParams(), some);
    expect(address.toString()).toBe(
      'category=payments&category=messages&from=2025-03-01&to=2025-04-01',
    );
    expect(filters_of(address)).toEqual(some);
    expect(filters_of(with_filters(new URLSearchParams(), no_filters))).toEqual(no_filters);
  });

  it('are all said in the address', () => {
    const all: Filters = {
      category: ['notes'],
      type: ['call'],
      contact_type: ['Complaint'],
      method: ['phone', 'none'],
      direction: ['inbound'],
      status: ['bounced'],
      staff: ['s1'],
      actor: ['none'],
      view: ['financial'],
      origin: 'manual',
      has_attachment: true,
      q: 'Größe & more',
      from: '2025-03-01',
      to: '2025-04-01',
      as_of: '2025-05-01',
      at: '2025-03-15',
      order: 'oldest',
    };
    const address = with_filters(new URLSearchParams(), all).toString();
    expect(filters_of(new URLSearchParams(address))).toEqual(all);
    expect(is_filtered({ ...no_filters, as_of: '2025-05-01', at: '2025-05-01' })).toBe(false);
  });

  it('leave the rest of the address alone', () => {
    const address = with_filters(new URLSearchParams('entry=1&category=notes'), no_filters);
    expect(address.toString()).toBe('entry=1');
  });

  it('drop what makes no sense', () => {
    const read = (address: string) => filters_of(new URLSearchParams(address));
    expect(read('category=nonsense&from=yesterday&to=2025-02-30')).toEqual(no_filters);
    expect(read('category=notes&category=notes').category).toEqual(['notes']);
  });
});

describe('filters', () => {
  it('toggle in the order of the chips', () => {
    const one = with_toggled(no_filters, 'category', 'messages');
    expect(with_toggled(one, 'category', 'payments').category).toEqual(['payments', 'messages']);
    expect(with_toggled(one, 'category', 'messages')).toEqual(no_filters);
    expect(is_filtered(no_filters)).toBe(false);
    expect(is_filtered(one)).toBe(true);
  });

  it('go to the server as instants of the reader’s days', () => {
    const query = to_query(some);
    expect(query.category).toEqual(['payments', 'messages']);
    expect(new Date(query.from!).getTime()).toBe(new Date(2025, 2, 1).getTime());
    expect(new Date(query.to!).getTime()).toBe(new Date(2025, 3, 1).getTime());
    expect(to_query(no_filters)).toEqual({});
  });

  it('begin the list at the end of a day, and know what was known at its end', () => {
    const query = to_query({ ...some, at: '2025-03-15', as_of: '2025-05-01' });
    expect(new Date(query.to!).getTime()).toBe(new Date(2025, 2, 16).getTime());
    expect(new Date(query.as_of!).getTime()).toBe(new Date(2025, 4, 2).getTime() - 1);
    expect(query.as_of).toMatch(/999999Z$/);
    const later = to_query({ ...some, at: '2025-06-15' });
    expect(new Date(later.to!).getTime()).toBe(new Date(2025, 3, 1).getTime());
  });

  it('say how much they hide', () => {
    const counts = { payments: 3, messages: 4, notes: 5 };
    expect(hidden_by_category(some, counts)).toBe(5);
    expect(hidden_by_category(no_filters, counts)).toBe(0);
  });
});
