// Imports as the server keeps them, and what is said of one before it is run.
import { api, body_of, upload_to, type Schemas } from '$api';
import { forget, remember, remembered } from '$ui';

export type Import = Schemas['Import'];
export type ImportBrief = Schemas['ImportBrief'];
type Fields = Schemas['ImportFields'];

const poll_ms = 500;

export const meanings = [
  'external_id',
  'client_number',
  'name',
  'given_name',
  'family_name',
  'email',
  'phone',
  'date',
  'time',
  'title',
  'text',
  'amount',
  'source_id',
] as const;
export type Meaning = (typeof meanings)[number];

export const is_busy = ({ status }: Pick<Import, 'status'>) =>
  status === 'waiting' || status === 'running';

export const import_list = {
  queryKey: ['imports'] as const,
  queryFn: () => body_of(api.GET('/api/v1/imports')),
};

const at = (id: string) => ({ params: { path: { id } } });

export const import_of = (id: string) => ({
  queryKey: ['imports', id] as const,
  queryFn: () => body_of(api.GET('/api/v1/imports/{id}', at(id))),
  refetchInterval: (query: { state: { data?: Import | undefined } }) =>
    query.state.data && is_busy(query.state.data) ? poll_ms : (false as const),
});

export type FileReading = Pick<Import['file'], 'delimiter' | 'encoding' | 'header'>;

/** The file as it looks when it is read so. */
export const preview_of = (id: string, file: FileReading) =>
  body_of(
    api.GET('/api/v1/imports/{id}/preview', { params: { path: { id }, query: { ...file } } }),
  );

export const upload_file = (file: File, onprogress: (part: number) => void) =>
  upload_to<Import>(
    `/api/v1/imports?name=${encodeURIComponent(file.name.slice(-200))}`,
    file,
    onprogress,
    'application/octet-stream',
  );

export const run_import = (id: string, body: Schemas['ImportOrder']) =>
  body_of(api.POST('/api/v1/imports/{id}/run', { ...at(id), body }));
export const cancel_import = (id: string) =>
  body_of(api.POST('/api/v1/imports/{id}/cancel', at(id)));
export const remove_import = (id: string) => body_of(api.DELETE('/api/v1/imports/{id}', at(id)));

/** What is chosen in the form: every meaning has a column, '' for none. */
export interface Choice {
  file: FileReading;
  type: string; // '' makes clients alone
  source: string;
  columns: Record<Meaning, string>;
  date_form: 'ymd' | 'dmy' | 'mdy';
  decimal: '.' | ',';
  keep_others: boolean;
}

export function choice_of(file: FileReading, fields: Fields): Choice {
  const { delimiter, encoding, header } = file;
  return {
    file: { delimiter, encoding, header },
    type: fields.type ?? '',
    source: fields.source,
    columns: Object.fromEntries(
      meanings.map((meaning) => [meaning, fields.columns[meaning] ?? '']),
    ) as Record<Meaning, string>,
    date_form: fields.date_form ?? 'ymd',
    decimal: fields.decimal ?? '.',
    keep_others: fields.keep_others ?? true,
  };
}

export function order_of(choice: Choice, dry_run: boolean): Schemas['ImportOrder'] {
  const { file, type, columns, ...rest } = choice;
  const chosen = Object.entries(columns).filter(([, column]) => column !== '');
  return {
    dry_run,
    file,
    fields: { ...rest, type: type || null, columns: Object.fromEntries(chosen) },
  };
}

/** Whether the last run was of this very choice. */
export const is_of = (job: Import, choice: Choice): boolean =>
  job.fields !== null && same(choice_of(job.file, job.fields), choice);

export const same = (a: Choice, b: Choice) => JSON.stringify(a) === JSON.stringify(b);

// What is chosen and not yet run outlives a reload.
const place = (id: string) => `import.${id}`;
export const keep_choice = (id: string, choice: Choice) =>
  remember(place(id), JSON.stringify(choice));
export const forget_choice = (id: string) => forget(place(id));
export function kept_choice(id: string): Choice | null {
  const text = remembered(place(id));
  return text === null ? null : (JSON.parse(text) as Choice);
}
