import type { Direction } from './events.js';
import { filesMissing } from './failure.js';
import type { KnownEntry } from './history.js';
import type { TransactionMode } from './options.js';
import type { Plan } from './plan.js';
import type { AppliedMigration } from './record.js';
import type { MigrationContent } from './source.js';

/** One migration that is about to run, loaded. */
export interface Task {
  readonly entry: KnownEntry;
  readonly name: string;
  readonly content: MigrationContent;
  readonly direction: Direction;
  /** The row that goes, for one that is undone. */
  readonly row: AppliedMigration | undefined;
}

/** Tasks that share a transaction, or one that has none. */
export interface Group {
  readonly isTransaction: boolean;
  readonly tasks: readonly Task[];
}

/**
 * Loads what a plan will run, before anything runs.
 *
 * @throws KnexMetaError MIGRATION_LOAD_FAILED, MIGRATION_INVALID, MIGRATION_FILES_MISSING
 */
export async function loadTasks(plan: Plan): Promise<readonly Task[]> {
  const { direction } = plan;
  const steps =
    plan.direction === 'up'
      ? plan.steps.map((entry) => ({ entry, row: undefined, name: entry.name }))
      : plan.steps.map(({ entry, row }) => ({ entry, row, name: row.name }));
  const gone = steps.filter(({ entry }) => entry === undefined).map(({ name }) => name);
  if (gone.length > 0) throw filesMissing(gone, {});
  const tasks: Task[] = [];
  for (const { entry, row, name } of steps) {
    if (entry !== undefined) tasks.push({ entry, row, name, direction, content: await entry.load() });
  }
  return tasks;
}

/** What shares a transaction. One migration without one does not change the others. */
export function groupsOf(tasks: readonly Task[], mode: TransactionMode): readonly Group[] {
  const groups: { isTransaction: boolean; tasks: Task[] }[] = [];
  for (const task of tasks) {
    const isTransaction = task.content.config?.transaction ?? mode !== 'none';
    const last = groups.at(-1);
    if (isTransaction && mode === 'all' && last?.isTransaction) last.tasks.push(task);
    else groups.push({ isTransaction, tasks: [task] });
  }
  return groups;
}
