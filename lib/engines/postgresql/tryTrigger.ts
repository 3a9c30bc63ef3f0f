import type { Knex } from 'knex';
import type { TableId, TriggerTrial } from '../contract.js';
import { attempt, type Trial, type TrialError, tryAndUndo } from '../undo.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';

/**
 * One row that nobody holds, locked, with the table that it is really in, and a column to set to itself: the last
 * one, which is a metadata column rather than a key.
 */
const FIND = (
  table: string,
  column: string,
  only: string,
): string => `select r.tableoid::pg_catalog.regclass::text as home,
    r.ctid::text as place, coalesce(a.attname, ${quoteText(column)}) as settable, r.${quoteName(column)}::text as stamp,
    pg_catalog.pg_typeof(r.${quoteName(column)})::text as type
  from ${only}${table} r left join lateral (
    select attname from pg_catalog.pg_attribute where attrelid = r.tableoid and attnum > 0 and not attisdropped
      and attgenerated = '' and attidentity <> 'a' and attname <> ${quoteText(column)} order by attnum desc limit 1) a on true
  limit 1 for no key update of r skip locked`;

/** An instant that no trigger gives, for a column of any type that holds instants. */
const PAST = "'2001-01-01 00:00:00'";

async function tryRow(trx: Knex.Transaction, table: TableId, column: string): Promise<Trial> {
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
  const only = kind?.relkind === 'p' ? '' : 'only ';
  const [row] = await rows(FIND(quoted, column, only));
  if (row === undefined) {
    const [any] = await rows(`select 1 from ${only}${quoted} limit 1`);
    return any === undefined
      ? { outcome: 'no-rows' }
      : { outcome: 'not-tried', reason: 'no row may be updated now: others hold them, or a policy does' };
  }
  const stamp = quoteName(column);
  const own = quoteName(String(row.settable));
  const update = async (place: unknown, set: string): Promise<Record<string, unknown> | undefined> => {
    const where = `where ctid = ${quoteText(String(place))}::tid`;
    const [updated] = await rows(
      `update only ${String(row.home)} set ${set} ${where} returning ctid::text as place, ${stamp}::text as stamp, ${stamp} is distinct from ${PAST} as moved`,
    );
    return updated;
  };
  // First into the past, so that the stamp shows also where the row is as young as this transaction. A CHECK of
  // the project's may forbid it.
  const aged = await attempt(trx, () => update(row.place, `${stamp} = ${PAST}`));
  const updated = await update((aged ?? row).place, `${own} = ${own}`);
  if (updated === undefined)
    return { outcome: 'not-tried', reason: 'the table’s own rules let no row be updated' };
  if (updated.moved !== true) return { outcome: 'still' };
  // Back where it was is not moved either, but for a date, where today may be both.
  return { outcome: updated.stamp === row.stamp && row.type !== 'date' ? 'same' : 'moved' };
}

/** SQLSTATEs that say nothing of the trigger: locks, time, deadlocks, read-only, no privilege. */
const NOT_TRIED = ['55P03', '57014', '40001', '40P01', '25006', '42501'];

function kindOf(error: unknown): TrialError {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P)/.test(code)) return 'broken';
  return NOT_TRIED.includes(code) ? 'not-tried' : 'failed';
}

/** See `Engine.tryTrigger`. */
export function tryTrigger(db: Knex, table: TableId, column: string): Promise<TriggerTrial> {
  return tryAndUndo(db, (trx) => tryRow(trx, table, column), kindOf);
}
