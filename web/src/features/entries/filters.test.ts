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
  categories: ['payments', 'messages'],
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

  it('leave the rest of the address alone', () => {
    const address = with_filters(new URLSearchParams('entry=1&category=notes'), no_filters);
    expect(address.toString()).toBe('entry=1');
  });

  it('drop what makes no sense', () => {
    const read = (address: string) => filters_of(new URLSearchParams(address));
    expect(read('category=nonsense&from=yesterday&to=2025-02-30')).toEqual(no_filters);
    expect(read('category=notes&category=notes').categories).toEqual(['notes']);
  });
});

describe('filters', () => {
  it('toggle in the order of the chips', () => {
    const one = with_toggled(no_filters, 'messages');
    expect(with_toggled(one, 'payments').categories).toEqual(['payments', 'messages']);
    expect(with_toggled(one, 'messages')).toEqual(no_filters);
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

  it('say how much they hide', () => {
    const counts = { payments: 3, messages: 4, notes: 5 };
    expect(hidden_by_category(some, counts)).toBe(5);
    expect(hidden_by_category(no_filters, counts)).toBe(0);
  });
});
