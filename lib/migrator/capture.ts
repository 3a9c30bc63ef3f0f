import type { Knex } from 'knex';
import { configOf } from '../config/connections.js';
import type { Engine } from '../engines/contract.js';
import type { Sandbox } from '../engines/sandbox.js';
import type { WrittenStatement } from '../engines/written.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import { type Direction, type Events, newEvents } from './events.js';
import { type FailedAt, interrupted } from './failure.js';
import type { KnownEntry } from './history.js';
import { modeOf, type TransactionMode } from './options.js';
import { type Plan, planOf, type Request } from './plan.js';
import { checkEdited, checkOrder, checkUnfinished } from './refuse.js';
import { fromEmpty, openSandbox, type SandboxOptions } from './sandbox.js';
import { engineOf, recordTables, type Settings } from './settings.js';
import { checkMissing, checkPending, readSituation } from './situation.js';
import { groupsOf, loadTasks, type Task } from './task.js';
import { migratorView, withProcessing } from './views.js';
import { watchStatements, wordsOf } from './watch.js';

/** What one migration would run. */
export interface PlannedMigration {
  readonly name: string;
  readonly direction: Direction;
  /** Runs in a transaction of its own, or of its group. */
  readonly isTransaction: boolean;
  /** With the values in them, as the engine gets them. */
  readonly statements: readonly string[];
  /** Tables whose rows it asks for, and which the rehearsal does not have: what depends on them is not all shown. */
  readonly unseenTables: readonly string[];
}

/** The same with where each statement comes from. */
export interface WrittenMigration {
  readonly task: Task;
  readonly isTransaction: boolean;
  readonly statements: readonly WrittenStatement[];
  /** See `PlannedMigration`. */
  readonly unseenTables: readonly string[];
  /** Why it could not be followed to its end; undefined when it was. */
  readonly failure: KnexMetaError | undefined;
}

/** What a run would do. */
export interface PlannedRun {
  readonly direction: Direction;
  readonly migrations: readonly PlannedMigration[];
  /** Why a run may do something else: what the rehearsal lacks of the database, or that there was none. */
  readonly doubts: readonly string[];
}

/** Settings of a plan. */
export interface PlanOptions extends SandboxOptions {
  /** Ends the rehearsal. */
  readonly signal?: AbortSignal | undefined;
  readonly transaction?: TransactionMode | undefined;
  /** Refuses what a run with `strict` refuses. */
  readonly strict?: boolean | undefined;
  /** Refuses what a run with `strictOrder` refuses. */
  readonly strictOrder?: boolean | undefined;
}

/** What is known of a rehearsal when a migration fails in it. */
interface Certainty {
  readonly sandbox: Sandbox;
  /** Tables whose rows were asked for so far, and are not there. */
  readonly unseen: ReadonlySet<string>;
  /** The migration that failed before. */
  readonly failed: string | undefined;
}

/** Why a failure need not happen in a run; undefined: it would. */
function doubtOf({ sandbox, unseen, failed }: Certainty): string | undefined {
  if (failed !== undefined) return `${failed} failed before it`;
  if (unseen.size > 0) return `it was rehearsed without the rows of ${[...unseen].join(', ')}`;
  const [doubt] = sandbox.doubts;
  if (doubt !== undefined) return doubt;
  return sandbox.isReal ? undefined : 'it was followed without a database';
}

function failureOf(task: Task, error: unknown, at: FailedAt, certainty: Certainty): KnexMetaError {
  const own = isKnexMetaError(error) ? error : undefined;
  const doubt = doubtOf(certainty);
  const isSure = doubt === undefined;
  const words = `${task.name} (${task.direction}) could not be planned: ${wordsOf(error, at)}`;
  return new KnexMetaError(
    isSure || own?.code !== 'METADATA_COLUMN_IN_USE'
      ? (own?.code ?? (isSure ? 'MIGRATION_FAILED' : 'NOT_OFFLINE'))
      : 'NOT_OFFLINE',
    isSure || own !== undefined ? words : `${words}. A run may go well: ${doubt}.`,
    {
      remedy:
        (certainty.sandbox.isReal ? undefined : certainty.sandbox.doubts[0]) ||
        own?.remedy ||
        (isSure
          ? 'It would fail like this. Nothing was changed.'
          : 'Plan up to the migration before it, apply that, and plan again. Nothing was changed.'),
      details: { ...own?.details, migration: task.name, direction: task.direction },
      cause: error,
    },
  );
}

/** Rejects when the signal says so. */
function aborted(signal: AbortSignal | undefined): {
  readonly promise: Promise<never>;
  readonly stop: () => void;
} {
  let listener = (): void => {};
  const promise = new Promise<never>((_done, fail) => {
    listener = () => fail(interrupted(undefined, 'Nothing was changed.'));
    if (signal?.aborted) listener();
    else signal?.addEventListener('abort', listener, { once: true });
  });
  promise.catch(() => {});
  return { promise, stop: () => signal?.removeEventListener('abort', listener) };
}

/** Runs one migration in the sandbox. */
async function runIn(
  certainty: () => Certainty,
  engine: Engine,
  task: Task,
  isTransaction: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { sandbox } = certainty();
  const view = migratorView(sandbox.db);
  const watch = watchStatements(view, engine.migrations);
  const end = aborted(signal);
  const streamError = sandbox.nextStreamError();
  const run = (db: Knex) =>
    withProcessing(db, () => Promise.race([task.content[task.direction]?.(db), streamError, end.promise]));
  try {
    if (isTransaction) await view.transaction(run);
    else await run(view);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw failureOf(task, error, watch.locate(error, task.entry.path), certainty());
  } finally {
    end.stop();
    watch.end();
  }
}

/**
 * What tasks would run, one after the other, without reaching the project's database. One that fails is told, and
 * the next one follows.
 */
export async function* writeTasks(
  sandbox: Sandbox,
  engine: Engine,
  tasks: readonly Task[],
  mode: TransactionMode,
  signal?: AbortSignal | undefined,
): AsyncGenerator<WrittenMigration> {
  sandbox.take();
  sandbox.takeUnseenTables();
  const unseen = new Set<string>();
  let failed: string | undefined;
  for (const { isTransaction, tasks: group } of groupsOf(tasks, mode)) {
    for (const task of group) {
      let unseenTables: readonly string[] = [];
      const certainty = (): Certainty => {
        unseenTables = [...unseenTables, ...sandbox.takeUnseenTables()];
        for (const table of unseenTables) unseen.add(table);
        return { sandbox, unseen, failed };
      };
      const failure = await runIn(certainty, engine, task, isTransaction, signal).then(
        () => undefined,
        (error: KnexMetaError) => error,
      );
      if (signal?.aborted) throw failure ?? interrupted(undefined, 'Nothing was changed.');
      certainty();
      if (failure !== undefined) failed ??= task.name;
      yield { task, isTransaction, statements: sandbox.take(), unseenTables, failure };
    }
  }
}

/** The statements of tasks. Throws for the first one that fails. */
export async function captureTasks(
  sandbox: Sandbox,
  engine: Engine,
  tasks: readonly Task[],
  mode: TransactionMode,
  signal?: AbortSignal | undefined,
): Promise<readonly PlannedMigration[]> {
  const planned: PlannedMigration[] = [];
  for await (const written of writeTasks(sandbox, engine, tasks, mode, signal)) {
    const { task, isTransaction, statements, unseenTables, failure } = written;
    if (failure !== undefined) throw failure;
    const { name, direction } = task;
    const texts = statements.filter(({ isBoundary }) => !isBoundary).map(({ sql }) => sql);
    planned.push({ name, direction, isTransaction, statements: texts, unseenTables });
  }
  return planned;
}

/** What migrations run, as far as that can be told without a database. */
export interface Captured {
  readonly planned: readonly PlannedMigration[];
  /** Why others could not be followed, by name; what is behind them is captured all the same, as far as it can be. */
  readonly unfollowed: ReadonlyMap<string, Error>;
}

/** Whether a migration failed because a table that it adopts is not there: in an empty database one from before is not. */
export const isAdoptionError = (error: unknown): error is KnexMetaError =>
  isKnexMetaError(error) && error.code === 'ADOPT_REFUSED' && error.details.isAbsent === true;

/** The statements of migrations that begin with an empty database, of each that can be followed. */
export function captureFromEmpty(
  engine: Engine,
  config: Knex.Config,
  entries: readonly KnownEntry[],
  options: SandboxOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<Captured> {
  const mode = modeOf({}, config.migrations ?? {});
  const capture = async (sandbox: Sandbox): Promise<Captured> => {
    const planned: PlannedMigration[] = [];
    const unfollowed = new Map<string, Error>();
    for (const entry of entries) {
      try {
        const tasks = await loadTasks({ direction: 'up', steps: [entry] });
        planned.push(...(await captureTasks(sandbox, engine, tasks, mode, options.signal)));
      } catch (error) {
        if (options.signal?.aborted) throw error;
        unfollowed.set(entry.name, error as Error);
        planned.push({
          name: entry.name,
          direction: 'up',
          isTransaction: true,
          statements: [],
          unseenTables: [],
        });
      }
    }
    return { planned, unfollowed };
  };
  return fromEmpty(engine, config, options, capture, ({ unfollowed }) => unfollowed.size === 0);
}

/** What a plan would run in a sandbox of this configuration. */
async function planIn(
  engine: Engine,
  config: Knex.Config,
  live: Knex | undefined,
  plan: Plan,
  mode: TransactionMode,
  options: PlanOptions,
): Promise<PlannedRun> {
  const { direction } = plan;
  if (plan.steps.length === 0) return { direction, migrations: [], doubts: [] };
  const tasks = await loadTasks(plan);
  const start = live === undefined ? ({ from: 'empty' } as const) : ({ from: 'database', db: live } as const);
  const sandbox = await openSandbox(engine, config, start, options);
  try {
    const migrations = await captureTasks(sandbox, engine, tasks, mode, options.signal);
    return { direction, migrations, doubts: sandbox.doubts };
  } finally {
    await sandbox.end();
  }
}

/** The same for a database that does not exist yet. */
export async function planWithoutDatabase(
  engine: Engine,
  config: Knex.Config,
  request: Request,
  options: PlanOptions = {},
): Promise<PlannedRun> {
  const settings: Settings = config.migrations ?? {};
  const found = await readSituation(undefined, settings, true);
  checkPending(found);
  const mode = modeOf(options, settings);
  return planIn(engine, config, undefined, planOf(request, found), mode, options);
}

/**
 * What a request would run on this database. The database is only read.
 *
 * @throws KnexMetaError MIGRATION_FAILED when a migration would fail, NOT_OFFLINE when only running it tells
 */
export async function planRun(
  db: Knex,
  settings: Settings,
  request: Request,
  options: PlanOptions = {},
  events: Events = newEvents(),
): Promise<PlannedRun> {
  const view = migratorView(db);
  const found = await readSituation(view, settings, true);
  await checkMissing(view, settings, found);
  checkPending(found);
  if (options.strict) await checkEdited(view, settings, found);
  const plan = planOf(request, found);
  await checkUnfinished(view, recordTables(settings), () => loadTasks(plan));
  checkOrder(found, plan, options.strictOrder === true, events);
  const mode = modeOf(options, settings);
  return planIn(engineOf(db), configOf(db), view, plan, mode, options);
}
