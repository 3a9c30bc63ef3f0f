import { createHash } from 'node:crypto';
import { revisesOf } from './revises.js';
import { revisionOf } from './revision.js';
import type { Settings } from './settings.js';
import {
  listMigrationFiles,
  loadMigration,
  type MigrationContent,
  type MigrationFile,
  readMigration,
  validated,
} from './source.js';
import { checksumOf } from './text.js';

/** One migration of the project, wherever it comes from. */
export interface Entry {
  /** The name as Knex's table has it, or will have it. */
  readonly name: string;
  /** The name without its extension. */
  readonly revision: string;
  /** What the project's hooks get, and its own source. */
  readonly migration: unknown;
  /** The path of its file; undefined for a source of the project's own. */
  readonly path: string | undefined;
  /** Loads it once. Throws MIGRATION_LOAD_FAILED, MIGRATION_INVALID. */
  readonly load: () => Promise<MigrationContent>;
  /** Its text, without running it; undefined for a source of the project's own. */
  readonly text: () => Promise<string | undefined>;
}

function once<T>(act: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= act();
    return result;
  };
}

function ofFile(file: MigrationFile): Entry {
  return {
    name: file.name,
    revision: revisionOf(file.name),
    migration: file,
    path: `${file.directory}/${file.file}`,
    load: once(() => loadMigration(file)),
    text: once(() => readMigration(file)),
  };
}

/**
 * Every migration of the project, in Knex's order.
 *
 * @param recorded - the names that Knex's table holds
 * @param loaded - entries of an earlier list, which are not loaded again
 * @throws KnexMetaError MIGRATIONS_DIRECTORY_MISSING
 */
export async function listEntries(
  settings: Settings,
  recorded: readonly string[],
  loaded: Map<string, Entry> = new Map(),
): Promise<readonly Entry[]> {
  const entries = await freshEntries(settings, recorded);
  return entries.map((entry) => {
    const key = `${entry.path} ${entry.name}`;
    const known = loaded.get(key) ?? entry;
    loaded.set(key, known);
    return known;
  });
}

async function freshEntries(settings: Settings, recorded: readonly string[]): Promise<readonly Entry[]> {
  const { migrationSource: source } = settings;
  if (source === undefined) return (await listMigrationFiles(settings, recorded)).map(ofFile);
  const all = await source.getMigrations([...(settings.loadExtensions ?? [])]);
  return all.map((migration: unknown): Entry => {
    const name = source.getMigrationName(migration);
    return {
      name,
      revision: revisionOf(name),
      migration,
      path: undefined,
      load: once(async () => validated((await source.getMigration(migration)) as MigrationContent, name)),
      text: async () => undefined,
    };
  });
}

/** What an entry says, as a hash. */
export async function checksumOfEntry(entry: Entry): Promise<string> {
  const text = await entry.text();
  if (text !== undefined) return checksumOf(text);
  const { up, down } = await entry.load();
  return createHash('sha256')
    .update(checksumOf(`${up}`) + checksumOf(`${down}`))
    .digest('hex')
    .slice(0, 32);
}

/** The revisions that an entry says it follows; undefined when it says nothing. */
export async function parentsOf(entry: Entry): Promise<readonly string[] | undefined> {
  const text = await entry.text();
  const read = text === undefined ? 'dynamic' : revisesOf(text);
  if (read !== 'dynamic') return read?.map(revisionOf);
  const { revises } = await entry.load();
  if (revises === undefined) return undefined;
  return [revises ?? []].flat().map((name) => revisionOf(String(name)));
}
