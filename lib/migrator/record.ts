import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import { rowsOf, schemaOf } from './recordAccess.js';
import { recordTables, type Settings } from './settings.js';
import { plainView } from './views.js';

/** One row of Knex's table of applied migrations. */
export interface AppliedMigration {
  readonly id: number;
  readonly name: string;
  readonly batch: number;
  readonly appliedAt: Date | undefined;
}

/** What Knex's own tables say; nothing of it was written. */
export interface MigrationRecord {
  /** False when the database has no table of migrations yet. */
  readonly exists: boolean;
  readonly applied: readonly AppliedMigration[];
  readonly isLocked: boolean;
  readonly lockRows: number;
  /** What the rows of the lock table say; 0 is free. */
  readonly flags: readonly number[];
}

/**
 * Reads Knex's tables without making them.
 *
 * @throws KnexMetaError CONNECTION_FAILED when the database cannot be read, e.g. a file that is no database
 */
export async function readRecord(database: Knex, settings: Settings): Promise<MigrationRecord> {
  try {
    return await readTables(database, settings);
  } catch (error) {
    const { message } = error as Error;
    throw new KnexMetaError('CONNECTION_FAILED', `The table of migrations could not be read: ${message}`, {
      remedy: 'Is it the right database, and may this user read it? Nothing was changed.',
      cause: error,
    });
  }
}

async function readTables(database: Knex, settings: Settings): Promise<MigrationRecord> {
  const db = plainView(database);
  const tables = recordTables(settings);
  const { tableName, lockTable } = tables;
  if (!(await schemaOf(db, tables).hasTable(tableName)))
    return { exists: false, applied: [], isLocked: false, lockRows: 0, flags: [] };
  const rows: readonly Record<string, unknown>[] = await rowsOf(db, tables, tableName)
    .select('*')
    .orderBy('id');
  const locks: readonly Record<string, unknown>[] = (await schemaOf(db, tables).hasTable(lockTable))
    ? await rowsOf(db, tables, lockTable).select('*')
    : [];
  return {
    exists: true,
    applied: rows.map((row) => ({
      id: Number(row.id),
      name: String(row.name),
      batch: Number(row.batch),
      appliedAt:
        row.migration_time == null ? undefined : new Date(row.migration_time as string | number | Date),
    })),
    isLocked: locks.some((row) => Number(row.is_locked) !== 0),
    lockRows: locks.length,
    flags: locks.map((row) => Number(row.is_locked)),
  };
}
