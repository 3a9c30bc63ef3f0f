import type { Knex } from 'knex';
import { appliedRevisions } from './applied.js';
import { checksumOfEntry, type Entry, listEntries } from './entries.js';
import { filesMissing } from './failure.js';
import { checkParents, historyOf, withParents } from './history.js';
import { latestUps, readLines } from './journal.js';
import { pendingOf, type Situation } from './plan.js';
import { readRecord } from './record.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';

/** Record and files, with the recorded names that have no file. */
export interface Found extends Situation {
  readonly entries: readonly Entry[];
  readonly missing: readonly string[];
  /** What the rows of Knex's lock table say. */
  readonly flags: readonly number[];
}

/**
 * Reads record and files. Writes nothing.
 *
 * @param view - undefined for a database that does not exist yet
 * @param isWhole - false: only pending files are looked into for what they revise
 * @param loaded - see `listEntries`
 */
export async function readSituation(
  view: Knex | undefined,
  settings: Settings,
  isWhole: boolean,
  loaded?: Map<string, Entry>,
): Promise<Found> {
  const record = view === undefined ? undefined : await readRecord(view, settings);
  const applied = record?.applied ?? [];
  const names = applied.map(({ name }) => name);
  const entries = await listEntries(settings, names, loaded);
  const present = new Set(entries.map(({ revision }) => revision));
  const done = appliedRevisions(applied);
  const isPending = ({ revision }: Entry): boolean => !done.has(revision);
  const wanted = isWhole ? entries : entries.filter(isPending);
  const known = await withParents(wanted);
  const read = new Map(wanted.map((entry, index) => [entry, known[index]]));
  const all = entries.map((entry) => read.get(entry) ?? { ...entry, revises: undefined });
  return {
    history: historyOf(all),
    applied,
    entries,
    flags: record?.flags ?? [],
    missing: names.filter((name) => !present.has(revisionOf(name))),
  };
}

/** Files whose content is that of an applied one that is missing. */
export async function renamedFiles(view: Knex, settings: Settings, found: Found) {
  const { missing } = found;
  const ups = latestUps(await readLines(view, recordTables(settings)).catch(() => []));
  const sums = new Map(missing.map((name) => [ups.get(revisionOf(name))?.checksum, name]));
  sums.delete(undefined);
  const renamed: (readonly [from: string, to: string])[] = [];
  if (sums.size === 0) return renamed;
  for (const entry of pendingOf(found)) {
    const from = sums.get(await checksumOfEntry(entry));
    if (from !== undefined) renamed.push([from, entry.name]);
  }
  return renamed;
}

/** Throws MIGRATION_FILES_MISSING when an applied migration has no file and the project does not allow that. */
export async function checkMissing(view: Knex, settings: Settings, found: Found): Promise<void> {
  if (found.missing.length === 0 || settings.disableMigrationsListValidation) return;
  throw filesMissing(found.missing, {}, await renamedFiles(view, settings, found));
}

/** Throws MIGRATION_PARENT when a pending migration revises one that nobody knows. */
export function checkPending(found: Found): void {
  const present = found.entries.map(({ revision }) => revision);
  checkParents(pendingOf(found), new Set([...appliedRevisions(found.applied), ...present]));
}
