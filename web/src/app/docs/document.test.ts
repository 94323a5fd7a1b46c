import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { blocks_of, operations, type_in_words, type Document } from './document';

const document = parse(readFileSync('../docs/openapi.yaml', 'utf8'), { merge: true }) as Document;

describe('the document', () => {
  it('has every operation under exactly one of its tags', () => {
    const all = Object.values(document.paths).flatMap((item) =>
      ['get', 'post', 'put', 'patch', 'delete'].filter((method) => method in item),
    );
    const shown = document.tags.flatMap(({ name }) => operations(document, name));
    expect(shown).toHaveLength(all.length);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(all.length);
  });

  it('leads each reference to something', () => {
    const refs = JSON.stringify(document).match(/#\/components\/\w+\/\w+/g) ?? [];
    const missing = [...new Set(refs)].filter((ref) => {
      const [, , kind, name] = ref.split('/') as [
        string,
        string,
        keyof Document['components'],
        string,
      ];
      return document.components[kind]?.[name] === undefined;
    });
    expect(missing).toEqual([]);
  });

  it('closes every body and reply', () => {
    const open = Object.entries(document.components.schemas)
      .filter(([, schema]) => schema.type === 'object' && schema.additionalProperties === undefined)
      .map(([name]) => name);
    expect(open).toEqual([]);
  });
});

describe('words', () => {
  it('say what a field takes', () => {
    expect(type_in_words({ type: ['string', 'null'], maxLength: 9 })).toBe(
      'string or null, at most 9 characters',
    );
    expect(type_in_words({ type: 'array', items: { $ref: '#/components/schemas/Id' } })).toBe(
      'list of Id',
    );
  });

  it('part a description', () => {
    const blocks = blocks_of('Intro\nmore.\n\n## Head\nText\n\n| a | b |\n|---|---|\n| 1 | 2 |\n');
    expect(blocks).toEqual([
      { kind: 'paragraph', text: 'Intro\nmore.' },
      { kind: 'heading', text: 'Head' },
      { kind: 'paragraph', text: 'Text' },
      {
        kind: 'table',
        rows: [
          ['a', 'b'],
          ['1', '2'],
        ],
      },
    ]);
  });
});
