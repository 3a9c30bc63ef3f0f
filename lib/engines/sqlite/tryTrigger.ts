import type { Knex } from 'knex';
import type { TableId, TriggerTrial } from '../contract.js';
import { tryAndUndo } from '../undo.js';
import { isWithoutRowid } from './ddl/index.js';
import { quoteName, quoteText } from './identifiers.js';

type Row = Readonly<Record<string, unknown>>;

/** An instant that no trigger gives. */
const PAST = "'2001-01-01'";

async function tryRow(trx: Knex.Transaction, table: TableId, column: string): Promise<TriggerTrial> {
  const quoted = quoteName(table.name);
  const columns: readonly Row[] = await trx.raw(
    `select name, type, pk, hidden from pragma_table_xinfo(${quoteText(table.name)})`,
  );
  const [own] = (await trx.raw(`select sql from sqlite_master where type = 'table' and name = ?`, [
    table.name,
  ])) as Row[];
  const taken = new Set(columns.map(({ name }) => String(name).toLowerCase()));
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  const keys = columns.filter(({ pk }) => Number(pk) > 0).map(({ name }) => quoteName(String(name)));
  const place = isWithoutRowid(String(own?.sql)) || rowid === undefined ? keys : [rowid];
  const stamp = quoteName(column);
  const [row] = (await trx.raw(
    `select ${place.map((name, index) => `${name} as k${index}`).join(', ')}, ${stamp} as stamp from ${quoted} limit 1`,
  )) as Row[];
  if (row === undefined) return { outcome: 'no-rows' };
  const where = place.map((name) => `${name} is ?`).join(' and ');
  const values = place.map((_name, index) => row[`k${index}`] as string);
  const settable =
    columns.find(({ name, hidden }) => Number(hidden) === 0 && name !== column)?.name ?? column;
  // First into the past, so that the stamp shows also where the row was written in this millisecond.
  await trx.raw(`update ${quoted} set ${stamp} = ${PAST} where ${where}`, values);
  await trx.raw(
    `update ${quoted} set ${quoteName(String(settable))} = ${quoteName(String(settable))} where ${where}`,
    values,
  );
  const [after] = (await trx.raw(
    `select ${stamp} as stamp, ${stamp} is not ${PAST} as moved from ${quoted} where ${where}`,
    values,
  )) as Row[];
  // Back where it was is not moved either, but for a date, where today may be both.
  const type = columns.find(({ name }) => name === column)?.type;
  const isBack = after?.stamp === row.stamp && String(type).toLowerCase() !== 'date';
  return { outcome: Number(after?.moved) === 1 && !isBack ? 'moved' : 'still' };
}

/** See `Engine.tryTrigger`. */
export function tryTrigger(db: Knex, table: TableId, column: string): Promise<TriggerTrial> {
  return tryAndUndo(db, (trx) => tryRow(trx, table, column));
}
