import type { Knex } from 'knex';
import type { TableId, TriggerTrial } from '../contract.js';
import { tryAndUndo } from '../undo.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';

/** One row with the table that it is really in, and a column to set to itself. */
const FIND = (
  table: string,
  column: string,
  only: string,
): string => `select r.tableoid::pg_catalog.regclass::text as home,
    r.ctid::text as place, coalesce(a.attname, ${quoteText(column)}) as settable, r.${quoteName(column)}::text as stamp,
    pg_catalog.pg_typeof(r.${quoteName(column)})::text as type
  from ${only}${table} r left join lateral (
    select attname from pg_catalog.pg_attribute where attrelid = r.tableoid and attnum > 0 and not attisdropped
      and attgenerated = '' and attidentity <> 'a' and attname <> ${quoteText(column)} order by attnum limit 1) a on true
  limit 1`;

/** An instant that no trigger gives, for a column of any type that holds instants. */
const PAST = "'2001-01-01 00:00:00'";

async function tryRow(trx: Knex.Transaction, table: TableId, column: string): Promise<TriggerTrial> {
  const quoted = [table.schema, table.name]
    .flatMap((part) => (part === undefined ? [] : [quoteName(part)]))
    .join('.');
  const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await trx.raw(withoutBindings(sql))).rows;
  // A check must not wait behind an application, nor keep one waiting.
  await rows("set local lock_timeout = '2s'");
  const [kind] = await rows(
    `select relkind from pg_catalog.pg_class where oid = pg_catalog.to_regclass(${quoteText(quoted)})`,
  );
  // A partitioned table has its rows in the partitions; an INHERITS child is a table of its own.
  const [row] = await rows(FIND(quoted, column, kind?.relkind === 'p' ? '' : 'only '));
  if (row === undefined) return { outcome: 'no-rows' };
  const stamp = quoteName(column);
  const own = quoteName(String(row.settable));
  const update = async (place: unknown, set: string): Promise<Record<string, unknown> | undefined> => {
    const where = `where ctid = ${quoteText(String(place))}::tid`;
    const [updated] = await rows(
      `update only ${String(row.home)} set ${set} ${where} returning ctid::text as place, ${stamp}::text as stamp, ${stamp} is distinct from ${PAST} as moved`,
    );
    return updated;
  };
  // First into the past, so that the stamp shows also where the row is as young as this transaction.
  const aged = await update(row.place, `${stamp} = ${PAST}`);
  const updated = await update(aged?.place, `${own} = ${own}`);
  // Back where it was is not moved either, but for a date, where today may be both.
  const isBack = updated?.stamp === row.stamp && row.type !== 'date';
  return { outcome: updated?.moved === true && !isBack ? 'moved' : 'still' };
}

/** See `Engine.tryTrigger`. */
export function tryTrigger(db: Knex, table: TableId, column: string): Promise<TriggerTrial> {
  return tryAndUndo(db, (trx) => tryRow(trx, table, column));
}
