import type { Knex } from 'knex';
import type { TableId, TriggerTrial } from '../contract.js';
import { attempt, type Trial, type TrialError, tryAndUndo } from '../undo.js';
import { isWithoutRowid } from './ddl/index.js';
import { quoteName, quoteText } from './identifiers.js';

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
      await rows(`select ${stamp} as stamp, ${stamp} is not ${PAST} as moved from ${quoted} where ${first}`)
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
  // Back where it was is not moved either, but for a date, where today may be both.
  const type = columns.find(({ name }) => name === column)?.type;
  return { outcome: after?.stamp === row.stamp && String(type).toLowerCase() !== 'date' ? 'same' : 'moved' };
}

function kindOf(error: unknown): TrialError {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return 'broken';
  return /^SQLITE_(BUSY|LOCKED|READONLY)/.test(code) ? 'not-tried' : 'failed';
}

/** See `Engine.tryTrigger`. */
export function tryTrigger(db: Knex, table: TableId, column: string): Promise<TriggerTrial> {
  return tryAndUndo(db, (trx) => tryRow(trx, table, column), kindOf);
}
