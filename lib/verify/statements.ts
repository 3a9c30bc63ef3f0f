import type { Knex } from 'knex';
import type { ClientInternals } from '../metadata/knexInternals.js';
import { asGiven, rowsOf } from '../metadata/session.js';
import type { ObjectName } from '../schema/names.js';

/** Runs a statement whose question marks are its own. */
export async function run(db: Knex, sql: string): Promise<unknown> {
  return db.raw(asGiven(db.client as ClientInternals, sql));
}

export async function rawRows(db: Knex, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return rowsOf(await run(db, sql));
}

/** A name as it stands in a statement. */
export function quoted(db: Knex, { schema, name }: Partial<ObjectName> & { readonly name: string }): string {
  const { wrapIdentifier } = db.client as ClientInternals;
  const parts = schema === undefined ? [name] : [schema, name];
  return parts.map((part) => wrapIdentifier.call(db.client, part)).join('.');
}

/** How many rows a table has. */
export async function count(db: Knex, table: ObjectName): Promise<number> {
  const [row] = await rawRows(db, `select count(*) as n from ${quoted(db, table)}`);
  return Number(row?.n);
}
