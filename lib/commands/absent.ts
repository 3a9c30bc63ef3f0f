import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileFinding, tablesFinding } from '../checks/absent.js';
import type { Finding } from '../checks/finding.js';
import { missingFile } from '../cli/project.js';
import { revisionOf } from '../migrator/revision.js';
import { tablesOf } from '../migrator/text.js';
import type { Context } from './command.js';
import { readFiles, readFilesIfAny } from './migrateHistory.js';
import { readPending } from './migrateInspect.js';

/** The finding that the database is a file which is not there; undefined when it is there. Makes nothing. */
export async function findMissingFile(context: Context): Promise<Finding | undefined> {
  const { config, environment } = await context.project();
  const file = missingFile(config);
  if (file === undefined) return undefined;
  const hasFolder = existsSync(dirname(file));
  const files = await readFilesIfAny(context);
  const hasMigrations = files !== undefined && files.history.revisions.length > 0;
  return fileFinding({ file, hasFolder, environment, hasMigrations });
}

/** The finding that a database without a table should have some. Throws MIGRATIONS_DIRECTORY_MISSING. */
export async function findMissingTables(context: Context): Promise<Finding | undefined> {
  const { applied, pending } = await readPending(context);
  const { history } = await readFiles(context);
  const done = new Set(applied.map(({ name }) => revisionOf(name)));
  const names = new Set<string>();
  for (const entry of history.revisions) {
    if (!done.has(entry.revision)) continue;
    for (const name of tablesOf((await entry.text()) ?? '')) names.add(name);
  }
  return tablesFinding(pending, [...names]);
}
