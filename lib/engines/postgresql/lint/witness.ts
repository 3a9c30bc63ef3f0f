import type { Knex } from 'knex';
import type { CatalogTable, Witness } from '../../../lint/engine.js';
import { rowsOf } from '../../../metadata/session.js';
import type { Row } from '../../contract.js';
import { quoteName, withoutBindings } from '../identifiers.js';
import { SEES_ALL_ROWS } from '../rowSecurity.js';

/** A question is not worth more of the server's time, nor a place in a queue for a lock. */
const STATEMENT_MS = 2000;
const LOCK_MS = 100;

const CATALOG = `
select n.nspname as schema, c.relname as name, a.attname as column,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null,
  exists (
    select 1 from pg_catalog.pg_constraint k
    where k.conrelid = c.oid and k.contype = 'c' and k.convalidated and k.conkey = array[a.attnum]
      and pg_catalog.pg_get_constraintdef(k.oid) ~ '^CHECK [(]+[^()]+ IS NOT NULL[)]+$'
  ) as never_null
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname = any (current_schemas(false)), c.oid, a.attnum`;

/** Asks in a transaction that may only read, and for a short time. */
async function ask(db: Knex, sql: string): Promise<readonly Row[] | undefined> {
  try {
    return await db.transaction(async (trx) => {
      await trx.raw('set transaction read only');
      await trx.raw(SEES_ALL_ROWS);
      await trx.raw(`set local statement_timeout = ${STATEMENT_MS}`);
      await trx.raw(`set local lock_timeout = ${LOCK_MS}`);
      return rowsOf(await trx.raw(withoutBindings(sql)));
    });
  } catch {
    return undefined;
  }
}

function tablesOf(rows: readonly Row[]): readonly CatalogTable[] {
  const tables = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.schema, row.name]);
    tables.set(key, [...(tables.get(key) ?? []), row]);
  }
  return [...tables.values()].map((columns) => ({
    table: { schema: String(columns[0]?.schema), name: String(columns[0]?.name) },
    columns: columns.map((row) => ({
      name: String(row.column),
      type: String(row.type),
      isNullable: row.not_null !== true,
    })),
    neverNull: columns.filter((row) => row.never_null === true).map((row) => String(row.column)),
  }));
}

export function witness(db: Knex): Witness {
  const count = async (sql: string): Promise<number | undefined> => {
    const [row] = (await ask(db, sql)) ?? [];
    return row === undefined ? undefined : Number(row.count);
  };
  return {
    // Those that a bare name means come last: the account keeps one table a name.
    catalog: async () => tablesOf((await ask(db, CATALOG)) ?? []),
    count,
    rows: ({ schema, name }, limit) => {
      const table = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
      return count(`select count(*) as count from (select 1 from ${table} limit ${limit + 1}) bounded`);
    },
  };
}
