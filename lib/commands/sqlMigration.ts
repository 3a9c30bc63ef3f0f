import type { Knex } from 'knex';
import { configOf } from '../config/connections.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { openSandbox } from '../migrator/sandbox.js';
import type { MigrationContent } from '../migrator/source.js';
import { migratorView } from '../migrator/views.js';
import type { Statements } from '../render/file.js';

/** The migration of a text in JavaScript that imports nothing. */
async function contentOf(text: string): Promise<MigrationContent> {
  return (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as MigrationContent;
}

/**
 * The statements that a generated migration runs, up and down, with the metadata columns and the update trigger in
 * them. They are only written down: the database is as it was.
 *
 * @param text - the migration as an ES module
 * @throws KnexMetaError USAGE where they would not do the same by themselves
 */
export async function statementsOf(engine: Engine, db: Knex, text: string): Promise<Statements> {
  const content = await contentOf(text);
  const sandbox = await openSandbox(engine, configOf(db), { from: 'database', db });
  const run = async (direction: 'up' | 'down'): Promise<readonly string[]> => {
    sandbox.take();
    await migratorView(sandbox.db).transaction(async (trx) => content[direction]?.(trx));
    return sandbox.take().map(({ sql }) => sql);
  };
  try {
    const statements = { up: await run('up'), down: await run('down') };
    if (engine.migrations.isRepeatable([...statements.up, ...statements.down])) return statements;
  } catch (error) {
    throw new KnexMetaError(
      'USAGE',
      `The statements of this migration could not be written down: ${(error as Error).message}`,
      {
        remedy: 'Leave --sql out: the file is then written with the builder. Nothing was written.',
        cause: error,
      },
    );
  } finally {
    await sandbox.end();
  }
  throw new KnexMetaError(
    'USAGE',
    `${engine.title} makes this change by building a table anew, which is no SQL that could stand in a file.`,
    {
      remedy:
        'Leave --sql out: the file is then written with the builder, and the table is rebuilt when it runs. Nothing was written.',
    },
  );
}
