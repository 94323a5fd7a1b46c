// As much of OpenAPI 3.1 as docs/openapi.yaml uses, read for people.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  description?: string;
  title?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: boolean | Schema;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  pattern?: string;
  default?: unknown;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { summary?: string; value: unknown }>;
}

interface Reply {
  $ref?: string;
  description: string;
  content?: Record<string, Content>;
}

interface RawOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, Reply>;
  security?: Record<string, string[]>[];
}

export interface Document {
  info: { title: string; version: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, RawOperation> & { parameters?: Parameter[] }>;
  components: {
    schemas: Record<string, Schema>;
    parameters: Record<string, Parameter>;
    responses: Record<string, Reply>;
  };
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  scopes: string[];
  public: boolean;
  parameters: Parameter[];
  body: [string, Content][];
  replies: [string, Reply][];
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** Follows `#/components/<kind>/<name>`. */
function followed<T extends { $ref?: string }>(document: Document, part: T): T {
  if (!part.$ref) return part;
  const [, , kind, name] = part.$ref.split('/') as [
    string,
    string,
    keyof Document['components'],
    string,
  ];
  return document.components[kind][name] as unknown as T;
}

export function name_of_ref(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

export function operations(document: Document, tag: string): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method]?.tags.includes(tag))
      .map((method): Operation => {
        const raw = item[method]!;
        return {
          id: raw.operationId,
          method,
          path,
          summary: raw.summary,
          description: raw.description ?? '',
          scopes: raw.security?.flatMap((each) => each['api_key'] ?? []) ?? [],
          public: raw.security?.length === 0,
          parameters: [...(item.parameters ?? []), ...(raw.parameters ?? [])].map((each) =>
            followed(document, each),
          ),
          body: Object.entries(raw.requestBody?.content ?? {}),
          replies: Object.entries(raw.responses).map(([status, reply]) => [
            status,
            followed(document, reply),
          ]),
        };
      }),
  );
}

/** A type in words: `string, at most 500 characters`. */
export function type_in_words(schema: Schema): string {
  if (schema.$ref) return name_of_ref(schema.$ref);
  const of_alternatives = schema.anyOf ?? schema.oneOf;
  if (of_alternatives) return of_alternatives.map(type_in_words).join(' or ');
  if (schema.enum) return schema.enum.map(String).join(', ');
  const types = [schema.type ?? 'any'].flat();
  const words = types.map((type) =>
    type === 'array' ? `list of ${schema.items ? type_in_words(schema.items) : 'anything'}` : type,
  );
  const limits = [
    schema.maxLength === undefined ? '' : `at most ${schema.maxLength} characters`,
    schema.maxItems === undefined ? '' : `at most ${schema.maxItems}`,
    schema.maximum === undefined ? '' : `at most ${schema.maximum}`,
    schema.default === undefined ? '' : `else ${String(schema.default)}`,
  ].filter(Boolean);
  return [words.join(' or '), ...limits].join(', ');
}

export function example_of(content: Content): string {
  const value = content.example ?? Object.values(content.examples ?? {})[0]?.value;
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'table'; rows: string[][] };

/** The little Markdown that the descriptions use: headings, tables, paragraphs. */
export function blocks_of(markdown: string): Block[] {
  return markdown
    .trim()
    .split(/\n\s*\n|\n(?=## )|(?<=## .*)\n/)
    .filter((part) => part.trim() !== '')
    .map((part): Block => {
      if (part.startsWith('## ')) return { kind: 'heading', text: part.slice(3).trim() };
      if (!part.startsWith('|')) return { kind: 'paragraph', text: part.trim() };
      const rows = part
        .trim()
        .split('\n')
        .filter((line) => !/^\|[-| ]+\|$/.test(line))
        .map((line) =>
          line
            .slice(1, -1)
            .split('|')
            .map((cell) => cell.trim()),
        );
      return { kind: 'table', rows };
    });
}

/** A text in pieces, of which every second, from the second, is code. */
export function code_pieces(text: string): string[] {
  return text.split('`');
}
