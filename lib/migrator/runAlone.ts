import { configOf, openKnex } from '../config/connections.js';
import { isLost } from '../engines/migrations.js';
import { type Execution, limitsOf, lockLost } from './execution.js';
import { endLine } from './journal.js';
import { runTask } from './runTask.js';
import type { Task } from './task.js';
import { migratorView } from './views.js';

/** A migration without a transaction; with limits on connections of its own, which go with it. */
export async function runAlone(run: Execution, task: Task): Promise<void> {
  const { db, view, engine, lock, options } = run;
  if (!(await lock.isHeld())) throw lockLost();
  const limits = limitsOf(run);
  const hasLimits = Object.values(limits).some((limit) => limit !== undefined);
  const config = configOf(db);
  const own = hasLimits ? engine.limited(config, limits) : undefined;
  const separate = own === undefined || own.pool === config.pool ? undefined : openKnex(own);
  try {
    const chosen = separate === undefined ? view : migratorView(separate);
    if (separate !== undefined) run.watch(chosen);
    await runTask(run, chosen, task, false);
  } catch (error) {
    // One that was interrupted may be half done, and one that ran to its end is there without a record of it: its
    // line stays open, and the next run says so.
    const hasRun = run.progress.active === undefined && run.progress.ranLast === task.name;
    // What goes on by itself is half done too, and is either gone on with or undone.
    const isResumable = task.content.config?.resumable === true;
    const isOpen = hasRun || isResumable || options.signal?.aborted || isLost(engine.kindOf(error));
    if (!isOpen && run.progress.hasOpenLine) {
      await endLine(view, run.tables, task.name, 'failed', 0).catch(() => {});
      run.progress.hasOpenLine = false;
    }
    throw error;
  } finally {
    await separate?.destroy();
  }
}
