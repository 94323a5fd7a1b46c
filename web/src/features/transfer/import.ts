// Sends rows to the server in batches. Each has a key of its own: what was sent before is found
// again, so that an import that was stopped is simply run once more.
import { api, body_of, Problem, type Schemas } from '$api';

export const batch_rows = 250;
const at_once = 4;

export interface Outcome {
  created: number;
  there: number;
  rejected: { row: number; reason: string }[];
}

const reason_of = (errors: readonly Schemas['FieldError'][]) =>
  errors.map((error) => `${error.field}: ${error.message}`).join(' ');

interface Line {
  row: number;
  draft: Schemas['EntryDraft'];
  contact: Schemas['NewContact'];
}

/** Entries, with the clients that they are of. */
export async function send_entries(lines: readonly Line[], signal: AbortSignal): Promise<Outcome> {
  const asked = fetch('/api/v1/entries', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    credentials: 'same-origin',
    body: lines.map((line) => JSON.stringify(line.draft)).join('\n'),
    signal,
  }).then(async (response) => {
    const json: unknown = await response.json().catch(() => undefined);
    return response.ok ? { response, data: json } : { response, error: json };
  });
  const reply = (await body_of<unknown>(asked)) as Schemas['RecordedList'];
  const created = reply.items.filter((item) => item.status === 'created').length;
  return {
    created,
    there: reply.items.length - created,
    rejected: (reply.rejected ?? []).map((each) => ({
      row: lines[each.line - 1]?.row ?? 0,
      reason: reason_of(each.errors),
    })),
  };
}

async function send_contact(line: Line, outcome: Outcome): Promise<void> {
  try {
    await body_of(api.POST('/api/v1/contacts', { body: line.contact }));
    outcome.created += 1;
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.status < 400 || cause.status >= 500) throw cause;
    if (cause.status === 401 || cause.status === 403 || cause.status === 429) throw cause;
    const taken = cause.errors.some(({ code }) => code === 'uid_taken');
    if (taken) outcome.there += 1;
    else outcome.rejected.push({ row: line.row, reason: reason_of(cause.errors) || cause.detail });
  }
}

/** Clients alone: their UIDs tell those that are there. */
export async function send_contacts(lines: readonly Line[]): Promise<Outcome> {
  const outcome: Outcome = { created: 0, there: 0, rejected: [] };
  for (let from = 0; from < lines.length; from += at_once) {
    await Promise.all(lines.slice(from, from + at_once).map((line) => send_contact(line, outcome)));
  }
  return outcome;
}
