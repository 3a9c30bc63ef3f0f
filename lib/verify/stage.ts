import type { Knex } from 'knex';
import { openKnex } from '../config/connections.js';
import type { Engine } from '../engines/contract.js';
import { kindOfStatement } from '../engines/statements.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { withMeta } from '../metadata/withMeta.js';
import { createMigrator, type Migrator } from '../migrator/createMigrator.js';
import { type Effect, effectsOf } from '../migrator/effects.js';
import type { Direction } from '../migrator/events.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import type { MigrationContent } from '../migrator/source.js';
import { migratorView, plainView, withProcessing } from '../migrator/views.js';
import { newSeeder, type Seeder } from './seed.js';
import { run } from './statements.js';

/** A table or a column that gets another name. */
export type Rename = Extract<Effect, { readonly kind: 'rename' }>;

const isRename = (effect: Effect): effect is Rename => effect.kind === 'rename';

/** What a step left. */
interface Step {
  readonly error: Error | undefined;
  /** Statements of the migration that change something. */
  readonly writes: number;
  /** What it renamed, in its order. */
  readonly renames: readonly Rename[];
}

/** A throwaway database on which migrations run. */
export interface Stage {
  readonly db: Knex;
  /** Without the project's own processing. */
  readonly plain: Knex;
  readonly migrator: Migrator;
  readonly seeder: Seeder;
  readonly step: (direction: Direction, name: string, signal: AbortSignal | undefined) => Promise<Step>;
  /** Why migrations would fail, one after the other; all that they do is undone. */
  readonly rehearse: (
    before: readonly string[],
    contents: readonly (readonly [MigrationContent, Direction])[],
  ) => Promise<Error | undefined>;
  readonly end: () => Promise<void>;
}

const SAVEPOINT = /^\s*(savepoint|release)\b/i;

/** Undoes a rehearsal that went well. */
class Undo extends Error {}

/** @param server - URL of a database on the server where it is made; the project's own without one */
export async function openStage(
  engine: Engine,
  config: KnexMetaConfig,
  server: string | undefined,
): Promise<Stage> {
  const made = await engine.throwaway.make({ config, server });
  let isRunning = false;
  let writes = 0;
  let renames: Rename[] = [];
  const { beforeEach, afterEach } = (config.migrations ?? {}) as Record<
    string,
    ((...args: unknown[]) => unknown) | undefined
  >;
  const migrations = {
    ...config.migrations,
    beforeEach: async (...args: unknown[]) => {
      await beforeEach?.(...args);
      isRunning = true;
    },
    afterEach: async (...args: unknown[]) => {
      isRunning = false;
      await afterEach?.(...args);
    },
  };
  const db = openKnex(withMeta({ ...config, ...made.config, migrations } as KnexMetaConfig));
  const own = ownTables(recordTables(migrations));
  db.on('query', ({ sql }: { readonly sql: string }) => {
    if (!isRunning || kindOfStatement(sql) !== 'write' || SAVEPOINT.test(sql)) return;
    if (own.some((table) => sql.includes(table))) return;
    writes += 1;
    if (/\brename\b/i.test(sql)) renames.push(...effectsOf(sql).effects.filter(isRename));
  });
  // Before the first migration, so that they are no part of what it does.
  await engine.prepareSchemas(plainView(db), recordTables(migrations)).catch(async (error: unknown) => {
    await db.destroy();
    await made.end();
    throw error;
  });
  const migrator = createMigrator(db);
  const plain = plainView(db);
  return {
    db,
    plain,
    migrator,
    seeder: newSeeder(plain, engine),
    step: async (direction, name, signal) => {
      writes = 0;
      renames = [];
      try {
        await migrator[direction](name, { signal });
        return { error: undefined, writes, renames };
      } catch (error) {
        if (signal?.aborted) throw error;
        return { error: error as Error, writes, renames };
      } finally {
        isRunning = false;
      }
    },
    rehearse: async (before, contents) => {
      try {
        await migratorView(db).transaction(async (trx) => {
          for (const sql of before) await run(trx, sql);
          for (const [content, direction] of contents)
            await withProcessing(trx, async () => content[direction]?.(trx));
          throw new Undo();
        });
      } catch (error) {
        return error instanceof Undo ? undefined : (error as Error);
      }
      return undefined;
    },
    end: async () => {
      await db.destroy();
      await made.end();
    },
  };
}
