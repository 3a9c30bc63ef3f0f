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

/** What the record and the names of the files say: no file is read, so which ones were edited is not known. */
export type PendingStatus = Omit<MigrationStatus, 'edited'>;

const namesOf = ({ applied }: MigrationRecord): readonly string[] => applied.map(({ name }) => name);

function pendingIn(entries: readonly Entry[], record: MigrationRecord): readonly string[] {
  const applied = appliedRevisions(record.applied);
  return entries.filter(({ revision }) => !applied.has(revision)).map(({ name }) => name);
}

function compareNames(
  entries: readonly Entry[],
  record: MigrationRecord,
  lines: readonly JournalLine[],
): PendingStatus {
  const names = namesOf(record);
  const present = new Set(entries.map(({ revision }) => revision));
  return {
    applied: record.applied,
    pending: pendingIn(entries, record),
    missing: names.filter((name) => !present.has(revisionOf(name))),
    unfinished: lines.filter(({ state }) => state === 'started').map(({ name }) => name),
    record,
  };
}

interface Read {
  readonly entries: readonly Entry[];
  readonly record: MigrationRecord;
  readonly lines: readonly JournalLine[];
}

async function read(db: Knex, settings: Settings): Promise<Read> {
  const view = migratorView(db);
  const record = await readRecord(view, settings);
  const lines = await readLines(view, recordTables(settings));
  return { entries: await listEntries(settings, namesOf(record)), record, lines };
}

/** Compares the record with the files. Writes nothing. */
export async function statusOf(db: Knex, settings: Settings): Promise<MigrationStatus> {
  const { entries, record, lines } = await read(db, settings);
  const edited = await editedMigrations(record.applied, entries, latestUps(lines));
  return { ...compareNames(entries, record, lines), edited };
}

/** Compares the record with the names of the files. Writes nothing. */
export async function pendingStatusOf(db: Knex, settings: Settings): Promise<PendingStatus> {
  const { entries, record, lines } = await read(db, settings);
  return compareNames(entries, record, lines);
}

/** The status of a database that does not exist yet. */
export async function statusWithoutDatabase(settings: Settings): Promise<MigrationStatus> {
  const record: MigrationRecord = { exists: false, applied: [], isLocked: false, lockRows: 0, flags: [] };
  return { ...compareNames(await listEntries(settings, []), record, []), edited: [] };
}
