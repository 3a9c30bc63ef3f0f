import { KnexMetaError } from '../errors.js';
import { createMigrator, type Migrator } from '../migrator/createMigrator.js';
import type { Command, Context } from './command.js';
import { LOCK_WAIT_FLAG, readLockWait, tellEvents } from './run.js';

async function openMigrator(context: Context): Promise<Migrator> {
  const migrator = createMigrator((await context.database()).db);
  tellEvents(migrator, context);
  return migrator;
}

export const migrateStamp: Command = {
  command: 'migrate:stamp <target>',
  describe: 'Set the record of applied migrations to a revision without running anything',
  flags: {
    purge: { type: 'boolean', describe: 'forget also those that have no file any more' },
    yes: { type: 'boolean', describe: 'let it forget migrations that are recorded as applied' },
    ...LOCK_WAIT_FLAG,
  },
  examples: [
    ['knex-meta migrate:stamp head', 'a database that has everything already, from before'],
    ['knex-meta migrate:stamp 20240102 --purge --yes', 'the record names files that are gone'],
  ],
  run: async (context) => {
    const { args, output } = context;
    const lockWait = readLockWait(args);
    const migrator = await openMigrator(context);
    const result = await migrator.stamp(String(args.target), {
      purge: args.purge === true,
      force: args.yes === true,
      lockWait,
    });
    for (const name of result.added) output.line(`+ ${name}`);
    for (const name of result.removed) output.line(`- ${name}`);
    const isSame = result.added.length + result.removed.length === 0;
    output.line(
      isSame
        ? output.style('cyan', 'The record says so already')
        : output.style('green', `The record is at ${result.revision ?? 'base'}; no migration was run`),
    );
    return { data: { ok: true, ...result } };
  },
};

export const migrateResolve: Command = {
  command: 'migrate:resolve <revision>',
  describe: 'Say how a migration without a transaction ended that was killed',
  flags: {
    applied: { type: 'boolean', describe: 'all of it is there' },
    undone: { type: 'boolean', describe: 'nothing of it is there' },
    ...LOCK_WAIT_FLAG,
  },
  examples: [['knex-meta migrate:resolve 20240102_index --undone', 'it will be run again']],
  run: async (context) => {
    const { args, output } = context;
    if ((args.applied === true) === (args.undone === true)) {
      throw new KnexMetaError('USAGE', 'Say how it ended: --applied or --undone.', {
        remedy: 'Compare the database with the file first. Nothing was changed.',
      });
    }
    const lockWait = readLockWait(args);
    const migrator = await openMigrator(context);
    const result = await migrator.resolve(
      String(args.revision),
      args.applied === true ? 'applied' : 'undone',
      { lockWait },
    );
    output.line(output.style('green', `${result.name} is recorded as ${result.resolution}`));
    return { data: { ok: true, ...result } };
  },
};
