import type { Command } from './command.js';
import {
  DOWNGRADED,
  nameOf,
  RAN,
  RAN_BATCH,
  RUN_FLAGS,
  runAndReport,
  UNDONE,
  UNDONE_BATCH,
  UPGRADED,
} from './run.js';

export const migrateLatest: Command = {
  command: 'migrate:latest',
  describe: 'Run all migrations that have not yet been run',
  flags: RUN_FLAGS,
  examples: [
    ['knex-meta migrate:latest --env production', 'apply what is pending to the production database'],
  ],
  run: (context) => runAndReport(context, { kind: 'latest' }, RAN_BATCH),
};

export const migrateUp: Command = {
  command: 'migrate:up [name]',
  describe: 'Run the next migration, or the one that is named',
  flags: RUN_FLAGS,
  examples: [['knex-meta migrate:up', 'apply one migration']],
  run: (context) => runAndReport(context, { kind: 'up', name: nameOf(context) }, RAN),
};

export const migrateDown: Command = {
  command: 'migrate:down [name]',
  describe: 'Undo the last migration, or the one that is named',
  flags: RUN_FLAGS,
  examples: [['knex-meta migrate:down', 'undo the migration that was applied last']],
  run: (context) => runAndReport(context, { kind: 'down', name: nameOf(context) }, UNDONE),
};

export const migrateRollback: Command = {
  command: 'migrate:rollback',
  describe: 'Undo the last batch of migrations',
  flags: { ...RUN_FLAGS, all: { type: 'boolean', describe: 'undo every migration' } },
  examples: [['knex-meta migrate:rollback --all', 'undo everything']],
  run: (context) => runAndReport(context, { kind: 'rollback', all: context.args.all === true }, UNDONE_BATCH),
};

export const migrateTo: Command = {
  command: 'migrate:to <name>',
  describe: 'Run all migrations up to and with the named one',
  flags: RUN_FLAGS,
  examples: [['knex-meta migrate:to 20240102_add_profile.js', 'apply what is pending up to that file']],
  run: (context) => runAndReport(context, { kind: 'to', name: nameOf(context) ?? '' }, RAN),
};

export const migrateBefore: Command = {
  command: 'migrate:before <name>',
  describe: 'Run all migrations before the named one',
  flags: RUN_FLAGS,
  examples: [['knex-meta migrate:before 20240102_add_profile.js', 'stop short of that file']],
  run: (context) => runAndReport(context, { kind: 'before', name: nameOf(context) ?? '' }, RAN),
};

export const migrateUpgrade: Command = {
  command: 'migrate:upgrade [target]',
  describe: 'Run migrations up to a target: head, +2, a revision or its beginning, head-1, <rev>+1',
  flags: RUN_FLAGS,
  examples: [
    ['knex-meta migrate:upgrade', 'up to the head'],
    [
      'knex-meta migrate:upgrade +1 --lock-timeout 2s',
      'one migration, that gives up and tries again when a lock is held',
    ],
  ],
  run: (context) =>
    runAndReport(context, { kind: 'upgrade', target: String(context.args.target ?? 'head') }, UPGRADED),
};

export const migrateDowngrade: Command = {
  command: 'migrate:downgrade <target>',
  describe: 'Undo migrations down to a target, which stays: -1, base, a revision or its beginning',
  flags: RUN_FLAGS,
  examples: [
    ['knex-meta migrate:downgrade -1', 'undo the migration that was applied last'],
    ['knex-meta migrate:downgrade base', 'undo everything'],
  ],
  run: (context) =>
    runAndReport(context, { kind: 'downgrade', target: String(context.args.target) }, DOWNGRADED),
};
