// Times, days and money as the reader writes them.
import { locale } from './i18n.svelte';

export interface Amount {
  value: number; // minor units
  currency: string;
}

// Making a format takes long, using one does not: each is made once.
const date_formats = new Map<string, Intl.DateTimeFormat>();
const number_formats = new Map<string, Intl.NumberFormat>();
let own_zone: string | undefined;

/** A format for dates and times. */
export function date_format(of: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = of + JSON.stringify(options);
  let format = date_formats.get(key);
  if (!format) date_formats.set(key, (format = new Intl.DateTimeFormat(of, options)));
  return format;
}

function number_format(options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = locale() + (options.currency ?? '');
  let format = number_formats.get(key);
  if (!format) number_formats.set(key, (format = new Intl.NumberFormat(locale(), options)));
  return format;
}

/** The reader's zone. */
export function zone(): string {
  own_zone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return own_zone;
}

export function clock_time(instant: string, in_zone = zone()): string {
  return date_format(locale(), { timeStyle: 'short', timeZone: in_zone }).format(new Date(instant));
}

/** Absolute, with the zone: for titles and details. */
export function full_time(instant: string, in_zone = zone()): string {
  return date_format(locale(), {
    weekday: 'short',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: in_zone,
    timeZoneName: 'short',
  }).format(new Date(instant));
}

export function short_date(day: string): string {
  return date_format(locale(), { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

export function date_and_time(instant: string, in_zone = zone()): string {
  return date_format(locale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: in_zone,
  }).format(new Date(instant));
}

/** The date that clocks in `in_zone` show at `instant`: '2025-03-12'. */
export function day_in_zone(instant: string | Date, in_zone: string): string {
  const format = date_format('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    timeZone: in_zone,
  });
  return format.format(new Date(instant));
}

/** The date `count` days after `day`. */
export function add_days(day: string, count: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}

/** As <input type="datetime-local"> has it, by the reader's clock. */
export function local_time(instant: string): string {
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Day and time without the weekday; the year where it is not this one. */
export function short_time(instant: string, in_zone = zone()): string {
  const date = new Date(instant);
  return date_format(locale(), {
    day: 'numeric',
    month: 'short',
    ...(date.getFullYear() === new Date().getFullYear() ? {} : { year: '2-digit' as const }),
    hour: '2-digit',
    minute: '2-digit',
    timeZone: in_zone,
  }).format(date);
}

/** 'today 14:02' and 'yesterday 14:02'; before that, day and time. For within a sentence. */
export function near_time(instant: string, now = new Date()): string {
  const today = day_in_zone(now, zone());
  const day = day_in_zone(instant, zone());
  const ago = day === today ? 0 : day === add_days(today, -1) ? -1 : undefined;
  if (ago === undefined) return short_time(instant);
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  return `${words.format(ago, 'day')} ${clock_time(instant)}`;
}

/** A day's last instant is meant as the day. */
export function due_text(instant: string, in_zone = zone()): string {
  const whole_day = local_time(instant).endsWith('T23:59');
  return date_format(locale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(whole_day ? {} : { hour: '2-digit' as const, minute: '2-digit' as const }),
    timeZone: in_zone,
  }).format(new Date(instant));
}

export function money(amount: Amount): string {
  const format = number_format({ style: 'currency', currency: amount.currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount.value / 10 ** digits);
}

/** A language's name in the reader's own. */
export function language_name(tag: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

export function number(value: number): string {
  return number_format().format(value);
}
