import type { Knex } from 'knex';
import { type AppliedMigration, type MigrationRecord, readRecord } from './record.js';
import { listMigrationFiles } from './source.js';

/** What is applied and what is pending. */
export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly string[];
  /** Recorded names that have no file. */
  readonly missing: readonly string[];
  readonly record: MigrationRecord;
}

async function sourceNames(
  settings: Knex.MigratorConfig,
  record: MigrationRecord,
): Promise<readonly string[]> {
  const { migrationSource } = settings;
  if (migrationSource === undefined) {
    const files = await listMigrationFiles(
      settings,
      record.applied.map(({ name }) => name),
    );
    return files.map(({ name }) => name);
  }
  const all = await migrationSource.getMigrations([...(settings.loadExtensions ?? [])]);
  return all.map((each: unknown) => migrationSource.getMigrationName(each));
}

/** Compares the record with the files. */
export async function statusOf(db: Knex, settings: Knex.MigratorConfig): Promise<MigrationStatus> {
  const record = await readRecord(db, settings);
  return compareRecord(record, await sourceNames(settings, record));
}

/** The same for a database that does not exist yet. */
export async function statusWithoutDatabase(settings: Knex.MigratorConfig): Promise<MigrationStatus> {
  const record: MigrationRecord = { exists: false, applied: [], isLocked: false, lockRows: 0 };
  return compareRecord(record, await sourceNames(settings, record));
}

function compareRecord(record: MigrationRecord, names: readonly string[]): MigrationStatus {
  const applied = new Set(record.applied.map(({ name }) => name));
  const present = new Set(names);
  return {
    applied: record.applied,
    pending: names.filter((name) => !applied.has(name)),
    missing: record.applied.map(({ name }) => name).filter((name) => !present.has(name)),
    record,
  };
}
