import { readdir, readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { Knex } from 'knex';
import { defaultOf, loadModule } from '../config/loadModule.js';
import { KnexMetaError } from '../errors.js';
import { EXTENSIONS, revisionOf } from './revision.js';

/** One migration file. */
export interface MigrationFile {
  readonly file: string;
  /** The directory as the configuration names it. */
  readonly directory: string;
  /** The name that Knex's table has, or will have, for it. */
  readonly name: string;
}

function isMigration(file: string, extensions: readonly string[]): boolean {
  return extensions.includes(extname(file)) && !/\.d\.[cm]?ts$/.test(file);
}

/** Settings of `migrations` in a configuration that say where the files are. */
export interface SourceSettings {
  readonly directory?: string | readonly string[] | undefined;
  readonly sortDirsSeparately?: boolean | undefined;
  readonly loadExtensions?: readonly string[] | undefined;
  /** The extension that a project writes its migrations in: of a pair `x.ts`, `x.js` this one is run. */
  readonly extension?: string | undefined;
}

async function listDirectory(directory: string, extensions: readonly string[]): Promise<readonly string[]> {
  try {
    const files = await readdir(resolve(directory), { withFileTypes: true });
    return files
      .filter((file) => !file.isDirectory() && isMigration(file.name, extensions))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw new KnexMetaError(
      'MIGRATIONS_DIRECTORY_MISSING',
      `There is no migrations directory ${directory}.`,
      {
        remedy:
          'Make a first migration with `npx knex-meta migrate:make <name>`, or correct `migrations.directory` in the knexfile.',
        details: { directory: resolve(directory) },
        cause: error,
      },
    );
  }
}

function groupedBy(files: readonly string[], keyOf: (file: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const file of files) groups.set(keyOf(file), [...(groups.get(keyOf(file)) ?? []), file]);
  return groups;
}

/**
 * Of files that are one revision in two languages, the one in the project's language. Where stock Knex has run
 * them as two, and recorded both, they stay two.
 */
function onePerRevision(
  files: readonly string[],
  preferred: string | undefined,
  recorded: ReadonlySet<string>,
): readonly string[] {
  const byRevision = groupedBy(files, revisionOf);
  return [...byRevision.values()].flatMap((same) => {
    const own = same.filter((file) => recorded.has(file));
    if (own.length > 1) return own;
    return [same.find((file) => extname(file) === preferred) ?? same[0] ?? ''];
  });
}

/**
 * Lists the migration files in Knex's order.
 *
 * @param recorded - the names that Knex's table holds: a file that is applied keeps the name it was recorded under
 * @throws KnexMetaError MIGRATIONS_DIRECTORY_MISSING
 */
export async function listMigrationFiles(
  settings: SourceSettings,
  recorded: readonly string[],
): Promise<readonly MigrationFile[]> {
  const { directory = './migrations', loadExtensions = EXTENSIONS, sortDirsSeparately = false } = settings;
  const directories = Array.isArray(directory) ? (directory as readonly string[]) : [directory as string];
  const preferred =
    settings.extension === undefined ? undefined : `.${settings.extension.replace(/^\./, '')}`;
  const own = new Set(recorded);
  const names = new Map(recorded.map((name) => [revisionOf(name), name]));
  const lists = await Promise.all(
    directories.map(async (each) => {
      const files = onePerRevision(await listDirectory(each, loadExtensions), preferred, own);
      return files.map(
        (file): MigrationFile => ({
          file,
          directory: each,
          name: own.has(file) ? file : (names.get(revisionOf(file)) ?? file),
        }),
      );
    }),
  );
  const all = lists.flat();
  return sortDirsSeparately ? all : all.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

/** What a migration file exports. */
export interface MigrationContent {
  readonly up?: (db: Knex) => PromiseLike<unknown>;
  readonly down?: (db: Knex) => PromiseLike<unknown>;
  readonly config?: {
    readonly transaction?: boolean;
    /** Without a transaction: it does what is not done yet, so one that was killed is simply run again. */
    readonly resumable?: boolean;
    /** It makes what was there before the migrations, where it is missing; its down leaves that. */
    readonly baseline?: boolean;
  };
  /** The revision, or revisions, that this one follows. */
  readonly revises?: string | readonly string[] | null;
}

function contentOf(module: unknown): MigrationContent {
  const whole = module as MigrationContent;
  if (typeof whole.up === 'function' || typeof whole.down === 'function') return whole;
  return (defaultOf(module) ?? {}) as MigrationContent;
}

/** The text of a migration file. */
export function readMigration({ directory, file }: MigrationFile): Promise<string> {
  return readFile(resolve(directory, file), 'utf8');
}

/**
 * Loads a migration file.
 *
 * @throws KnexMetaError MIGRATION_LOAD_FAILED, MIGRATION_INVALID
 */
export async function loadMigration({ directory, file }: MigrationFile): Promise<MigrationContent> {
  let content: MigrationContent;
  try {
    content = contentOf(await loadModule(resolve(directory, file)));
  } catch (error) {
    throw new KnexMetaError(
      'MIGRATION_LOAD_FAILED',
      `The migration ${file} could not be loaded: ${(error as Error).message}`,
      {
        remedy: 'Correct the file. No migration of this run was executed.',
        details: { file: join(directory, file) },
        cause: error,
      },
    );
  }
  return validated(content, file, { file: join(directory, file) });
}

/** The content, when it can be run and undone. Throws MIGRATION_INVALID, by the rule of Knex. */
export function validated(content: MigrationContent, name: string, details: object = {}): MigrationContent {
  const missing = (['up', 'down'] as const).filter((direction) => typeof content[direction] !== 'function');
  if (missing.length === 0) return content;
  throw new KnexMetaError(
    'MIGRATION_INVALID',
    `Invalid migration: ${name} must have both an up and down function; it has no ${missing.join(' and no ')}.`,
    {
      remedy: `Export it from the file. No migration of this run was executed.`,
      details: { ...details, missing },
    },
  );
}
