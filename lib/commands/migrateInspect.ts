import { absentFile, missingFile } from '../cli/project.js';
import { createMigrator, type Migrator } from '../migrator/createMigrator.js';
import { filesMissing } from '../migrator/failure.js';
import { type MigrationStatus, type PendingStatus, statusWithoutDatabase } from '../migrator/status.js';
import { runUnderWay } from '../migrator/underWay.js';
import type { Command, Context } from './command.js';

async function readBy<Read>(
  { project, database }: Context,
  read: (migrator: Migrator) => Promise<Read>,
): Promise<Read | MigrationStatus> {
  const { config, extension } = await project();
  if (absentFile(config) !== undefined) return statusWithoutDatabase({ ...config.migrations, extension });
  const { db } = await database();
  return read(createMigrator(db));
}

/** The run that works on the project's database now. */
export async function otherRun({ project, database }: Context) {
  const { config } = await project();
  return runUnderWay((await database()).db, config.migrations ?? {});
}

/** The status, without making a database that is not there. */
export const readStatus = (context: Context): Promise<MigrationStatus> =>
  readBy(context, (migrator) => migrator.status());

/** The status without reading a file, and without making a database that is not there. */
export const readPending = (context: Context): Promise<PendingStatus> =>
  readBy(context, (migrator) => migrator.pending());

export const migrateList: Command = {
  command: 'migrate:list',
  aliases: ['migrate:status'],
  describe: 'List the migrations that are applied and those that are pending; writes nothing',
  examples: [['knex-meta migrate:list --json', 'the same as one JSON document']],
  run: async (context) => {
    const { output } = context;
    const { config } = await context.project();
    // A path that no driver can open is refused here; the checks tell it as a finding.
    missingFile(config);
    const { applied, pending, missing, edited, unfinished } = await readStatus(context);
    if (applied.length === 0) output.line(output.style('red', 'No Completed Migration files Found.'));
    else output.line(output.style('green', `Found ${applied.length} Completed Migration file/files.`));
    for (const { name } of applied) output.line(output.style('cyan', name));
    if (pending.length === 0) output.line(output.style('red', 'No Pending Migration files Found.'));
    else output.line(output.style('green', `Found ${pending.length} Pending Migration file/files.`));
    for (const name of pending) output.line(output.style('cyan', name));
    for (const name of edited) output.warn(`${name} was edited after it was applied`);
    const other = unfinished.length === 0 ? undefined : await otherRun(context);
    for (const name of unfinished) {
      if (other !== undefined) output.warn(`${name} is being run now by ${other.holder}`);
      else
        output.warn(`${name} was begun without a transaction and did not end: npx knex-meta migrate:resolve`);
    }
    // As stock Knex fails, so a script that relies on it stays right; here the list is shown all the same.
    if (missing.length > 0 && !config.migrations?.disableMigrationsListValidation) {
      throw filesMissing(missing, { applied, pending });
    }
    for (const name of missing) output.warn(`${name} is recorded as applied, and its file is missing`);
    return { data: { ok: true, applied, pending, missing, edited, unfinished } };
  },
};

export const migrateCurrentVersion: Command = {
  command: 'migrate:currentVersion',
  describe: 'Show the number of the newest applied migration; writes nothing',
  examples: [['knex-meta migrate:currentVersion', 'prints none for an empty database']],
  run: async (context) => {
    const { config } = await context.project();
    const isMissing = missingFile(config) !== undefined;
    const version = isMissing ? 'none' : await createMigrator((await context.database()).db).currentVersion();
    context.output.line(
      `${context.output.style('green', 'Current Version: ')}${context.output.style('cyan', version)}`,
    );
    return { data: { ok: true, version } };
  },
};

export const migrateUnlock: Command = {
  command: 'migrate:unlock',
  describe: 'Free the lock that a stock Knex left which was killed; a run of knex-meta leaves none',
  examples: [['knex-meta migrate:unlock', 'only when no other run is under way']],
  run: async (context) => {
    await createMigrator((await context.database()).db).unlock();
    // Knex's own words, with its own spelling: scripts may look for them.
    context.output.line(context.output.style('green', 'Succesfully unlocked the migrations lock table'));
    return { data: { ok: true } };
  },
};
