import { setTimeout as delay } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import type { MigrationEngine, RecordTables, RunLock, StatementLimits } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import { checksumOfEntry } from './entries.js';
import type { Events, MigrationRun } from './events.js';
import { interrupted } from './failure.js';
import { endLine, writeLines } from './journal.js';
import type { RunOptions } from './options.js';
import type { Settings } from './settings.js';
import type { Group, Task } from './task.js';
import { migratorView, withProcessing } from './views.js';

/** What the parts of a run share. */
export interface Execution {
  /** The project's Knex instance. */
  readonly db: Knex;
  /** The view that migrations and the record are worked on through. */
  readonly view: Knex;
  readonly engine: MigrationEngine;
  readonly tables: RecordTables;
  readonly settings: Settings;
  readonly options: RunOptions;
  readonly events: Events;
  readonly lock: RunLock;
  readonly batch: number;
  /** The name and version that the journal gets. */
  readonly tool: string;
  readonly progress: Progress;
}

/** Where a run is: what a failure is explained from. */
export interface Progress {
  active: Task | undefined;
  ranLast: string | undefined;
  isInTransaction: boolean;
  isEnding: boolean;
  /** Whose change stays, whatever happens now. */
  readonly stays: MigrationRun[];
  /** Who ran in the transaction that is open. */
  inGroup: MigrationRun[];
}

export function newProgress(): Progress {
  return {
    active: undefined,
    ranLast: undefined,
    isInTransaction: false,
    isEnding: false,
    stays: [],
    inGroup: [],
  };
}

const LONGEST_DELAY = 5000;
const CANCEL_EVERY = 150;
/** How long a migration that was interrupted has to come back from what it waits for. */
const ABORT_GRACE = 1000;

function record(db: Knex, { tableName, schemaName }: RecordTables): Knex.QueryBuilder {
  return schemaName === undefined ? db(tableName) : db(tableName).withSchema(schemaName);
}

async function recordStep(run: Execution, db: Knex, task: Task): Promise<void> {
  if (task.row === undefined) {
    await record(db, run.tables).insert({ name: task.name, batch: run.batch, migration_time: new Date() });
  } else {
    await record(db, run.tables).where({ id: task.row.id }).del();
  }
}

/** The migration itself, between the project's hooks. */
async function runContent({ settings, view, progress }: Execution, db: Knex, task: Task): Promise<void> {
  await settings.beforeEach?.(db, [task.entry.migration]);
  progress.active = task;
  const promise = task.content[task.direction]?.(db);
  if (typeof (promise as PromiseLike<unknown> | undefined)?.then !== 'function') {
    // Knex's own words: a forgotten `return` lets the migration end before its statements do.
    (view.client as { logger: { warn(message: string): void } }).logger.warn(
      `migration ${task.name} did not return a promise`,
    );
  }
  await promise;
  Object.assign(progress, { active: undefined, ranLast: task.name });
  await settings.afterEach?.(db, [task.entry.migration]);
}

/** Rejects as soon as the signal says so; what is going on is cancelled until it has ended. */
async function untilAborted<T>({ options, engine, db }: Execution, work: Promise<T>): Promise<T> {
  const { signal } = options;
  if (signal === undefined) return work;
  let stop = (): void => {};
  const aborted = new Promise<never>((_done, fail) => {
    stop = () => fail(interrupted(undefined, ''));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  let isOver = false;
  const over = work.then(
    () => {},
    () => {},
  );
  const cancelling = aborted.catch(async () => {
    while (!isOver) {
      await engine.cancel(db).catch(() => {});
      await Promise.race([over, delay(CANCEL_EVERY)]);
    }
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    throw signal.aborted ? interrupted(undefined, '') : error;
  } finally {
    signal.removeEventListener('abort', stop);
    isOver = !signal.aborted;
    if (signal.aborted) {
      // A statement that still runs would keep the connection, and its locks.
      await Promise.race([over, delay(ABORT_GRACE)]);
      isOver = true;
      await cancelling;
    }
  }
}

async function runTask(
  run: Execution,
  db: Knex,
  task: Task,
  isInTransaction: boolean,
): Promise<MigrationRun> {
  const { events, progress, tables, tool } = run;
  const { name, direction } = task;
  events.emit('migration:start', { name, direction });
  progress.isInTransaction = isInTransaction;
  const startedAt = new Date();
  const start = performance.now();
  const checksum = await checksumOfEntry(task.entry);
  if (!isInTransaction) {
    await writeLines(run.view, tables, tool, [{ name, direction, state: 'started', checksum, startedAt }]);
  }
  await withProcessing(db, () => untilAborted(run, runContent(run, db, task)));
  const duration = Math.round(performance.now() - start);
  const done: MigrationRun = { name, direction, duration };
  if (isInTransaction) {
    await recordStep(run, db, task);
    await writeLines(db, tables, tool, [{ name, direction, state: 'done', checksum, duration, startedAt }]);
  } else {
    await run.view.transaction(async (trx) => {
      await recordStep(run, trx, task);
      await endLine(trx, tables, name, 'done', duration);
    });
    progress.stays.push(done);
  }
  progress.inGroup.push(done);
  events.emit('migration:done', done);
  return done;
}

function lockLost(): KnexMetaError {
  return new KnexMetaError(
    'MIGRATIONS_LOCK_LOST',
    'The server ended the connection that held the lock of this run.',
    {
      remedy: 'Another run may have begun since, so this one stopped. Run the command again.',
    },
  );
}

function limitsOf({ options }: Execution): StatementLimits {
  const { lockTimeout, statementTimeout } = options;
  return { lockTimeout, statementTimeout };
}

/** Runs what shares a transaction; `around` are the project's hooks for the whole run, when this is all of it. */
async function runTogether(run: Execution, group: Group, around: Around, isLast: boolean): Promise<void> {
  const { view, engine, tables, lock, progress } = run;
  progress.inGroup = [];
  await view.transaction(async (trx) => {
    const isAlone = await engine.beginGroup(trx, tables, limitsOf(run));
    if (!isAlone || !(await lock.isHeld())) throw lockLost();
    await around.before(trx);
    for (const task of group.tasks) await runTask(run, trx, task, true);
    await around.after(trx);
    if (run.options.signal?.aborted) throw interrupted(undefined, '');
    if (isLast) await lock.freeIn(trx);
    progress.isEnding = true;
  });
  progress.isEnding = false;
  progress.stays.push(...progress.inGroup);
  progress.inGroup = [];
}

/** A migration without a transaction; with limits on connections of its own, which go with it. */
async function runAlone(run: Execution, task: Task): Promise<void> {
  const { db, view, engine, lock, options } = run;
  if (!(await lock.isHeld())) throw lockLost();
  const limits = limitsOf(run);
  const hasLimits = Object.values(limits).some((limit) => limit !== undefined);
  const config = (db.client as { config: Knex.Config }).config;
  const client = db.client.constructor as typeof Knex.Client;
  const own = hasLimits ? engine.limited({ ...config, client }, limits) : undefined;
  const separate = own === undefined || own.pool === config.pool ? undefined : knex(own);
  try {
    await runTask(run, separate === undefined ? view : migratorView(separate), task, false);
  } catch (error) {
    // One that was interrupted may be half done: its line stays open, and the next run says so.
    const isOpen = options.signal?.aborted || engine.kindOf(error) === 'connection-lost';
    if (!isOpen) await endLine(view, run.tables, task.name, 'failed', 0).catch(() => {});
    throw error;
  } finally {
    await separate?.destroy();
  }
}

interface Around {
  readonly before: (db: Knex) => unknown;
  readonly after: (db: Knex) => unknown;
}

const NOTHING: Around = { before: () => {}, after: () => {} };

/** Runs a group, again when a lock was not had in time and a transaction undid what it did. */
async function runGroup(run: Execution, group: Group, around: Around, isLast: boolean): Promise<void> {
  const { events, options, engine, progress } = run;
  const retries = options.retries ?? (options.lockTimeout === undefined ? 0 : 5);
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (group.isTransaction) await runTogether(run, group, around, isLast);
      else for (const task of group.tasks) await runAlone(run, task);
      return;
    } catch (error) {
      if (progress.isEnding) await engine.afterRefusedCommit(run.view);
      const canRetry = group.isTransaction && engine.kindOf(error) === 'busy' && attempt <= retries;
      if (!canRetry || options.signal?.aborted) throw error;
      const pause = Math.min(100 * 2 ** attempt, LONGEST_DELAY) * (0.5 + Math.random());
      events.emit('migration:retry', {
        name: progress.active?.name ?? group.tasks[0]?.name ?? '',
        attempt,
        delay: Math.round(pause),
        reason: (error as Error).message,
      });
      Object.assign(progress, { active: undefined, inGroup: [], isEnding: false });
      await delay(pause, undefined, { signal: options.signal }).catch(() => {});
    }
  }
}

/** Runs all groups, one after the other. */
export async function execute(run: Execution, groups: readonly Group[]): Promise<void> {
  const { settings, view } = run;
  const migrations = groups.flatMap(({ tasks }) => tasks).map(({ entry }) => entry.migration);
  const around: Around = {
    before: (db) => settings.beforeAll?.(db, migrations),
    after: (db) => settings.afterAll?.(db, migrations),
  };
  const [only, second] = groups;
  const isOne = second === undefined && only?.isTransaction === true;
  if (!isOne) await around.before(view);
  for (const group of groups) {
    if (run.options.signal?.aborted) throw interrupted(undefined, '');
    await runGroup(run, group, isOne ? around : NOTHING, isOne);
  }
  if (!isOne) await around.after(view);
}
