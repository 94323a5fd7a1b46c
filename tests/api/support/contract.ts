// docs/openapi.yaml as a judge: every exchange of every suite is held to it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import add_formats from 'ajv-formats';
import { parse } from 'yaml';

type Json = any;

export const document: Json = parse(
  readFileSync(resolve(import.meta.dirname, '../../../docs/openapi.yaml'), 'utf8'),
  { merge: true },
);

export interface Operation {
  id: string;
  method: string;
  path: string;
  spec: Json;
  parameters: Json[];
  pattern: RegExp;
}

const methods = ['get', 'put', 'post', 'patch', 'delete'];

function resolve_ref(node: Json): Json {
  if (node?.$ref === undefined) return node;
  const parts = node.$ref.replace(/^#\//, '').split('/');
  return parts.reduce((at: Json, part: string) => at[part], document);
}

function pattern_of(path: string): RegExp {
  const parts = path
    .replace(/\{[^}]+[.]{3}\}/g, '{rest}')
    .replace(/[.]/g, '\\.')
    .replace(/\{rest\}/g, '.+')
    .replace(/\{[^}]+\}/g, '[^/]+');
  return new RegExp('^' + parts + '$');
}

export const operations: Operation[] = Object.entries<Json>(document.paths).flatMap(
  ([path, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => ({
        id: item[method].operationId,
        method: method.toUpperCase(),
        path,
        spec: item[method],
        parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(
          resolve_ref,
        ),
        pattern: pattern_of(path),
      })),
);

export function find_operation(method: string, path: string): Operation | undefined {
  return operations.find((one) => one.method === method && one.pattern.test(path));
}

/** Which statuses each operation has answered with, in this test file. */
export const answered = new Map<string, Set<number>>();

// ---- schemas

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
add_formats.default(ajv);
ajv.addSchema({ $id: 'annals', components: absolute(document.components) });

// With `#/components/…` made absolute, so that any part of the document can be compiled alone.
function absolute(node: Json): Json {
  if (Array.isArray(node)) return node.map(absolute);
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(
    Object.entries<Json>(node).map(([name, value]) => [
      name,
      name === '$ref' && typeof value === 'string'
        ? value.replace(/^#/, 'annals#')
        : absolute(value),
    ]),
  );
}

const compiled = new Map<Json, ValidateFunction>();

function errors_of(schema: Json, value: Json): string | undefined {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(absolute(schema));
    compiled.set(schema, validate);
  }
  if (validate(value)) return undefined;
  return validate
    .errors!.slice(0, 5)
    .map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`)
    .join('; ');
}

/** Holds `value` to a schema under components/schemas. */
export function check_schema(name: string, value: Json): void {
  const errors = errors_of(document.components.schemas[name], value);
  if (errors) throw new Error(`${name}: ${errors}`);
}

// ---- exchanges

export interface Exchange {
  method: string;
  path: string; // with its query
  json?: Json; // the request's body, where it is JSON
  type?: string; // the request's media type
  status: number;
  headers: Headers;
  text: string;
  body: Json; // the reply's, parsed where it is JSON
}

function media_type(header: string | null): string {
  return (header ?? '').split(';')[0]!.trim().toLowerCase();
}

function check_query(operation: Operation, search: URLSearchParams): string | undefined {
  for (const name of new Set(search.keys())) {
    const parameter = operation.parameters.find((p) => p.in === 'query' && p.name === name);
    if (!parameter) return `took the query parameter ${name}, which is not documented`;
    const schema = resolve_ref(parameter.schema);
    const values = search.getAll(name).map((text) => {
      if (schema.type === 'integer' && /^\d+$/.test(text)) return Number(text);
      if (schema.type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
      return text;
    });
    const value = schema.type === 'array' ? values : values[0];
    const errors = errors_of(parameter.schema, value);
    if (errors) return `took the query parameter ${name} with ${JSON.stringify(value)}: ${errors}`;
  }
  return undefined;
}

function check_request(operation: Operation, exchange: Exchange): string | undefined {
  const content = operation.spec.requestBody?.content;
  if (exchange.type === undefined) {
    return operation.spec.requestBody?.required ? 'took no body' : undefined;
  }
  if (!content) return undefined;
  const stated = content[media_type(exchange.type)];
  if (!stated) return `took ${exchange.type}`;
  if (exchange.json === undefined) return undefined;
  const errors = errors_of(stated.schema, exchange.json);
  return errors && `took a body that the document refuses: ${errors}`;
}

function check_headers(response: Json, exchange: Exchange): string | undefined {
  for (const name of Object.keys(response.headers ?? {})) {
    if (name === 'Retry-After' && ![429, 503].includes(exchange.status)) continue;
    if (!exchange.headers.has(name)) return `has no header ${name}`;
  }
  return undefined;
}

function check_reply(operation: Operation, exchange: Exchange): string | undefined {
  const exact = operation.spec.responses[exchange.status];
  if (!exact && exchange.status < 400) return 'is a status that is not documented';
  const response = resolve_ref(exact ?? operation.spec.responses.default);
  if (!response) return 'is a status that is not documented';
  const type = media_type(exchange.headers.get('content-type'));
  if (!response.content) return exchange.text === '' ? undefined : 'has a body';
  const stated = response.content[type] ?? response.content['*/*'];
  if (!stated) return `has the media type ${type}`;
  const problem = check_headers(response, exchange);
  if (problem) return problem;
  if (exchange.status >= 400 && exchange.body.status !== exchange.status) {
    return 'has another status in its problem document';
  }
  if (!/[/+]json$/.test(type)) return undefined;
  const errors = errors_of(stated.schema, exchange.body);
  return errors && `has a body that the document does not describe: ${errors}`;
}

/** Throws where the exchange and the document differ. What is refused may break its rules. */
export function check_exchange(exchange: Exchange): void {
  const [path, query] = exchange.path.split('?') as [string, string?];
  const operation = find_operation(exchange.method, path);
  const what = `${exchange.method} ${exchange.path} → ${exchange.status}`;
  if (!operation) {
    if (exchange.status < 400) throw new Error(`${what}: there is no such operation`);
    return;
  }
  const statuses = answered.get(operation.id) ?? new Set();
  answered.set(operation.id, statuses.add(exchange.status));
  let fault = check_reply(operation, exchange);
  if (exchange.status < 300) {
    fault ??= check_query(operation, new URLSearchParams(query));
    fault ??= check_request(operation, exchange);
  }
  if (fault) throw new Error(`${what} ${fault}\n${exchange.text.slice(0, 2000)}`);
}
