import type { Knex } from 'knex';
import { configOf } from '../config/connections.js';
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

/** Rows of the record in one statement. */
const ROWS = 200;

/** Runs a generated migration in as few turns as the engine can; gives back what did not go. */
async function makeAgain(engine: Engine, db: Knex, text: string): Promise<readonly string[]> {
  const { record, copier } = engine.migrations.sandbox;
  if (record === undefined || copier === undefined) {
    await runText(db, text);
    return [];
  }
  const recorder = record(configOf(db));
  try {
    await runText(recorder.db, text);
    const failed = await copier.run(
      db,
      recorder.take().map(({ sql }) => sql),
    );
    return failed.map(({ sql, error }) => `${error.message}: ${sql.replace(/\s+/g, ' ').slice(0, 200)}`);
  } finally {
    await recorder.end();
  }
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
  const failed =
    operations.length === 0 ? [] : await makeAgain(engine, db, generate(changes, operations, empty, 'esm'));
  await engine.prepareSchemas(view, tables);
  await ensureTables(view, tables);
  const rows = live.applied.map(({ name, batch, appliedAt }) => {
    return { name, batch, migration_time: appliedAt ?? null };
  });
  for (let start = 0; start < rows.length; start += ROWS) {
    await rowsOf(view, tables, tables.tableName).insert(rows.slice(start, start + ROWS));
  }
  const wanted = objectsOf(live.schema, changes.comparison, own);
  const made = objectsOf(await engine.introspect(view), changes.comparison, own);
  const missing = differences(wanted, made);
  return [...failed, ...missing].map((line) =>
    found('NOT_COPIED', `the copy is not quite like the live database: ${line}`, {}),
  );
}
