import type { Knex } from 'knex';
import type { RecordTables } from '../engines/migrations.js';
import { ensureJournal } from './journal.js';
import { rowsOf, schemaOf } from './recordAccess.js';
import { engineOf } from './settings.js';
import { isTransaction } from './views.js';

/** Makes one of Knex's tables; another program may do the same at this moment. */
async function ensureTable(
  db: Knex,
  tables: RecordTables,
  name: string,
  columns: (t: Knex.CreateTableBuilder) => void,
): Promise<void> {
  const exists = () => schemaOf(db, tables).hasTable(name);
  if (await exists()) return;
  try {
    await schemaOf(db, tables).createTable(name, columns);
  } catch (error) {
    if (!(await exists())) throw error;
  }
}

/** Makes Knex's two tables as Knex makes them. */
async function createKnexTables(db: Knex, tables: RecordTables): Promise<void> {
  const { tableName, lockTable } = tables;
  await ensureTable(db, tables, tableName, (t) => {
    t.increments();
    t.string('name');
    t.integer('batch');
    t.timestamp('migration_time');
  });
  await ensureTable(db, tables, lockTable, (t) => {
    t.increments('index').primary();
    t.integer('is_locked');
  });
}

/** Knex's two tables, and the journal. */
export async function createTables(db: Knex, tables: RecordTables): Promise<void> {
  await createKnexTables(db, tables);
  await ensureJournal(db, tables, (act) => act(db));
}

/** The tables, and the one row of the lock. False: the role may not make the journal, and there is none. */
export async function ensureTables(db: Knex, tables: RecordTables): Promise<boolean> {
  await createKnexTables(db, tables);
  const hasJournal = await tryJournal(db, tables);
  const lock = () => rowsOf(db, tables, tables.lockTable);
  if ((await lock().select('index').limit(1)).length === 0) await lock().insert({ is_locked: 0 });
  return hasJournal;
}

/** Inside somebody's transaction in one of its own: a refusal would end theirs. */
async function tryJournal(db: Knex, tables: RecordTables): Promise<boolean> {
  const kindOf = engineOf(db).migrations.kindOf;
  try {
    await ensureJournal(db, tables, (act) => (isTransaction(db) ? db.transaction(act) : act(db)));
    return true;
  } catch (error) {
    if (kindOf(error) === 'denied') return false;
    throw error;
  }
}
