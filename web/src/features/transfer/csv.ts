// A CSV file as it comes (RFC 4180): packed or not, in UTF-8 or Windows' own, by any delimiter.
export const file_bytes_max = 64 * 1024 * 1024;
export const columns_max = 200;
const delimiters = [',', ';', '\t', '|'];
const guess_chars = 20_000;

export interface Table {
  columns: string[];
  rows: string[][];
  /** The line on which each row begins; the header is on the first. */
  lines: number[];
  delimiter: string;
}

/** The file's text; unpacked where it is gzip. Null where it is larger than can be taken. */
export async function text_of(file: Blob): Promise<string | null> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  const stream = packed
    ? file.stream().pipeThrough(new DecompressionStream('gzip'))
    : file.stream();
  const parts: BlobPart[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > file_bytes_max) return null;
    parts.push(value as BlobPart);
  }
  const bytes = await new Blob(parts).arrayBuffer();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** The delimiter that parts the first lines most often, and most alike. */
export function guess_delimiter(text: string): string {
  const head = text.slice(0, guess_chars);
  const scored = delimiters.map((delimiter) => {
    const widths = parse(head, delimiter, 20).map((row) => row.cells.length);
    const [first = 1] = widths;
    const alike = widths.filter((width) => width === first).length / Math.max(1, widths.length);
    return { delimiter, score: first > 1 ? first * alike : 0 };
  });
  return scored.reduce((best, each) => (each.score > best.score ? each : best)).delimiter;
}

interface Row {
  line: number;
  cells: string[];
}

/** At most `rows_max` rows; empty lines are none. */
export function parse(text: string, delimiter: string, rows_max = Infinity): Row[] {
  const rows: Row[] = [];
  let cells: string[] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;
  let begins = 1;
  const end_row = () => {
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: begins, cells });
    cells = [];
    begins = line;
  };
  while (at < text.length && rows.length < rows_max) {
    let cell = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const close = text.indexOf('"', at);
        const part = text.slice(at, close < 0 ? undefined : close);
        line += part.split('\n').length - 1;
        cell += part;
        if (close < 0) at = text.length;
        else if (text[close + 1] === '"') {
          cell += '"';
          at = close + 2;
          continue;
        } else at = close + 1;
        break;
      }
    }
    let end = at;
    while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end += 1;
    cell += text.slice(at, end);
    const last = end >= text.length || text[end] === '\n';
    cells.push(last ? cell.replace(/\r$/, '') : cell);
    at = end + 1;
    if (last) {
      line += 1;
      end_row();
    }
  }
  if (cells.length > 0) {
    cells.push(''); // The text ended behind a delimiter.
    end_row();
  }
  return rows;
}

export function table_of(text: string, delimiter = guess_delimiter(text)): Table {
  const [head, ...rows] = parse(text, delimiter);
  const columns = (head?.cells ?? []).slice(0, columns_max).map((name) => name.trim());
  return {
    columns,
    rows: rows.map((row) => row.cells),
    lines: rows.map((row) => row.line),
    delimiter,
  };
}

/** Cells as a line; none that a spreadsheet would take for a formula. */
export function csv_line(cells: readonly string[]): string {
  return cells
    .map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',');
}
