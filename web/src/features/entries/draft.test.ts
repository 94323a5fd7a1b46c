import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drop_draft, empty_draft, load_draft, save_draft, to_entry } from './draft';

const names = { contact_type: null, staff: 'Emma' };

describe('to_entry', () => {
  it('says who did it, and carries the key that makes a repeat safe', () => {
    const draft = { ...empty_draft('s1'), text: '  Asked to move  ' };
    expect(to_entry(draft, 'c1', names, 'UTC')).toEqual({
      type: 'note',
      contact: { id: 'c1' },
      origin: 'manual',
      source: 'web',
      source_id: draft.key,
      actor: { kind: 'staff', id: 's1', name: 'Emma' },
      text: 'Asked to move',
      time_zone: 'UTC',
    });
  });

  it('has a direction where the kind has one, a time where one is given, a follow-up if wanted', () => {
    const draft = {
      ...empty_draft('s1'),
      kind: 'call' as const,
      direction: 'outbound' as const,
      occurred_at: '2025-03-12T10:00',
      follow_up: true,
      task_title: 'Call back',
      task_due: '2025-03-14',
    };
    expect(to_entry(draft, 'c1', names, 'UTC')).toMatchObject({
      type: 'call',
      direction: 'outbound',
      occurred_at: new Date(2025, 2, 12, 10).toISOString(),
      task: { title: 'Call back', assignee: 's1', due: '2025-03-14' },
    });
  });
});

describe('to_entry, of the other kinds', () => {
  it('names nobody, a contact type, files and what it is about where they are given', () => {
    const file = { id: 'f1', name: 'a.pdf', media_type: 'application/pdf', size: 1 };
    const draft = {
      ...empty_draft('s1'),
      kind: 'sms' as const,
      staff: '',
      attachments: [file],
      private: true,
      about: 'e1',
    };
    const entry = to_entry(draft, 'c1', { contact_type: 'complaint', staff: '' }, 'UTC');
    expect(entry).toMatchObject({
      type: 'note',
      method: 'sms',
      actor: { kind: 'none' },
      contact_type: 'complaint',
      attachments: ['f1'],
      private: true,
      about: 'e1',
    });
    expect(entry.task).toBeUndefined();
  });
});

describe('a draft', () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal('localStorage', {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
      removeItem: (name: string) => kept.delete(name),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('outlives a reload, for its business and contact', () => {
    const draft = { ...empty_draft('s1'), text: 'half a sent' };
    save_draft('b', 'c', draft);
    expect(load_draft('b', 'c', 's1')).toEqual(draft);
    expect(load_draft('b', 'd', 's1')).toBeNull();
    drop_draft('b', 'c');
    expect(load_draft('b', 'c', 's1')).toBeNull();
  });

  it('is not kept while it is empty, nor read where it is broken', () => {
    save_draft('b', 'c', empty_draft('s1'));
    expect(kept.size).toBe(0);
    kept.set('annals.draft.b.c', '{"text":1}');
    expect(load_draft('b', 'c', 's1')).toBeNull();
    kept.set('annals.draft.b.c', '{');
    expect(load_draft('b', 'c', 's1')).toBeNull();
  });
});
