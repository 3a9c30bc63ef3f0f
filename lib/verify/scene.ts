import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import type { Direction } from '../migrator/events.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { pendingOf } from '../migrator/plan.js';
import { recordTables, type Settings } from '../migrator/settings.js';
import { readSituation } from '../migrator/situation.js';
import type { MigrationContent } from '../migrator/source.js';
import type { DatabaseSchema } from '../schema/database.js';
import { found, type MigrationFinding } from './findings.js';
import { type Objects, objectsOf } from './objects.js';
import { type RowsByTable, readRowsOf } from './rows.js';
import type { Stage } from './stage.js';
import { quoted } from './statements.js';

/** What migrations are climbed with. */
export interface ClimbRequest {
  readonly engine: Engine;
  readonly settings: Settings;
  /** A new database as it is before the first migration that is verified. */
  readonly open: () => Promise<Stage>;
  readonly signal: AbortSignal | undefined;
  readonly tell: (name: string, isWell: boolean) => void;
}

/** A database at one moment. */
export interface Picture {
  readonly schema: DatabaseSchema;
  readonly objects: Objects;
  readonly rows: RowsByTable;
}

/** The throwaway database that is climbed on, and what was found so far. */
export interface Scene {
  readonly findings: MigrationFinding[];
  readonly notes: string[];
  readonly title: string;
  readonly pending: () => Promise<readonly KnownEntry[]>;
  readonly step: (direction: Direction, name: string) => ReturnType<Stage['step']>;
  readonly readSchema: () => Promise<DatabaseSchema>;
  /** Reads it; `schema` where that is known already. */
  readonly picture: (schema?: DatabaseSchema) => Promise<Picture>;
  /** Nothing will change before the next `before`, which then need not read. */
  readonly remember: (picture: Picture) => void;
  readonly before: () => Promise<Picture>;
  /** Rows for tables that have none, and for those that are `wanted`; `after` is the migration that was applied last. */
  readonly seed: (
    after: string | undefined,
    schema: DatabaseSchema,
    wanted?: ReadonlySet<string>,
  ) => Promise<void>;
  /** Takes all rows away. */
  readonly empty: () => Promise<void>;
  /** What was applied, and stays so when the database has to be made again. */
  readonly keep: (...names: readonly string[]) => void;
  /** A new database with what is applied so far, where the state of this one is not known any more. */
  readonly startAgain: () => Promise<void>;
  /** Whether migrations that share a transaction would go well; all that they do is undone. False where nobody can tell. */
  readonly works: (
    contents: readonly (readonly [MigrationContent, Direction])[],
    isEmpty: boolean,
  ) => Promise<boolean>;
  readonly end: () => Promise<void>;
}

export async function openScene({ engine, settings, open, signal }: ClimbRequest): Promise<Scene> {
  const own = ownTables(recordTables(settings));
  const findings: MigrationFinding[] = [];
  const applied: string[] = [];
  const unseeded = new Set<string>();
  let stage = await open();
  let remembered: Picture | undefined;

  const readSchema = async (): Promise<DatabaseSchema> => {
    const schema = await engine.introspect(stage.plain);
    return { ...schema, tables: schema.tables.filter(({ name }) => !own.includes(name)) };
  };
  const emptying = async (): Promise<readonly string[]> => {
    const { tables } = await readSchema();
    return engine.seeding.empty(tables.map((table) => quoted(stage.plain, table)));
  };
  const seed: Scene['seed'] = async (after, schema, wanted = new Set()) => {
    for (const { table, reason } of await stage.seeder.seed(schema, wanted)) {
      if (unseeded.has(table)) continue;
      unseeded.add(table);
      const when = after === undefined ? '' : ` after ${after}`;
      findings.push(found('NOT_SEEDED', `no row could be made up for ${table}${when}: ${reason}`, { table }));
    }
  };

  const picture: Scene['picture'] = async (known) => {
    const schema = known ?? (await readSchema());
    return {
      schema,
      objects: objectsOf(schema, engine.changes.comparison, own),
      rows: await readRowsOf(stage.plain, schema, own),
    };
  };

  return {
    findings,
    notes: [],
    title: engine.title,
    pending: async () => pendingOf(await readSituation(stage.plain, settings, true)),
    step: (direction, name) => {
      if (!signal?.aborted) return stage.step(direction, name, signal);
      throw new KnexMetaError('INTERRUPTED', 'The check was interrupted.', {
        remedy: 'The throwaway database is gone. Nothing was changed.',
      });
    },
    readSchema,
    picture,
    remember: (known) => {
      remembered = known;
    },
    before: async () => {
      const known = remembered ?? (await picture());
      remembered = undefined;
      return known;
    },
    seed,
    empty: async () => {
      const statements = await emptying();
      await stage.plain.transaction(async (trx) => {
        for (const sql of statements) await trx.raw(sql);
      });
    },
    keep: (...names) => {
      applied.push(...names);
    },
    startAgain: async () => {
      await stage.end();
      stage = await open();
      for (const name of applied) {
        const { error } = await stage.step('up', name, signal);
        if (error !== undefined) throw error;
      }
      await seed(undefined, await readSchema());
    },
    works: async (contents, isEmpty) => {
      const alone = ([{ config }]: readonly [MigrationContent, Direction]): boolean =>
        config?.transaction === false;
      if (settings.disableTransactions === true || contents.some(alone)) return false;
      return (await stage.rehearse(isEmpty ? await emptying() : [], contents)) === undefined;
    },
    end: () => stage.end(),
  };
}
