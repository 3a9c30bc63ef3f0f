import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileFinding, tablesFinding } from '../checks/absent.js';
import type { Finding } from '../checks/finding.js';
import { absentFile, engineOf } from '../cli/project.js';
import { configOf } from '../config/connections.js';
import { captureFromEmpty } from '../migrator/capture.js';
import { newAccount } from '../migrator/expected.js';
import { ownTables } from '../migrator/journal.js';
import { revisionOf } from '../migrator/revision.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import type { Context } from './command.js';
import { readFiles, readFilesIfAny } from './migrateHistory.js';
import { readPending } from './migrateInspect.js';

/** The finding that the database is a file which is not there; undefined when it is there. Makes nothing. */
export async function findMissingFile(context: Context): Promise<Finding | undefined> {
  const { config, environment } = await context.project();
  const file = absentFile(config);
  if (file === undefined) return undefined;
  const hasFolder = existsSync(dirname(file));
  const files = await readFilesIfAny(context);
  const hasMigrations = files !== undefined && files.history.revisions.length > 0;
  return fileFinding({ file, hasFolder, environment, hasMigrations });
}

/** What is said of a database without a table to check. */
interface NoTables {
  readonly finding?: Finding | undefined;
  readonly note?: string;
}

/** The tables that the applied migrations leave, as far as their statements say it, and those that are sure to be left. */
async function tablesLeft(
  context: Context,
  applied: ReadonlySet<string>,
): Promise<{ readonly all: ReadonlySet<string>; readonly sure: readonly string[] }> {
  const { config, extension } = await context.project();
  const { db } = await context.database();
  const { history } = await readFiles(context);
  const entries = history.revisions.filter(({ revision }) => applied.has(revision));
  const migrations = { ...config.migrations, extension };
  const { planned, unfollowed } = await captureFromEmpty(
    engineOf(config),
    { ...configOf(db), migrations },
    entries,
  );
  const account = newAccount();
  for (const { name, statements } of planned) for (const sql of statements) account.apply(name, sql);
  const own = ownTables(recordTables(migrations));
  const left = account.things().filter(({ kind, name }) => kind === 'table' && !own.includes(name));
  const others = entries.filter(({ name }) => unfollowed.has(name));
  const texts = await Promise.all(others.map(async (entry) => (await entry.text()) ?? ''));
  const sure = left.filter(
    ({ name, isUnsure }) => isUnsure !== true && !texts.some((text) => text.includes(name)),
  );
  return { all: new Set(left.map(({ name }) => name)), sure: [...new Set(sure.map(({ name }) => name))] };
}

/** What a database without a table to check should have. Throws MIGRATIONS_DIRECTORY_MISSING. */
export async function findMissingTables(context: Context): Promise<NoTables> {
  const { applied, pending } = await readPending(context);
  if (pending.length > 0) return { finding: tablesFinding(pending, []) };
  const { all, sure } = await tablesLeft(context, new Set(applied.map(({ name }) => revisionOf(name))));
  const { config } = await context.project();
  const { db } = await context.database();
  const { tables } = await engineOf(config).introspect(plainView(db));
  const elsewhere = tables.filter(({ name }) => all.has(name));
  if (elsewhere.length === 0) return { finding: tablesFinding([], sure) };
  const schemas = [...new Set(elsewhere.flatMap(({ schema }) => schema ?? []))];
  return {
    note: `no table is on the search path; those of the applied migrations are in the schema ${schemas.join(', ')}: name it in \`searchPath\` of the knexfile to check them`,
  };
}
