import type { Knex } from 'knex';
import type { MigrationEngine, RecordTables } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import { editedMigrations } from './edited.js';
import type { Events } from './events.js';
import { type JournalLine, latestUps, readLines } from './journal.js';
import type { RunOptions } from './options.js';
import { outOfOrder, type Plan, type Situation } from './plan.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';
import type { Found } from './situation.js';
import type { Group, Task } from './task.js';

function unfinished({ name, direction, startedAt, runBy }: JournalLine): KnexMetaError {
  const when = startedAt === undefined ? '' : ` at ${startedAt.toISOString()}`;
  const revision = revisionOf(name);
  const ended = direction === 'down' ? 'undone' : 'applied';
  return new KnexMetaError(
    'MIGRATION_UNFINISHED',
    `${name} was begun (${direction}) without a transaction${when} by ${runBy}, and did not say that it ended: it may be half done.`,
    {
      remedy: [
        'Compare the database with the file.',
        direction === 'down'
          ? `When all of it is undone: \`npx knex-meta migrate:resolve ${revision} --undone\`.`
          : `When all of it is there: \`npx knex-meta migrate:resolve ${revision} --applied\`.`,
        `When what it did is taken back by hand, or it can run again as it is: \`npx knex-meta migrate:resolve ${revision} ${direction === 'down' ? '--applied' : '--undone'}\`, then run the command again.`,
        ...(direction === 'down'
          ? []
          : [
              `To undo it by its own \`down\`: \`npx knex-meta migrate:resolve ${revision} --applied\`, then \`npx knex-meta migrate:down ${revision}\`.`,
            ]),
        'No migration was run.',
      ].join(' '),
      details: { migration: name, direction, expected: ended, startedAt, runBy },
    },
  );
}

/**
 * Throws MIGRATION_UNFINISHED when a migration without a transaction was begun and did not end, unless it says that
 * it goes on by itself and is about to. Under the lock.
 *
 * @returns whether there is one that goes on
 */
export async function checkUnfinished(
  view: Knex,
  tables: RecordTables,
  readTasks: () => Promise<readonly Task[]>,
): Promise<boolean> {
  const open = await readLines(view, tables, true);
  if (open.length === 0) return false;
  const tasks = await readTasks();
  const stuck = open.find(
    ({ name, direction }) =>
      !tasks.some(
        (task) =>
          task.direction === direction &&
          revisionOf(task.name) === revisionOf(name) &&
          task.content.config?.resumable === true,
      ),
  );
  if (stuck !== undefined) throw unfinished(stuck);
  return true;
}

/** Throws MIGRATION_EDITED when an applied file says something else than when it was applied. */
export async function checkEdited(view: Knex, settings: Settings, found: Found): Promise<void> {
  const lines = await readLines(view, recordTables(settings));
  const edited = await editedMigrations(found.applied, found.entries, latestUps(lines));
  if (edited.length === 0) return;
  throw new KnexMetaError('MIGRATION_EDITED', `Applied migrations were edited: ${edited.join(', ')}.`, {
    remedy:
      'Put the files back as they were applied, and write the change as a new migration. Nothing was run; without --strict they are let through.',
    details: { edited },
  });
}

/** Says, or with `isStrict` refuses, that a pending migration is older than one that is applied. */
export function checkOrder(situation: Situation, plan: Plan, isStrict: boolean, events: Events): void {
  if (plan.direction === 'down') return;
  const steps = new Set(plan.steps.map(({ revision }) => revision));
  const older = outOfOrder(situation)
    .filter(({ revision }) => steps.has(revision))
    .map(({ name }) => name);
  if (older.length === 0) return;
  const verb = older.length === 1 ? 'comes' : 'come';
  const message = `${older.join(', ')} ${verb} before a migration that is applied already`;
  if (!isStrict) {
    events.emit('warning', { message });
    return;
  }
  throw new KnexMetaError('MIGRATION_OUT_OF_ORDER', `${message}.`, {
    remedy:
      'Give it a newer time stamp (it was probably merged later), or leave --strict-order out. Nothing was run.',
    details: { migrations: older },
  });
}

/** Says that two pending migrations follow the same one: nobody has yet looked at both together. */
export function warnOfForks(plan: Plan, events: Events): void {
  if (plan.direction === 'down') return;
  const children = new Map<string, string[]>();
  for (const { name, revises = [] } of plan.steps) {
    for (const parent of revises) children.set(parent, [...(children.get(parent) ?? []), name]);
  }
  const joined = new Set(
    plan.steps.filter(({ revises = [] }) => revises.length > 1).flatMap(({ revises = [] }) => revises),
  );
  for (const [parent, names] of children) {
    const open = names.filter((name) => !joined.has(revisionOf(name)));
    if (names.length < 2 || open.length < 2) continue;
    events.emit('warning', {
      message: `${names.join(' and ')} both revise ${parent}: \`npx knex-meta migrate:heads\` shows the tables that both touch`,
    });
  }
}

/** Throws USAGE when limits for a migration without a transaction would stay on a pooler's server connections. */
export async function checkLimits(
  view: Knex,
  engine: MigrationEngine,
  { lockTimeout, statementTimeout }: RunOptions,
  groups: readonly Group[],
): Promise<void> {
  const hasLimits = lockTimeout !== undefined || statementTimeout !== undefined;
  const alone = groups.find(({ isTransaction }) => !isTransaction)?.tasks[0];
  if (!hasLimits || alone === undefined || !(await engine.keepsNoSession(view))) return;
  throw new KnexMetaError(
    'USAGE',
    `${alone.name} runs without a transaction, and a pooler shares the server's connections: --lock-timeout and --statement-timeout would stay set for other clients.`,
    {
      remedy:
        'Connect to the server itself for this run, or run it without the two flags. No migration was run.',
      details: { migration: alone.name },
    },
  );
}

/** A run up in a project that has no migration at all. */
export function noMigrations(settings: Settings): KnexMetaError {
  const directories = [settings.directory ?? './migrations'].flat().join(', ');
  return new KnexMetaError('MIGRATIONS_NONE', `There is no migration in ${directories}.`, {
    remedy:
      'Make a first one with `npx knex-meta migrate:make <name>`, or correct `migrations.directory` in the knexfile.',
    details: { directories },
  });
}
