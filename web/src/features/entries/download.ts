// The whole filtered history as a file.
import { body_of, Problem } from '$api';
import type { Filters } from './filters';
import { export_path } from './queries';

const types = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;

export async function download(
  contact: string | null,
  filters: Filters,
  kind: keyof typeof types,
): Promise<void> {
  const asked = fetch(export_path(contact, filters), {
    headers: { accept: types[kind] },
    credentials: 'same-origin',
  }).then(async (response) => ({
    response,
    ...(response.ok
      ? { data: await response.blob() }
      : { error: await response.json().catch(() => undefined) }),
  }));
  const blob = await body_of<Blob>(asked);
  if (!(blob instanceof Blob)) throw Problem.unreachable();
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = `history-${new Date().toISOString().slice(0, 10)}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
