// The whole filtered history as a file.
import { fetch_file } from '$api';
import { save_file } from '$ui';
import type { Filters } from './filters';
import { export_path } from './queries';

const types = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;

export async function download(
  contact: string | null,
  filters: Filters,
  kind: keyof typeof types,
  columns: readonly string[] = [],
): Promise<void> {
  const content = await fetch_file(export_path(contact, filters, columns), types[kind]);
  save_file(content, `history-${new Date().toISOString().slice(0, 10)}.${kind}`);
}
