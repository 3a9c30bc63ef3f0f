import type { Knex } from 'knex';
import { loadMigration, type MigrationContent, type MigrationFile, validated } from './source.js';

/** One migration that a call ran. */
export interface MigrationRun {
  /** The name as Knex's table has it. */
  readonly name: string;
  /** Milliseconds. */
  readonly duration: number;
}

/** What is seen of a run while it goes on. */
export interface Watch {
  /** The migration that is running. */
  active: string | undefined;
  isInTransaction: boolean;
  readonly runs: MigrationRun[];
}

export function newWatch(): Watch {
  return { active: undefined, isInTransaction: false, runs: [] };
}

type OnMigration = ((run: MigrationRun, direction: 'up' | 'down') => void) | undefined;
type Source = Knex.MigrationSource<unknown>;

/** The content of a migration whose `up` and `down` say when they ran, how long, and which of them failed. */
function watched(
  content: MigrationContent,
  name: string,
  watch: Watch,
  onMigration: OnMigration,
  disableTransactions: boolean | undefined,
): Knex.Migration {
  const step = (direction: 'up' | 'down') => async (db: Knex) => {
    watch.active = name;
    watch.isInTransaction = (db as { isTransaction?: boolean }).isTransaction === true;
    const start = performance.now();
    const promise = content[direction]?.(db);
    if (typeof promise?.then !== 'function') {
      // Knex's own words: a forgotten `return` lets the migration end before its statements do.
      const { logger } = db.client as { logger: { warn(message: string): void } };
      logger.warn(`migration ${name} did not return a promise`);
    }
    const result = await promise;
    const run = { name, duration: Math.round(performance.now() - start) };
    watch.runs.push(run);
    onMigration?.(run, direction);
    watch.active = undefined;
    return result;
  };
  const transaction = content.config?.transaction ?? !disableTransactions;
  return { config: { transaction }, up: step('up'), down: step('down') } as Knex.Migration;
}

/** A source whose migrations are loaded once each, checked, and watched while they run. */
export function watchSource(
  source: Source,
  watch: Watch,
  onMigration: OnMigration,
  disableTransactions: boolean | undefined,
): Source {
  const loaded = new Map<string, Promise<Knex.Migration>>();
  return {
    getMigrations: (extensions) => source.getMigrations(extensions),
    getMigrationName: (migration) => source.getMigrationName(migration),
    getMigration: (migration) => {
      const name = source.getMigrationName(migration);
      const content =
        loaded.get(name) ??
        Promise.resolve(source.getMigration(migration)).then((exports) =>
          watched(
            validated(exports as MigrationContent, name),
            name,
            watch,
            onMigration,
            disableTransactions,
          ),
        );
      loaded.set(name, content);
      return content;
    },
  };
}

/** The source of a project's files. */
export function fileSource(files: readonly MigrationFile[]): Source {
  return {
    getMigrations: async () => [...files],
    getMigrationName: (file) => (file as MigrationFile).name,
    getMigration: (file) => loadMigration(file as MigrationFile) as Promise<Knex.Migration>,
  };
}
