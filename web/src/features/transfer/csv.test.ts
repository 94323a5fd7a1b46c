import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { csv_line, guess_delimiter, parse, table_of, text_of } from './csv';

describe('a CSV file', () => {
  it('is read by RFC 4180', () => {
    const text = '\ufeffname,text\r\n"Müller, J.","said ""yes""\r\nand left"\r\n\r\nA,\r\n';
    expect(table_of(text)).toEqual({
      columns: ['name', 'text'],
      rows: [
        ['Müller, J.', 'said "yes"\r\nand left'],
        ['A', ''],
      ],
      lines: [2, 5],
      delimiter: ',',
    });
    expect(parse('a,b,', ',')).toEqual([{ line: 1, cells: ['a', 'b', ''] }]);
    expect(parse('a,"b', ',')).toEqual([{ line: 1, cells: ['a', 'b'] }]);
  });

  it('tells its delimiter', () => {
    expect(guess_delimiter('a;b;c\n1,5;2,5;3\n')).toBe(';');
    expect(guess_delimiter('a\tb\n1\t2\n')).toBe('\t');
    expect(guess_delimiter('alone\nx\n')).toBe(',');
  });

  it('is unpacked, and read in UTF-8 or else in Windows’ own', async () => {
    expect(await text_of(new Blob([gzipSync('Größe')]))).toBe('Größe');
    expect(await text_of(new Blob([new Uint8Array([0x47, 0x72, 0xf6, 0xdf, 0x65])]))).toBe('Größe');
  });

  it('goes out safe for spreadsheets', () => {
    expect(csv_line(['=1+1', 'a,b', 'c"d'])).toBe(`'=1+1,"a,b","c""d"`);
  });
});
