// What the server refuses (RFC 9457), and what never reached it (status 0).
import type { components } from './schema';

export type FieldError = components['schemas']['FieldError'];

/** Whether `path` is `field` or something inside it. */
function is_within(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly request_id: string = '',
  ) {
    super(detail || title);
    this.name = 'Problem';
  }

  /** Reads a problem document; anything else, such as a proxy's page, tells its status only. */
  static of(document: unknown, status: number): Problem {
    const given = (typeof document === 'object' && document !== null ? document : {}) as Partial<
      components['schemas']['Problem']
    >;
    return new Problem(
      status,
      given.title ?? '',
      given.detail ?? '',
      given.errors ?? [],
      given.request_id ?? '',
    );
  }

  static unreachable(): Problem {
    return new Problem(0, '', '');
  }

  /** What is wrong with `field`, or with something inside it. */
  about(field: string): string | undefined {
    return this.errors.find((error) => is_within(error.field, field))?.message;
  }

  /** What is wrong beyond `fields`, for the foot of a form; empty where they say it all. */
  beyond(fields: readonly string[]): string {
    const others = this.errors.filter(
      (error) => !fields.some((field) => is_within(error.field, field)),
    );
    if (others.length > 0) return others.map((error) => error.message).join(' ');
    return this.errors.length > 0 ? '' : this.detail || this.title;
  }
}
