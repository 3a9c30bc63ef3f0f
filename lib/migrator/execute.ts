import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { type Execution, limitsOf, lockLost } from './execution.js';
import { interrupted } from './failure.js';
import { type NewLine, writeLines } from './journal.js';
import { runAlone } from './runAlone.js';
import { runTask } from './runTask.js';
import { checkStillDue } from './stillDue.js';
import type { Group } from './task.js';

const LONGEST_DELAY = 5000;

/** Runs what shares a transaction; `around` are the project's hooks for the whole run, when this is all of it. */
async function runTogether(run: Execution, group: Group, around: Around, isLast: boolean): Promise<void> {
  const { view, engine, tables, lock, progress } = run;
  progress.inGroup = [];
  await view.transaction(async (trx) => {
    const isAlone = await engine.beginGroup(trx, tables, limitsOf(run));
    if (!isAlone || !(await lock.isHeld())) throw lockLost();
    await checkStillDue(trx, tables, group.tasks);
    await around.before(trx);
    const lines: NewLine[] = [];
    for (const task of group.tasks) lines.push(await runTask(run, trx, task, true));
    await writeLines(trx, tables, run.tool, lines);
    await around.after(trx);
    if (run.options.signal?.aborted) throw interrupted(undefined, '');
    if (isLast) await lock.freeIn(trx);
    progress.isEnding = true;
  });
  progress.isEnding = false;
  progress.stays.push(...progress.inGroup);
  progress.inGroup = [];
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
