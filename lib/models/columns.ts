import type { Knex } from 'knex';
import type { TableBuilderInternals } from '../metadata/knexInternals.js';
import type { Model } from './definition.js';
import { lineOfError } from './place.js';

/** What follows an `await` comes when the table is built already: Knex leaves it out without a word. */
function refusePromise(result: unknown): void {
  if (!(result instanceof Promise)) return;
  // It says what it says here.
  result.catch(() => {});
  throw new Error(
    'its function returns a promise, and nobody waits for the columns. Take away `async`; what has to be awaited can be awaited before defineModel',
  );
}

/** Of a key that names no table Knex makes nothing, without a word. */
function refuseKeysToNothing({ _statements }: TableBuilderInternals): void {
  for (const { method, args = [] } of _statements) {
    const [key] = args as readonly { column?: unknown; inTable?: unknown }[];
    if (method !== 'foreign' || key === undefined || key.inTable !== undefined) continue;
    throw new Error(
      `the foreign key on ${[key.column].flat().join(', ')} names no table: .references('id').inTable('users'), or .references('users.id')`,
    );
  }
}

/** Has the model put its columns into the table. An error says in which line, when the definition has several. */
export function callColumns({ columns, place }: Model, table: Knex.CreateTableBuilder, db: Knex): void {
  try {
    const result: unknown = columns(table, db);
    refusePromise(result);
    refuseKeysToNothing(table as unknown as TableBuilderInternals);
  } catch (error) {
    const line = place && lineOfError(error, place.file);
    if (error instanceof Error && line !== undefined && line !== place?.line)
      error.message = `${error.message} (line ${line})`;
    throw error;
  }
}
