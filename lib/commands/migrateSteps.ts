import type { Command } from './command.js';
import {
  DISABLE_TRANSACTIONS,
  nameOf,
  RAN,
  RAN_BATCH,
  runAndReport,
  runOptions,
  UNDONE,
  UNDONE_BATCH,
} from './run.js';

export const migrateLatest: Command = {
  command: 'migrate:latest',
  describe: 'Run all migrations that have not yet been run',
  flags: DISABLE_TRANSACTIONS,
  examples: [
    ['knex-meta migrate:latest --env production', 'apply what is pending to the production database'],
  ],
  run: (context) => runAndReport(context, (migrator) => migrator.latest(runOptions(context)), RAN_BATCH),
};

export const migrateUp: Command = {
  command: 'migrate:up [name]',
  describe: 'Run the next migration, or the one that is named',
  flags: DISABLE_TRANSACTIONS,
  examples: [['knex-meta migrate:up', 'apply one migration']],
  run: (context) =>
    runAndReport(context, (migrator) => migrator.up(nameOf(context), runOptions(context)), RAN),
};

export const migrateDown: Command = {
  command: 'migrate:down [name]',
  describe: 'Undo the last migration, or the one that is named',
  flags: DISABLE_TRANSACTIONS,
  examples: [['knex-meta migrate:down', 'undo the migration that was applied last']],
  run: (context) =>
    runAndReport(context, (migrator) => migrator.down(nameOf(context), runOptions(context)), UNDONE),
};

export const migrateRollback: Command = {
  command: 'migrate:rollback',
  describe: 'Undo the last batch of migrations',
  flags: { ...DISABLE_TRANSACTIONS, all: { type: 'boolean', describe: 'undo every migration' } },
  examples: [['knex-meta migrate:rollback --all', 'undo everything']],
  run: (context) =>
    runAndReport(
      context,
      (migrator) => migrator.rollback({ ...runOptions(context), all: context.args.all === true }),
      UNDONE_BATCH,
    ),
};

export const migrateTo: Command = {
  command: 'migrate:to <name>',
  describe: 'Run all migrations up to and with the named one',
  flags: DISABLE_TRANSACTIONS,
  examples: [['knex-meta migrate:to 20240102_add_profile.js', 'apply what is pending up to that file']],
  run: (context) =>
    runAndReport(context, (migrator) => migrator.to(nameOf(context) ?? '', runOptions(context)), RAN),
};

export const migrateBefore: Command = {
  command: 'migrate:before <name>',
  describe: 'Run all migrations before the named one',
  flags: DISABLE_TRANSACTIONS,
  examples: [['knex-meta migrate:before 20240102_add_profile.js', 'stop short of that file']],
  run: (context) =>
    runAndReport(context, (migrator) => migrator.before(nameOf(context) ?? '', runOptions(context)), RAN),
};
