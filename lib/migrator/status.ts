import type { Knex } from 'knex';
import { editedMigrations } from './edited.js';
import { listEntries } from './entries.js';
import { readLines } from './journal.js';
import { type AppliedMigration, type MigrationRecord, readRecord } from './record.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';
import { migratorView } from './views.js';

/** What is applied and what is pending. */
export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly string[];
  /** Recorded names that have no file. */
  readonly missing: readonly string[];
  /** Applied ones whose file says something else than when it was applied. */
  readonly edited: readonly string[];
  /** Ones without a transaction that were begun and did not say that they ended. */
  readonly unfinished: readonly string[];
  readonly record: MigrationRecord;
}

async function compare(settings: Settings, record: MigrationRecord) {
  const names = record.applied.map(({ name }) => name);
  const entries = await listEntries(settings, names);
  const applied = new Set(names.map(revisionOf));
  const present = new Set(entries.map(({ revision }) => revision));
  return {
    applied: record.applied,
    pending: entries.filter(({ revision }) => !applied.has(revision)).map(({ name }) => name),
    missing: names.filter((name) => !present.has(revisionOf(name))),
    record,
  };
}

/** Compares the record with the files. Writes nothing. */
export async function statusOf(db: Knex, settings: Settings): Promise<MigrationStatus> {
  const view = migratorView(db);
  const record = await readRecord(view, settings);
  const unfinished = await readLines(view, recordTables(settings), true);
  return {
    ...(await compare(settings, record)),
    edited: await editedMigrations(view, settings),
    unfinished: unfinished.map(({ name }) => name),
  };
}

/** The same for a database that does not exist yet. */
export async function statusWithoutDatabase(settings: Settings): Promise<MigrationStatus> {
  const record: MigrationRecord = { exists: false, applied: [], isLocked: false, lockRows: 0, flags: [] };
  return { ...(await compare(settings, record)), edited: [], unfinished: [] };
}
