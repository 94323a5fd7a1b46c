// What is typed and not yet saved. It outlives reloads; only saving or clearing ends it.
import { new_id, type Schemas } from '$api';
import { forget, remember, remembered } from '$ui';

/** The types that are written by hand. */
export type Kind = 'note' | 'call' | 'visit' | 'meeting';
export const kinds: readonly Kind[] = ['note', 'call', 'visit', 'meeting'];

export interface Draft {
  key: string; // the entry's source_id: sending twice records once
  kind: Kind;
  direction: 'inbound' | 'outbound';
  text: string;
  occurred_at: string; // as datetime-local has it; '' is now
  contact_type: string; // '' for none
  follow_up: boolean;
  task_title: string;
  task_due: string; // a date; '' for none
}

export function empty_draft(): Draft {
  return {
    key: new_id(),
    kind: 'note',
    direction: 'inbound',
    text: '',
    occurred_at: '',
    contact_type: '',
    follow_up: false,
    task_title: '',
    task_due: '',
  };
}

const place = (business: string, contact: string) => `draft.${business}.${contact}`;

export function is_empty(draft: Draft): boolean {
  return draft.text.trim() === '' && draft.task_title.trim() === '';
}

export function load_draft(business: string, contact: string): Draft | null {
  try {
    const saved: unknown = JSON.parse(remembered(place(business, contact)) ?? 'null');
    if (typeof saved !== 'object' || saved === null) return null;
    const empty = empty_draft();
    for (const name of Object.keys(empty) as (keyof Draft)[]) {
      if (typeof (saved as Draft)[name] !== typeof empty[name]) return null;
    }
    return kinds.includes((saved as Draft).kind) ? { ...empty, ...saved } : null;
  } catch {
    return null;
  }
}

export function save_draft(business: string, contact: string, draft: Draft): void {
  if (is_empty(draft)) forget(place(business, contact));
  else remember(place(business, contact), JSON.stringify(draft));
}

export function drop_draft(business: string, contact: string): void {
  forget(place(business, contact));
}

/** The draft as the server takes it. `zone` is where the reader's clock stands. */
export function to_entry(
  draft: Draft,
  contact: string,
  author: { id: string; name: string },
  zone: string,
): Schemas['EntryDraft'] {
  return {
    type: draft.kind,
    contact: { id: contact },
    origin: 'manual',
    source: 'web',
    source_id: draft.key,
    actor: { kind: 'staff', id: author.id, name: author.name },
    text: draft.text.trim(),
    time_zone: zone,
    ...(draft.kind === 'call' ? { direction: draft.direction } : {}),
    ...(draft.occurred_at ? { occurred_at: new Date(draft.occurred_at).toISOString() } : {}),
    ...(draft.contact_type ? { contact_type: draft.contact_type } : {}),
    ...(draft.follow_up
      ? {
          task: {
            title: draft.task_title.trim(),
            assignee: author.id,
            ...(draft.task_due ? { due: draft.task_due } : {}),
          },
        }
      : {}),
  };
}
