import type { Knex } from 'knex';
import { configOf } from '../config/connections.js';
import type { Engine } from '../engines/contract.js';
import type { Sandbox } from '../engines/migrations.js';
import type { WrittenStatement } from '../engines/written.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import { type Direction, type Events, newEvents } from './events.js';
import type { KnownEntry } from './history.js';
import { modeOf, type TransactionMode } from './options.js';
import { type Plan, planOf, type Request } from './plan.js';
import { checkEdited, checkOrder, checkUnfinished } from './refuse.js';
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
}

/** The same with where each statement comes from. */
export interface WrittenMigration {
  readonly task: Task;
  readonly isTransaction: boolean;
  readonly statements: readonly WrittenStatement[];
  /** Why it could not be followed to its end; undefined when it was. */
  readonly failure: KnexMetaError | undefined;
}

/** What a run would do. */
export interface PlannedRun {
  readonly direction: Direction;
  readonly migrations: readonly PlannedMigration[];
}

/** Settings of a plan. */
export interface PlanOptions {
  readonly transaction?: TransactionMode | undefined;
  /** Refuses what a run with `strict` refuses. */
  readonly strict?: boolean | undefined;
  /** Refuses what a run with `strictOrder` refuses. */
  readonly strictOrder?: boolean | undefined;
}

/** Runs one migration in the sandbox. */
async function runIn(sandbox: Sandbox, engine: Engine, task: Task, isTransaction: boolean): Promise<void> {
  const view = migratorView(sandbox.db);
  const watch = watchStatements(view, engine.migrations);
  const run = (db: Knex) => withProcessing(db, async () => task.content[task.direction]?.(db));
  try {
    if (isTransaction) await view.transaction(run);
    else await run(view);
  } catch (error) {
    const own = isKnexMetaError(error) ? error : undefined;
    const words = wordsOf(error, watch.locate(error, task.entry.path));
    throw new KnexMetaError(
      own?.code ?? 'MIGRATION_FAILED',
      `${task.name} (${task.direction}) could not be planned: ${words}`,
      {
        remedy: own?.remedy || 'It would fail like this. Nothing was changed.',
        details: { ...own?.details, migration: task.name, direction: task.direction },
        cause: error,
      },
    );
  } finally {
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
): AsyncGenerator<WrittenMigration> {
  sandbox.take();
  for (const { isTransaction, tasks: group } of groupsOf(tasks, mode)) {
    for (const task of group) {
      const failure = await runIn(sandbox, engine, task, isTransaction).then(
        () => undefined,
        (error: KnexMetaError) => error,
      );
      yield { task, isTransaction, statements: sandbox.take(), failure };
    }
  }
}

/** The statements of tasks. Throws for the first one that fails. */
export async function captureTasks(
  sandbox: Sandbox,
  engine: Engine,
  tasks: readonly Task[],
  mode: TransactionMode,
): Promise<readonly PlannedMigration[]> {
  const planned: PlannedMigration[] = [];
  for await (const { task, isTransaction, statements, failure } of writeTasks(sandbox, engine, tasks, mode)) {
    if (failure !== undefined) throw failure;
    const { name, direction } = task;
    const texts = statements.filter(({ isBoundary }) => !isBoundary).map(({ sql }) => sql);
    planned.push({ name, direction, isTransaction, statements: texts });
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
export const isAdoption = (error: unknown): error is KnexMetaError =>
  isKnexMetaError(error) && error.code === 'ADOPT_REFUSED' && error.details.isAbsent === true;

/** The statements of migrations that begin with an empty database, of each that can be run without one. */
export async function captureOffline(
  engine: Engine,
  config: Knex.Config,
  entries: readonly KnownEntry[],
): Promise<Captured> {
  const planned: PlannedMigration[] = [];
  const unfollowed = new Map<string, Error>();
  const mode = modeOf({}, config.migrations ?? {});
  const sandbox = await engine.migrations.openSandbox(config, undefined);
  try {
    for (const entry of entries) {
      try {
        const tasks = await loadTasks({ direction: 'up', steps: [entry] });
        planned.push(...(await captureTasks(sandbox, engine, tasks, mode)));
      } catch (error) {
        unfollowed.set(entry.name, error as Error);
        planned.push({ name: entry.name, direction: 'up', isTransaction: true, statements: [] });
      }
    }
    return { planned, unfollowed };
  } finally {
    await sandbox.end();
  }
}

/** What a plan would run in a sandbox of this configuration. */
async function planIn(
  engine: Engine,
  config: Knex.Config,
  live: Knex | undefined,
  plan: Plan,
  mode: TransactionMode,
): Promise<PlannedRun> {
  if (plan.steps.length === 0) return { direction: plan.direction, migrations: [] };
  const tasks = await loadTasks(plan);
  const sandbox = await engine.migrations.openSandbox(config, live);
  try {
    return { direction: plan.direction, migrations: await captureTasks(sandbox, engine, tasks, mode) };
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
  return planIn(engine, config, undefined, planOf(request, found), mode);
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
  return planIn(engineOf(db), configOf(db), view, plan, mode);
}
