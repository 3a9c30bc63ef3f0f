import type { Knex } from 'knex';
import { toolName } from '../config/version.js';
import { isLost, type MigrationEngine } from '../engines/migrations.js';
import type { KnexMetaError } from '../errors.js';
import { lastBatch } from './applied.js';
import { makeBackup } from './backup.js';
import { withCause } from './engineErrors.js';
import type { Entry } from './entries.js';
import type { MigrationRun } from './events.js';
import { execute } from './execute.js';
import { newProgress, type Progress } from './execution.js';
import { explainFailure } from './failure.js';
import { readLines } from './journal.js';
import { type Project, withLock } from './locked.js';
import { modeOf, type RunOptions } from './options.js';
import { type Plan, planOf, type Request } from './plan.js';
import { readRecord } from './record.js';
import {
  checkEdited,
  checkLimits,
  checkOrder,
  checkUnfinished,
  noMigrations,
  warnOfForks,
} from './refuse.js';
import { engineOf, recordTables } from './settings.js';
import { checkMissing, checkPending, type Found, readSituation } from './situation.js';
import { listMigrationFiles } from './source.js';
import { groupsOf, loadTasks } from './task.js';
import { withMigratorView } from './views.js';
import { type Watch, watchStatements, wordsOf } from './watch.js';

/** What a call did. */
export interface RunResult {
  /** The batch that was added or undone; 0 when nothing was to do. */
  readonly batch: number;
  readonly migrations: readonly MigrationRun[];
}

const NOTHING: RunResult = { batch: 0, migrations: [] };

/** Requests that name revisions need the whole history; the others the pending files alone. */
const WHOLE: ReadonlySet<Request['kind']> = new Set(['upgrade', 'downgrade']);
const DOWN: ReadonlySet<Request['kind']> = new Set(['down', 'rollback', 'downgrade']);

/** The failure in words, with what the run's progress says of the state. */
function explained(
  error: unknown,
  request: Request,
  progress: Progress,
  engine: MigrationEngine,
  watch: Watch,
): KnexMetaError {
  const { active, stays, inGroup, ranLast, isInTransaction, isEnding } = progress;
  const at = watch.locate(error, active?.entry.path);
  const words = wordsOf(error, at);
  if (error instanceof Error && words !== error.message) error.message = words;
  const isRecorded = stays.some(({ name }) => name === ranLast);
  return explainFailure(error, {
    active: active?.name,
    isUnrecorded: active === undefined && ranLast !== undefined && !isInTransaction && !isRecorded,
    ranLast,
    isInTransaction,
    isCommitUnknown: isEnding && isLost(engine.kindOf(error)),
    direction: DOWN.has(request.kind) ? 'down' : 'up',
    stays: stays.map(({ name }) => name),
    undone: isInTransaction ? inGroup.map(({ name }) => name) : [],
    at,
  });
}

/** Reads what there is, and what is to be done about it. */
async function look(
  { settings }: Project,
  view: Knex,
  request: Request,
  loaded: Map<string, Entry>,
): Promise<{ readonly found: Found; readonly plan: Plan }> {
  const found = await readSituation(view, settings, WHOLE.has(request.kind), loaded);
  await checkMissing(view, settings, found);
  const isEmpty = found.entries.length + found.applied.length === 0;
  if (isEmpty && settings.migrationSource === undefined && !DOWN.has(request.kind))
    throw noMigrations(settings);
  checkPending(found);
  return { found, plan: planOf(request, found) };
}

/** Whether every file is applied and every applied one has its file, by names alone: most runs end here. */
async function isUpToDate({ settings }: Project, view: Knex): Promise<boolean> {
  const { applied, flags } = await readRecord(view, settings);
  if (applied.length === 0 || flags.some((flag) => flag !== 0) || settings.migrationSource !== undefined)
    return false;
  const recorded = applied.map(({ name }) => name);
  const files = await listMigrationFiles(settings, recorded);
  const names = new Set(recorded);
  return files.length === names.size && files.every(({ name }) => names.has(name));
}

/**
 * Does what is asked for, alone: reads, plans, waits for the lock, reads and plans again, runs.
 *
 * @throws KnexMetaError see `createMigrator`
 */
export function runRequest(project: Project, request: Request, options: RunOptions = {}): Promise<RunResult> {
  return withMigratorView(project.db, (view) => runOn(view, project, request, options));
}

async function runOn(
  view: Knex,
  project: Project,
  request: Request,
  options: RunOptions,
): Promise<RunResult> {
  const { db, settings, events } = project;
  const engine = engineOf(db);
  const tables = recordTables(settings);
  const watch = watchStatements(view, engine.migrations);
  const progress = newProgress();
  const loaded = new Map<string, Entry>();
  try {
    if (!DOWN.has(request.kind)) {
      const warning = await engine.prepareSchemas(view, tables);
      if (warning !== undefined) events.emit('warning', { message: warning });
    }
    const isQuick = request.kind === 'latest' && !options.strict && (await isUpToDate(project, view));
    if (isQuick && (await readLines(view, tables, true)).length === 0) return NOTHING;
    const first = await look(project, view, request, loaded);
    if (options.strict) await checkEdited(view, settings, first.found);
    // A migration that has begun and not ended may be another run's at this moment: the lock tells.
    const hasUnfinished = (await readLines(view, tables, true)).length > 0;
    // A flag of ours: of a run that is under way, or that was killed and is cleared up after.
    const hasFlag = first.found.flags.includes(engine.migrations.ownFlag ?? Number.NaN);
    if (!hasUnfinished && !hasFlag && first.plan.steps.length === 0) return NOTHING;
    await loadTasks(first.plan);
    return await withLock(project, view, options, async (lock, changed, there) => {
      const { found, plan } = await look(project, view, request, loaded);
      const isResumed = await checkUnfinished(view, tables, () => loadTasks(plan));
      if (plan.steps.length === 0) return NOTHING;
      checkOrder(found, plan, options.strictOrder === true, events);
      warnOfForks(plan, events);
      if (options.statementTimeout !== undefined && !engine.migrations.hasStatementTimeout) {
        events.emit('warning', { message: `${engine.title} has no statement timeout: it is left out` });
      }
      const tasks = await loadTasks(plan);
      const groups = groupsOf(tasks, modeOf(options, settings));
      await checkLimits(view, engine.migrations, options, groups);
      if (options.backup) await makeBackup(view, engine, options.backup, events);
      const highest = lastBatch(found.applied);
      const batch = plan.direction === 'up' ? highest + 1 : highest;
      events.emit('run:start', { direction: plan.direction, migrations: tasks.map(({ name }) => name) });
      changed();
      await execute(
        {
          ...project,
          view,
          engine: engine.migrations,
          tables: there,
          options,
          lock,
          batch,
          tool: toolName(),
          progress,
          isResumed,
          watch: watch.add,
        },
        groups,
      );
      const result = { batch, migrations: [...progress.stays] };
      events.emit('run:done', result);
      return result;
    });
  } catch (error) {
    const { active } = progress;
    if (active !== undefined) {
      events.emit('migration:failed', { name: active.name, direction: active.direction, error });
    }
    const said = explained(error, request, progress, engine.migrations, watch);
    throw await withCause(said, error, engine.migrations, view);
  } finally {
    watch.end();
  }
}
