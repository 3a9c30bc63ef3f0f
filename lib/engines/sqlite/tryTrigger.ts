import type { Knex } from 'knex';
import type { ExaminedTable, TriggerTrial } from '../checks.js';
import type { TableId } from '../contract.js';
import { attempt, type Trial, type TrialError, tryAndUndo } from '../undo.js';
import { isWithoutRowid } from './ddl/index.js';
import type { SqliteTable } from './examine.js';
import { quoteName, quoteText } from './identifiers.js';
import { emptyLike } from './scratch.js';

type Row = Readonly<Record<string, unknown>>;

/** An instant that no trigger gives. */
const PAST = "'2001-01-01'";

/** The condition that names the first row. No key passes through JavaScript, whose numbers end at 2^53. */
function firstRow(quoted: string, columns: readonly Row[], tableSql: string): string | undefined {
  const taken = new Set(columns.map(({ name }) => String(name).toLowerCase()));
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (rowid !== undefined && !isWithoutRowid(tableSql))
    return `${rowid} = (select min(${rowid}) from ${quoted})`;
  const keys = columns
    .filter(({ pk }) => Number(pk) > 0)
    .map(({ name }) => quoteName(String(name)))
    .join(', ');
  return keys === '' ? undefined : `(${keys}) = (select ${keys} from ${quoted} order by ${keys} limit 1)`;
}

/** Whether a stamp is the present instant in UTC: of a date the day, of a number seconds or milliseconds. */
function isNow(stamp: string): string {
  const seconds = `case typeof(${stamp}) when 'text' then (julianday(${stamp}) - julianday('now')) * 86400
    else ${stamp} / (case when abs(${stamp}) > 100000000000 then 1000.0 else 1.0 end) - strftime('%s', 'now') end`;
  return `case when ${stamp} like '____-__-__' then abs(julianday(${stamp}) - julianday('now', 'start of day')) <= 1
    else coalesce(abs(${seconds}) <= 60, 0) end`;
}

async function tryRow(trx: Knex.Transaction, table: TableId, column: string): Promise<Trial> {
  const quoted = quoteName(table.name);
  // Without bindings, so that a name with a question mark stays as it is.
  const rows = async (sql: string): Promise<readonly Row[]> => trx.raw(sql);
  const columns = await rows(
    `select name, type, pk, hidden from pragma_table_xinfo(${quoteText(table.name)}) order by cid`,
  );
  const [own] = await rows(
    `select sql from sqlite_master where type = 'table' and name = ${quoteText(table.name)}`,
  );
  const first = firstRow(quoted, columns, String(own?.sql));
  if (first === undefined) return { outcome: 'not-tried', reason: 'no key names one row of it' };
  const stamp = quoteName(column);
  const read = async (): Promise<Row | undefined> =>
    (
      await rows(
        `select ${stamp} as stamp, ${stamp} is not ${PAST} as moved, ${isNow(stamp)} as is_now from ${quoted} where ${first}`,
      )
    )[0];
  const row = await read();
  if (row === undefined) return { outcome: 'no-rows' };
  // The last column that takes a value: a metadata column rather than a key.
  const settable = columns.findLast(({ name, hidden }) => Number(hidden) === 0 && name !== column)?.name;
  const set = quoteName(String(settable ?? column));
  // First into the past, so that the stamp shows also where the row was written in this millisecond. A CHECK of
  // the project's may forbid it.
  await attempt(trx, () => rows(`update ${quoted} set ${stamp} = ${PAST} where ${first}`));
  await rows(`update ${quoted} set ${set} = ${set} where ${first}`);
  const after = await read();
  if (Number(after?.moved) !== 1) return { outcome: 'still' };
  if (Number(after?.is_now) !== 1) return { outcome: 'wrong-time', value: String(after?.stamp) };
  // Back where it was is not moved either, but for a date, where today may be both.
  const type = columns.find(({ name }) => name === column)?.type;
  return { outcome: after?.stamp === row.stamp && String(type).toLowerCase() !== 'date' ? 'same' : 'moved' };
}

function kindOf(error: unknown): TrialError {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return 'broken';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'locked';
  // A function of the application's is not known to this connection.
  const isUnknown = /no such (function|collation)/.test((error as Error).message);
  return isUnknown || code.startsWith('SQLITE_READONLY') ? 'not-tried' : 'failed';
}

/** See `CheckEngine.tryTrigger`. */
export function tryTrigger(db: Knex, table: TableId, column: string): Promise<TriggerTrial> {
  return tryAndUndo(db, (trx) => tryRow(trx, table, column), kindOf);
}

/** A value of a type that no constraint but a key looks at. */
function valueFor(type: string): string {
  if (/int|bool|real|floa|doub|num|dec/i.test(type)) return '1';
  return /blob/i.test(type) ? "x'00'" : "'2001-01-01'";
}

/** The table with one row in a database in memory; without its other triggers where those name what is not there. */
async function tryInMemory(memory: Knex, table: SqliteTable, isAlone: boolean): Promise<TriggerTrial> {
  const [create = '', ...triggers] = table.definitions;
  await memory.raw('pragma foreign_keys = off');
  await memory.raw('pragma ignore_check_constraints = on');
  await memory.raw(create);
  const columns = (await memory.raw(
    `select name, type from pragma_table_xinfo(${quoteText(table.name)}) where hidden = 0`,
  )) as readonly Row[];
  const names = columns.map(({ name }) => quoteName(String(name))).join(', ');
  const values = columns.map(({ type }) => valueFor(String(type))).join(', ');
  await memory.raw(`insert into ${quoteName(table.name)} (${names}) values (${values})`);
  const own = triggers.filter((sql) => sql.includes(quoteName(table.trigger?.name ?? '')));
  for (const sql of isAlone ? own : triggers) await memory.raw(sql);
  return tryTrigger(memory, table, table.stamped?.name ?? '');
}

/** See `CheckEngine.tryOnCopy`: beside the database, so that nothing waits for anything. */
export async function tryOnCopy(db: Knex, table: ExaminedTable): Promise<TriggerTrial> {
  let reason = '';
  for (const isAlone of [false, true]) {
    const memory = emptyLike(db);
    try {
      const trial = await tryInMemory(memory, table as SqliteTable, isAlone);
      if (trial.outcome !== 'failed' && trial.outcome !== 'not-tried') return trial;
      reason = trial.outcome === 'failed' ? trial.message : trial.reason;
    } catch (error) {
      reason = (error as Error).message;
    } finally {
      await memory.destroy();
    }
  }
  return { outcome: 'not-tried', reason };
}
