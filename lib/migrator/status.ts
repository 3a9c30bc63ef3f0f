import type { Knex } from 'knex';
import { appliedRevisions } from './applied.js';
import { editedMigrations } from './edited.js';
import { type Entry, listEntries } from './entries.js';
import { type JournalLine, latestUps, readLines } from './journal.js';
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

const namesOf = ({ applied }: MigrationRecord): readonly string[] => applied.map(({ name }) => name);

function pendingIn(entries: readonly Entry[], record: MigrationRecord): readonly string[] {
  const applied = appliedRevisions(record.applied);
  return entries.filter(({ revision }) => !applied.has(revision)).map(({ name }) => name);
}

async function compare(settings: Settings, record: MigrationRecord, lines: readonly JournalLine[]) {
  const names = namesOf(record);
  const entries = await listEntries(settings, names);
  const present = new Set(entries.map(({ revision }) => revision));
  return {
    applied: record.applied,
    pending: pendingIn(entries, record),
    missing: names.filter((name) => !present.has(revisionOf(name))),
    edited: await editedMigrations(record.applied, entries, latestUps(lines)),
    unfinished: lines.filter(({ state }) => state === 'started').map(({ name }) => name),
    record,
  };
}

/** Compares the record with the files. Writes nothing. */
export async function statusOf(db: Knex, settings: Settings): Promise<MigrationStatus> {
  const view = migratorView(db);
  const record = await readRecord(view, settings);
  return compare(settings, record, await readLines(view, recordTables(settings)));
}

/** The names that are pending, from the record and the directory: no file is read. */
export async function pendingNames(db: Knex, settings: Settings): Promise<readonly string[]> {
  const record = await readRecord(migratorView(db), settings);
  return pendingIn(await listEntries(settings, namesOf(record)), record);
}

/** The status of a database that does not exist yet. */
export function statusWithoutDatabase(settings: Settings): Promise<MigrationStatus> {
  const record: MigrationRecord = { exists: false, applied: [], isLocked: false, lockRows: 0, flags: [] };
  return compare(settings, record, []);
}
