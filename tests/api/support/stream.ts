// A follower of GET /stream.
import { get, type ClientRequest } from 'node:http';
import type { Client } from './client';
import { answered, check_schema } from './contract';

export interface StreamEvent {
  id: string;
  event: string;
  data: any;
}

const event_ms_max = 10_000;
const schemas: Record<string, string> = {
  entry: 'EntryEvent',
  delivery: 'EntryEvent',
  task: 'TaskEvent',
  job: 'Export',
};

const schema_of = ({ event, data }: StreamEvent) =>
  data.kind === 'import' ? 'ImportBrief' : schemas[event]!;

function parse_event(block: string): StreamEvent | undefined {
  const fields: Record<string, string> = {};
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, '');
  }
  if (fields.data === undefined) return undefined;
  const event = { id: fields.id!, event: fields.event!, data: JSON.parse(fields.data) };
  check_schema(schema_of(event), event.data);
  return event;
}

export class Follower {
  readonly events: StreamEvent[] = [];
  pings = 0;
  over = false; // the server ended it
  #request: ClientRequest;
  #wake = () => {};

  private constructor(request: ClientRequest) {
    this.#request = request;
  }

  /** Follows as `client`; when this returns, the server sends what happens from now on. */
  static open(client: Client, query = '', headers: Record<string, string> = {}): Promise<Follower> {
    return new Promise((opened, failed) => {
      const request = get(
        client.url + '/api/v1/stream' + query,
        { headers: client.headers(headers), agent: false },
        (response) => {
          const type = response.headers['content-type'] ?? '';
          if (response.statusCode !== 200 || !type.startsWith('text/event-stream')) {
            request.destroy();
            failed(new Error(`GET /stream → ${response.statusCode} ${type}`));
            return;
          }
          answered.set('follow', (answered.get('follow') ?? new Set()).add(200));
          const follower = new Follower(request);
          response.setEncoding('utf8');
          let rest = '';
          response.on('data', (piece: string) => {
            const blocks = (rest + piece).split('\n\n');
            rest = blocks.pop()!;
            for (const block of blocks) {
              const event = parse_event(block);
              if (event) follower.events.push(event);
              if (block.startsWith(':')) ++follower.pings;
            }
            follower.#wake();
          });
          response.on('end', () => {
            follower.over = true;
            follower.#wake();
          });
          response.on('error', () => {}); // the end that close() makes
          opened(follower);
        },
      );
      request.on('error', failed);
    });
  }

  /** Waits until an event is there that `wanted` takes. */
  async until(wanted: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    return this.#wait(event_ms_max, () => this.events.find(wanted));
  }

  /** Waits until the server sent so many pings in all. */
  async until_pings(count: number, wait_ms: number): Promise<void> {
    await this.#wait(wait_ms, () => this.pings >= count || undefined);
  }

  /** Waits until the server ends it. */
  async until_over(): Promise<void> {
    await this.#wait(event_ms_max, () => this.over || undefined);
  }

  async #wait<T>(wait_ms: number, look: () => T | undefined): Promise<T> {
    const deadline = Date.now() + wait_ms;
    while (true) {
      const found = look();
      if (found) return found;
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(`not among ${this.pings} pings and ${JSON.stringify(this.events)}`);
      }
      await new Promise<void>((resume) => {
        const timer = setTimeout(resume, left);
        this.#wake = () => {
          clearTimeout(timer);
          resume();
        };
      });
    }
  }

  close(): void {
    this.#request.destroy();
  }
}
