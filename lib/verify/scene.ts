import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import type { Direction } from '../migrator/events.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { pendingOf } from '../migrator/plan.js';
import { recordTables, type Settings } from '../migrator/settings.js';
import { readSituation } from '../migrator/situation.js';
import type { MigrationContent } from '../migrator/source.js';
import { ensureTables } from '../migrator/tables.js';
import type { DatabaseSchema } from '../schema/database.js';
import { found, type MigrationFinding } from './findings.js';
import { nameOf, type Objects, objectsOf } from './objects.js';
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
  /** Whether an error says that the role may not do something. */
  readonly isDenied: (error: Error) => boolean;
  readonly pending: () => Promise<readonly KnownEntry[]>;
  readonly step: (direction: Direction, name: string) => ReturnType<Stage['step']>;
  readonly readSchema: () => Promise<DatabaseSchema>;
  /** Reads it; `schema` where that is known already. */
  readonly picture: (schema?: DatabaseSchema) => Promise<Picture>;
  /** Nothing will change before the next `before`, which then need not read. */
  readonly remember: (picture: Picture) => void;
  readonly before: () => Promise<Picture>;
  /**
   * Rows for tables that have none, and for those that are `wanted`; `after` is the migration that was applied last.
   * Gives the picture with the new rows, of which only the tables that got some are read.
   */
  readonly seed: (
    after: string | undefined,
    picture: Picture,
    wanted?: ReadonlySet<string>,
  ) => Promise<Picture>;
  /** What was applied, and stays so when the database has to be made again. */
  readonly keep: (...names: readonly string[]) => void;
  /**
   * A new database with what is applied so far, where the state of this one is not known any more. Without sample rows it
   * has the rows that the migrations insert, as after `migrate:latest` in a new database.
   */
  readonly startAgain: (rows: 'with sample rows' | 'without sample rows') => Promise<void>;
  /** How steps end in another new database with what is applied so far and without sample rows. */
  readonly tryWithoutRows: (name: string, ...directions: readonly Direction[]) => Promise<Error | undefined>;
  /** Whether a step of this migration that fails leaves nothing behind. */
  readonly isUndone: (content: MigrationContent) => boolean;
  /** Why migrations that share a transaction would fail; all that they do is undone. False where nobody can tell. */
  readonly rehearse: (
    ...contents: readonly (readonly [MigrationContent, Direction])[]
  ) => Promise<Error | undefined | false>;
  /**
   * Whether the rows cannot be the reason why a step fails: without any it fails in the same words. Nothing of this stays;
   * false where nobody can tell without another database.
   */
  readonly failsWithoutRows: (
    content: MigrationContent,
    direction: Direction,
    error: Error,
  ) => Promise<boolean>;
  readonly end: () => Promise<void>;
}

export async function openScene({ engine, settings, open, signal }: ClimbRequest): Promise<Scene> {
  const own = ownTables(recordTables(settings));
  const findings: MigrationFinding[] = [];
  const applied: string[] = [];
  const unseeded = new Set<string>();
  // What a run makes for the record is not what its first migration makes.
  const openWithRecord = async (): Promise<Stage> => {
    const opened = await open();
    try {
      await engine.prepareSchemas(opened.plain, recordTables(settings));
      await ensureTables(opened.plain, recordTables(settings));
      return opened;
    } catch (error) {
      await opened.end();
      throw error;
    }
  };
  let stage = await openWithRecord();
  let remembered: Picture | undefined;

  const readSchema = async (): Promise<DatabaseSchema> => {
    const schema = await engine.introspect(stage.plain);
    return { ...schema, tables: schema.tables.filter(({ name }) => !own.includes(name)) };
  };
  const isUndone: Scene['isUndone'] = ({ config }) =>
    settings.disableTransactions !== true && config?.transaction !== false;
  const applyAll = async (): Promise<void> => {
    for (const name of applied) {
      const { error } = await stage.step('up', name, signal);
      if (error !== undefined) throw error;
    }
  };
  const seed: Scene['seed'] = async (after, before, wanted = new Set()) => {
    const { schema } = before;
    const empty = [...before.rows].filter(([, { rows }]) => rows.length === 0).map(([table]) => table);
    const { reasons, tried } = await stage.seeder.seed(schema, new Set([...empty, ...wanted]));
    for (const { table, reason } of reasons) {
      if (unseeded.has(table)) continue;
      unseeded.add(table);
      const when = after === undefined ? '' : ` after ${after}`;
      findings.push(found('NOT_SEEDED', `no row could be made up for ${table}${when}: ${reason}`, { table }));
    }
    if (tried.size === 0) return before;
    const filled = { ...schema, tables: schema.tables.filter((table) => tried.has(nameOf(table))) };
    const rows = await readRowsOf(stage.plain, filled, own);
    return { ...before, rows: new Map([...before.rows, ...rows]) };
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
    isDenied: (error) => [error, error.cause].some((each) => engine.migrations.kindOf(each) === 'denied'),
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
    keep: (...names) => {
      applied.push(...names);
    },
    startAgain: async (kind) => {
      remembered = undefined;
      await stage.end();
      stage = await openWithRecord();
      await applyAll();
      if (kind === 'without sample rows') return;
      const known = await picture();
      remembered = await seed(undefined, known, new Set(known.rows.keys()));
    },
    tryWithoutRows: async (name, ...directions) => {
      const own = stage;
      stage = await openWithRecord();
      try {
        await applyAll();
        for (const direction of directions) {
          const { error } = await stage.step(direction, name, signal);
          if (error !== undefined) return error;
        }
        return undefined;
      } finally {
        await stage.end();
        stage = own;
      }
    },
    isUndone,
    rehearse: async (...contents) => {
      if (!contents.every(([content]) => isUndone(content))) return false;
      return stage.rehearse([], contents);
    },
    failsWithoutRows: async (content, direction, error) => {
      if (!isUndone(content)) return false;
      const { tables } = await readSchema();
      const emptying = engine.seeding.empty(tables.map((table) => quoted(stage.plain, table)));
      const failure = await stage.rehearse(emptying, [[content, direction]]);
      const wordsOf = ({ message }: Error): string => message.split(' - ').at(-1) ?? '';
      const told = error.cause instanceof Error ? error.cause : error;
      return failure !== undefined && wordsOf(failure) === wordsOf(told);
    },
    end: () => stage.end(),
  };
}
