// Requests as one caller, every one of them held to the document.
import { check_exchange } from './contract';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: any;
}

export type Query = Record<string, string | number | boolean | string[] | undefined>;

export interface RequestOptions {
  json?: unknown; // a JSON body
  raw?: string | Uint8Array<ArrayBuffer> | FormData; // any other body
  type?: string; // its media type
  query?: Query;
  headers?: Record<string, string>;
  contract?: boolean; // false: not held to the document
}

export interface Credential {
  cookie?: string;
  key?: string;
}

const answer_ms_max = 30_000;

export function query_string(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text && '?' + text;
}

export class Client {
  constructor(
    readonly url: string,
    readonly credential: Credential = {},
  ) {}

  with(credential: Credential): Client {
    return new Client(this.url, credential);
  }

  headers(more: Record<string, string> = {}): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.credential.key) headers.authorization = `Bearer ${this.credential.key}`;
    if (this.credential.cookie) {
      headers.cookie = this.credential.cookie;
      headers.origin = this.url;
    }
    return { ...headers, ...more };
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const headers = this.headers(options.headers);
    let body = options.raw;
    let type = options.type;
    if (options.json !== undefined) {
      body = JSON.stringify(options.json);
      type = 'application/json';
    }
    if (body instanceof FormData) type = 'multipart/form-data';
    else if (type !== undefined) headers['content-type'] = type;
    const where = path + query_string(options.query ?? {});
    const response = await fetch(this.url + where, {
      method,
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(answer_ms_max),
    });
    const text = await response.text();
    const is_json = /[/+]json$/.test((response.headers.get('content-type') ?? '').split(';')[0]!);
    const parsed = is_json ? JSON.parse(text) : undefined;
    const reply = { status: response.status, headers: response.headers, text, body: parsed };
    if (options.contract !== false) {
      check_exchange({ method, path: where, json: options.json, type, ...reply });
    }
    return reply;
  }

  /** The body of a reply that must have this status. */
  async must(status: number, method: string, path: string, options?: RequestOptions): Promise<any> {
    const reply = await this.request(method, path, options);
    if (reply.status !== status) {
      throw new Error(`${method} ${path} → ${reply.status}, not ${status}\n${reply.text}`);
    }
    return reply.body;
  }

  get(path: string, query?: Query): Promise<any> {
    return this.must(200, 'GET', path, { query });
  }
  post(path: string, json: unknown, status = 201): Promise<any> {
    return this.must(status, 'POST', path, { json });
  }
  patch(path: string, json: unknown): Promise<any> {
    return this.must(200, 'PATCH', path, { json });
  }

  /** Uploads a file; its id. */
  async upload(name: string, content: string, type = 'text/plain'): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([content], { type }), name);
    return (await this.must(201, 'POST', '/api/v1/attachments', { raw: form })).id;
  }

  /** All items of a list, page by page. */
  async all(path: string, query: Query = {}): Promise<any[]> {
    const items: any[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.get(path, { ...query, cursor });
      items.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return items;
  }
}
