import type { Knex } from 'knex';
import type { RecordTables } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import { readLines } from './journal.js';
import { rowsOf } from './recordAccess.js';
import { EXTENSIONS, revisionOf } from './revision.js';
import type { Task } from './task.js';

type DueTask = Pick<Task, 'name' | 'direction' | 'row'>;

function recordChanged(what: string): KnexMetaError {
  return new KnexMetaError(
    'MIGRATIONS_LOCK_LOST',
    `Another run has changed the record since this one began: ${what}.`,
    {
      remedy:
        'This run stopped before it ran that migration. Run the command again. Do all runs reach the database by the same path, on a file system that has locks?',
    },
  );
}

/**
 * Reads the record in the transaction that is about to run migrations: none of them may have been applied or undone
 * since the plan was made. The lock excludes other runs already. This check holds where a lock cannot: a SQLite file
 * under two names or on a file system without locks, a lock connection that was lost, a stock Knex without transactions.
 *
 * @throws KnexMetaError MIGRATIONS_LOCK_LOST
 */
export async function checkStillDue(
  trx: Knex,
  tables: RecordTables,
  tasks: readonly DueTask[],
): Promise<void> {
  const record = rowsOf(trx, tables, tables.tableName).select('id', 'name');
  const [only, second] = tasks;
  if (only !== undefined && second === undefined) {
    const names = EXTENSIONS.map((extension) => `${revisionOf(only.name)}${extension}`);
    record.whereIn('name', [only.name, revisionOf(only.name), ...names]);
  }
  const rows: readonly { readonly id: unknown; readonly name: unknown }[] = await record;
  const applied = new Set(rows.map(({ name }) => revisionOf(String(name))));
  const ids = new Set(rows.map(({ id }) => Number(id)));
  for (const { name, direction, row } of tasks) {
    if (direction === 'up' && applied.has(revisionOf(name)))
      throw recordChanged(`${name} is applied already`);
    if (row !== undefined && !ids.has(row.id)) throw recordChanged(`${name} is not applied any more`);
  }
}

/**
 * The same for a migration without a transaction, before its line `started` is written in the same transaction.
 *
 * @throws KnexMetaError MIGRATIONS_LOCK_LOST
 */
export async function checkNotStarted(trx: Knex, tables: RecordTables, task: DueTask): Promise<void> {
  await checkStillDue(trx, tables, [task]);
  const [open] = await readLines(trx, tables, true);
  if (open !== undefined) throw recordChanged(`${open.name} was begun by ${open.runBy}`);
}
