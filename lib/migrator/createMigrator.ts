import type { Knex } from 'knex';
import { engineForClient } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';
import { explainFailure } from './failure.js';
import { type MigrationRecord, readRecord } from './record.js';
import { listMigrationFiles, type MigrationFile, revisionOf } from './source.js';
import { type MigrationStatus, statusOf } from './status.js';
import { fileSource, type MigrationRun, newWatch, watchSource } from './watch.js';

export type { MigrationRun } from './watch.js';

/** What a call did. */
export interface RunResult {
  /** The batch that was added or undone; 0 when nothing was to do. */
  readonly batch: number;
  readonly migrations: readonly MigrationRun[];
}

/** Settings of a migrator. */
export interface MigratorOptions {
  /** Settings over `migrations` of the Knex configuration. */
  readonly migrations?: Knex.MigratorConfig;
  /** Called when a migration has run. */
  readonly onMigration?: (run: MigrationRun, direction: 'up' | 'down') => void;
}

/** Settings of one run. */
export interface RunOptions {
  /** Runs each migration without a transaction, unless it asks for one itself. */
  readonly disableTransactions?: boolean;
}

/** Runs migrations through one Knex instance. */
export interface Migrator {
  latest(options?: RunOptions): Promise<RunResult>;
  /** The next pending migration, or the one that is named. */
  up(name?: string, options?: RunOptions): Promise<RunResult>;
  /** The last applied migration, or the one that is named. */
  down(name?: string, options?: RunOptions): Promise<RunResult>;
  /** The last batch, or all. */
  rollback(options?: RunOptions & { readonly all?: boolean }): Promise<RunResult>;
  /** All up to and with the named one. */
  to(name: string, options?: RunOptions): Promise<RunResult>;
  /** All up to the named one, without it. */
  before(name: string, options?: RunOptions): Promise<RunResult>;
  /** Writes nothing to the database. */
  status(): Promise<MigrationStatus>;
  /** The number of the newest applied migration, or `none`. Writes nothing to the database. */
  currentVersion(): Promise<string>;
  unlock(): Promise<void>;
}

type KnexRun = [batch: number, names: readonly string[]];
type Settings = Knex.MigratorConfig & { readonly name?: string };
type KnexMigrator = Record<
  'latest' | 'up' | 'down' | 'to' | 'before',
  ((config: Settings) => Promise<KnexRun>) | undefined
> & {
  rollback(config: Settings, all?: boolean): Promise<KnexRun>;
};

/** A name that is given without its extension, or with the other one of .ts and .js, means the same revision. */
function resolveName(files: readonly MigrationFile[], name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return files.find((file) => file.name === name || revisionOf(file.name) === revisionOf(name))?.name ?? name;
}

/**
 * Makes a migrator for a Knex instance. Its tables are Knex's own, so stock `knex migrate:*` and this migrator can
 * be used in turn. Give it an instance of a `withMeta` configuration, so that tables get their metadata.
 *
 * @param db - the Knex instance
 * @throws KnexMetaError (from each method) MIGRATION_FAILED, MIGRATION_INVALID, MIGRATION_LOAD_FAILED,
 *   MIGRATION_NOT_FOUND, MIGRATION_FILES_MISSING, MIGRATIONS_LOCKED, MIGRATIONS_DIRECTORY_MISSING
 *
 * @example
 * const migrator = createMigrator(knex(withMeta(config)));
 * const { batch, migrations } = await migrator.latest();
 */
export function createMigrator(db: Knex, options: MigratorOptions = {}): Migrator {
  const configured = (db.client as { config: { migrations?: Knex.MigratorConfig } }).config.migrations ?? {};
  const settings: Settings = { ...configured, ...options.migrations };

  async function run(
    method: keyof KnexMigrator,
    direction: 'up' | 'down',
    chosen: RunOptions & { readonly name?: string | undefined; readonly all?: boolean },
  ): Promise<RunResult> {
    const watch = newWatch();
    const disableTransactions = chosen.disableTransactions || settings.disableTransactions || false;
    let before: MigrationRecord | undefined;
    try {
      if (direction === 'up') await ensureSchemas(db, settings);
      before = await readRecord(db, settings);
      // Settings of files beside a source would make Knex forget the source.
      const {
        directory: _directory,
        loadExtensions: _extensions,
        sortDirsSeparately: _sort,
        ...rest
      } = settings;
      let { name } = chosen;
      let source = settings.migrationSource;
      if (source === undefined) {
        const recorded = before.applied.map((applied) => applied.name);
        const files = await listMigrationFiles(settings, recorded);
        if (direction === 'up' && files.length + recorded.length === 0) throw noMigrations(settings);
        name = resolveName(files, name);
        source = fileSource(files);
      }
      return await invoke(
        method,
        {
          ...rest,
          disableTransactions,
          migrationSource: watchSource(source, watch, options.onMigration, disableTransactions),
        },
        name,
      );
    } catch (error) {
      const changed = before === undefined ? [] : await changedSince(before);
      throw explainFailure(error, { ...watch, ran: watch.runs.map(({ name }) => name), direction, changed });
    }

    async function invoke(
      kind: keyof KnexMigrator,
      config: Settings,
      name: string | undefined,
    ): Promise<RunResult> {
      const migrator = db.migrate as unknown as KnexMigrator;
      const call = name === undefined ? config : { ...config, name };
      const act = migrator[kind];
      if (act === undefined) {
        throw new KnexMetaError('USAGE', `The installed Knex has no migrate:${kind}.`, {
          remedy: 'npm install knex@latest',
        });
      }
      const [batch, names] = await (kind === 'rollback'
        ? migrator.rollback(call, chosen.all)
        : act.call(migrator, call));
      const durations = new Map(watch.runs.map((each) => [each.name, each.duration]));
      const migrations = (names ?? []).map((each) => ({ name: each, duration: durations.get(each) ?? 0 }));
      return { batch: migrations.length === 0 ? 0 : batch, migrations };
    }
  }

  async function changedSince(before: MigrationRecord): Promise<readonly string[]> {
    const after = await readRecord(db, settings).catch(() => before);
    const had = new Set(before.applied.map(({ name }) => name));
    const has = new Set(after.applied.map(({ name }) => name));
    return [...[...has].filter((name) => !had.has(name)), ...[...had].filter((name) => !has.has(name))];
  }

  return {
    latest: (chosen = {}) => run('latest', 'up', chosen),
    up: (name, chosen = {}) => run('up', 'up', { ...chosen, name }),
    down: (name, chosen = {}) => run('down', 'down', { ...chosen, name }),
    rollback: (chosen = {}) => run('rollback', 'down', chosen),
    to: (name, chosen = {}) => run('to', 'up', { ...chosen, name }),
    before: (name, chosen = {}) => run('before', 'up', { ...chosen, name }),
    status: () => statusOf(db, settings),
    currentVersion: async () => {
      const { applied } = await readRecord(db, settings);
      const numbers = applied.map(({ name }) => name.split('_')[0] ?? '');
      return numbers.sort().at(-1) ?? 'none';
    },
    unlock: async () => {
      await db.migrate.forceFreeMigrationsLock(settings);
    },
  };
}

/** Knex makes its tables in a schema that must be there: the first one of the search path, or a named one. */
async function ensureSchemas(db: Knex, settings: Settings): Promise<void> {
  const { client, searchPath } = (
    db.client as { config: { client?: unknown; searchPath?: string | readonly string[] } }
  ).config;
  const [first] = [searchPath ?? []].flat();
  const names = new Set(
    [first, settings.schemaName].filter((name): name is string => Boolean(name) && name !== '$user'),
  );
  for (const name of names) await engineForClient(client)?.ensureSchema(db, name);
}

function noMigrations(settings: Settings): KnexMetaError {
  const directories = [settings.directory ?? './migrations'].flat().join(', ');
  return new KnexMetaError('MIGRATIONS_NONE', `There is no migration in ${directories}.`, {
    remedy:
      'Make a first one with `npx knex-meta migrate:make <name>`, or correct `migrations.directory` in the knexfile.',
    details: { directories },
  });
}
