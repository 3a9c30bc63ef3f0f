import type { Knex } from 'knex';
import { diff } from '../diff/index.js';
import { LEFT_KINDS } from '../diff/options.js';
import type { Engine } from '../engines/contract.js';
import { ownTables } from '../migrator/journal.js';
import type { AppliedMigration } from '../migrator/record.js';
import { rowsOf } from '../migrator/recordAccess.js';
import { recordTables, type Settings } from '../migrator/settings.js';
import { ensureTables } from '../migrator/tables.js';
import { migratorView } from '../migrator/views.js';
import { generate } from '../render/generate.js';
import type { DatabaseSchema } from '../schema/database.js';
import { found, type MigrationFinding } from './findings.js';
import { differences, objectsOf } from './objects.js';

/** A database as far as a copy of it goes. */
export interface Live {
  readonly schema: DatabaseSchema;
  readonly applied: readonly AppliedMigration[];
}

interface Module {
  readonly up: (db: Knex) => Promise<void>;
}

/** Runs the way up of a generated migration, an ES module that imports nothing. */
export async function runText(db: Knex, text: string): Promise<void> {
  const { up } = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Module;
  await migratorView(db).transaction((trx) => up(trx));
}

/**
 * Makes the schema of a live database again in an empty one, by a generated migration, and writes down what is applied.
 * What could not be made again is found by comparing the two.
 */
export async function copySchema(
  engine: Engine,
  db: Knex,
  live: Live,
  settings: Settings,
): Promise<readonly MigrationFinding[]> {
  const { changes } = engine;
  const tables = recordTables(settings);
  const own = ownTables(tables);
  const view = migratorView(db);
  const empty = await engine.introspect(view);
  const { operations } = diff(empty, live.schema, changes.comparison, { ownTables: own, leave: LEFT_KINDS });
  if (operations.length > 0) {
    await runText(db, generate(changes, operations, empty, live.schema, 'esm'));
  }
  await ensureTables(view, tables);
  for (const { name, batch, appliedAt } of live.applied) {
    await rowsOf(view, tables, tables.tableName).insert({ name, batch, migration_time: appliedAt ?? null });
  }
  const wanted = objectsOf(live.schema, changes.comparison, own);
  const made = objectsOf(await engine.introspect(view), changes.comparison, own);
  const missing = differences(wanted, made);
  return missing.map((line) =>
    found('NOT_COPIED', `the copy is not quite like the live database: ${line}`, {}),
  );
}
