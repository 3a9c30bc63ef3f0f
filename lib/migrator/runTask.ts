import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { Knex } from 'knex';
import { untilAborted } from './abort.js';
import { checksumOfEntry } from './entries.js';
import type { MigrationRun } from './events.js';
import { type Execution, limitsOf, lockLost } from './execution.js';
import { interrupted } from './failure.js';
import { endLine, type NewLine, writeLines } from './journal.js';
import { rowsOf } from './recordAccess.js';
import { checkNotStarted } from './stillDue.js';
import type { Task } from './task.js';
import { withProcessing } from './views.js';

async function recordStep(run: Execution, db: Knex, task: Task): Promise<void> {
  const record = rowsOf(db, run.tables, run.tables.tableName);
  if (task.row === undefined) {
    await record.insert({ name: task.name, batch: run.batch, migration_time: new Date() });
  } else {
    await record.where({ id: task.row.id }).del();
  }
}

/** The migration is done: another program that writes for long must not keep it from being recorded. */
const ATTEMPTS_TO_RECORD = 20;

async function whateverWrites({ engine }: Execution, record: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await record();
      return;
    } catch (error) {
      if (engine.kindOf(error) !== 'busy' || attempt === ATTEMPTS_TO_RECORD) throw error;
      await delay(250);
    }
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

/** Runs one migration, and records it. In a transaction the line that it returns is still to be written. */
export async function runTask(
  run: Execution,
  db: Knex,
  task: Task,
  isInTransaction: boolean,
): Promise<NewLine> {
  const { events, progress, tables, tool } = run;
  const { name, direction } = task;
  // A driver that works in this process never waits: without a turn no signal would be heard before the end.
  await setImmediate();
  if (run.options.signal?.aborted) throw interrupted(undefined, '');
  events.emit('migration:start', { name, direction });
  progress.isInTransaction = isInTransaction;
  const startedAt = new Date();
  const start = performance.now();
  const checksum = await checksumOfEntry(task.entry);
  if (!isInTransaction) {
    const started: NewLine = { name, direction, state: 'started', checksum, startedAt };
    await run.view.transaction(async (trx) => {
      const isAlone = await run.engine.beginGroup(trx, tables, limitsOf(run));
      if (!isAlone) throw lockLost();
      // The new line takes the place of the one that the killed run has left.
      if (run.isResumed) await endLine(trx, tables, name, 'failed', 0);
      await checkNotStarted(trx, tables, task);
      await writeLines(trx, tables, tool, [started]);
    });
    progress.hasOpenLine = true;
  }
  await withProcessing(db, () => untilAborted(run, db, runContent(run, db, task)));
  const duration = Math.round(performance.now() - start);
  const done: MigrationRun = { name, direction, duration };
  if (isInTransaction) {
    await recordStep(run, db, task);
  } else {
    await whateverWrites(run, () =>
      run.view.transaction(async (trx) => {
        await recordStep(run, trx, task);
        await endLine(trx, tables, name, 'done', duration);
      }),
    );
    progress.hasOpenLine = false;
    progress.stays.push(done);
  }
  progress.inGroup.push(done);
  events.emit('migration:done', done);
  return { name, direction, state: 'done', checksum, duration, startedAt };
}
