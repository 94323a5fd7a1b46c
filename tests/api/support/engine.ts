// The engine that the tests run on: SQLite in the data folder, or, where ANNALS_TEST_POSTGRES holds
// the address of a PostgreSQL server, a database there for each data folder.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

const server = process.env.ANNALS_TEST_POSTGRES ?? '';

export const on_postgres = server !== '';

/** The name of the database that stands for the folder. */
export function database_name(data: string): string {
  return 'annals_' + createHash('sha256').update(data).digest('hex').slice(0, 16);
}

/** `sql` on a database of the server, as psql prints it: unaligned, without a heading. */
export function psql(database: string, sql: string): string {
  const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', `${server}/${database}`];
  const options = { encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
  return execFileSync('psql', [...args, '-c', sql], options).trim();
}

/** The address of the database that stands for the folder. */
export function database_url(data: string): string {
  return `${server}/${database_name(data)}`;
}

/** Makes that database, where it is not there yet. */
export function make_database(data: string): void {
  const name = database_name(data);
  const there = psql('postgres', `SELECT 1 FROM pg_database WHERE datname = '${name}'`);
  if (there === '1') return;
  psql('postgres', `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
}

export function drop_database(data: string): void {
  psql('postgres', `DROP DATABASE IF EXISTS ${database_name(data)} WITH (FORCE)`);
}

/** The flags that tell the program where the data of this folder is. */
export function place(data: string): string[] {
  if (!on_postgres) return ['--data', data];
  make_database(data);
  return ['--data', data, '--database', database_url(data)];
}
