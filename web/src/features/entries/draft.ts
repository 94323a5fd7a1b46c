// What is typed and not yet saved. It outlives reloads; only saving or clearing ends it.
import { new_id, type Schemas } from '$api';
import { forget, remember, remembered } from '$ui';
import type { Attachment } from './upload';

/** What is written by hand, and how the server calls it. */
const kind_of = {
  note: { type: 'note', method: null },
  call: { type: 'call', method: 'phone' },
  visit: { type: 'visit', method: 'in_person' },
  meeting: { type: 'meeting', method: 'in_person' },
  email: { type: 'note', method: 'email' },
  sms: { type: 'note', method: 'sms' },
  mail: { type: 'note', method: 'mail' },
  push: { type: 'note', method: 'push' },
} as const;
export type Kind = keyof typeof kind_of;
export const kinds = Object.keys(kind_of) as readonly Kind[];

export interface Draft {
  key: string; // the entry's source_id: sending twice records once
  kind: Kind;
  direction: 'inbound' | 'outbound';
  text: string;
  occurred_at: string; // as datetime-local has it; '' is now
  contact_type: string; // its name; '' for none
  staff: string; // an id; '' for nobody
  attachments: Attachment[];
  private: boolean;
  about: string; // the entry that it is a note on; '' for none
  follow_up: boolean;
  task_title: string;
  task_description: string;
  task_due: string; // a date; '' for none
  task_assignee: string; // an id; '' for nobody
}

export function empty_draft(author: string): Draft {
  return {
    key: new_id(),
    kind: 'note',
    direction: 'inbound',
    text: '',
    occurred_at: '',
    contact_type: '',
    staff: author,
    attachments: [],
    private: false,
    about: '',
    follow_up: false,
    task_title: '',
    task_description: '',
    task_due: '',
    task_assignee: author,
  };
}

const place = (business: string, contact: string) => `draft.${business}.${contact}`;

export function is_empty(draft: Draft): boolean {
  return (
    draft.text.trim() === '' &&
    draft.task_title.trim() === '' &&
    draft.task_description.trim() === '' &&
    draft.attachments.length === 0
  );
}

export function load_draft(business: string, contact: string, author: string): Draft | null {
  try {
    const saved: unknown = JSON.parse(remembered(place(business, contact)) ?? 'null');
    if (typeof saved !== 'object' || saved === null) return null;
    const empty = empty_draft(author);
    for (const name of Object.keys(empty) as (keyof Draft)[]) {
      if (typeof (saved as Draft)[name] !== typeof empty[name]) return null;
    }
    if (!Array.isArray((saved as Draft).attachments)) return null;
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

function task_of(draft: Draft): Schemas['TaskDraft'] {
  return {
    title: draft.task_title.trim(),
    ...(draft.task_description.trim() ? { description: draft.task_description.trim() } : {}),
    ...(draft.task_assignee ? { assignee: draft.task_assignee } : {}),
    ...(draft.task_due ? { due: draft.task_due } : {}),
  };
}

/**
 * The draft as the server takes it. `names` has the key of the contact type and the name of the
 * staff member that the draft names, `zone` is where the reader's clock stands.
 */
export function to_entry(
  draft: Draft,
  contact: string,
  names: { contact_type: string | null; staff: string },
  zone: string,
): Schemas['EntryDraft'] {
  const { type, method } = kind_of[draft.kind];
  return {
    type,
    contact: { id: contact },
    origin: 'manual',
    source: 'web',
    source_id: draft.key,
    actor: draft.staff ? { kind: 'staff', id: draft.staff, name: names.staff } : { kind: 'none' },
    text: draft.text.trim(),
    time_zone: zone,
    ...(method ? { method } : {}),
    ...(draft.kind === 'note' ? {} : { direction: draft.direction }),
    ...(draft.occurred_at ? { occurred_at: new Date(draft.occurred_at).toISOString() } : {}),
    ...(names.contact_type ? { contact_type: names.contact_type } : {}),
    ...(draft.attachments.length > 0 ? { attachments: draft.attachments.map(({ id }) => id) } : {}),
    ...(draft.private ? { private: true } : {}),
    ...(draft.about ? { about: draft.about } : {}),
    ...(draft.follow_up ? { task: task_of(draft) } : {}),
  };
}
