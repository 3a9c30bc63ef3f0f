import { applied } from '../diff/appliedSchema.js';
import type { ChangeEngine } from '../engines/contract.js';
import { hazardFinder } from '../operations/hazards/index.js';
import type { Operation } from '../operations/operation.js';
import { withoutRepeatedComments } from '../operations/repeatedComments.js';
import { reverseAll } from '../operations/reverse.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { WrittenText } from '../schema/written.js';
import { type MigrationForm, renderMigration, type Statements } from './file.js';
import type { ImpliedColumn } from './metadata.js';
import { inWords } from './written.js';

/**
 * The text of a migration of the actual schema, with the way back.
 *
 * @param operations - what `diff` found, in its order
 * @param metadata - the metadata columns that a table gets when nothing is said
 * @param countOf - what a hazard's query gave on the database for which the migration is written
 * @param written - texts of the models, which stand in the file where the engine makes the same of them
 * @param statements - the SQL of it, to be written in place of the builder's words
 */
export function generate(
  changes: ChangeEngine,
  operations: readonly Operation[],
  actual: DatabaseSchema,
  form: MigrationForm,
  metadata?: readonly ImpliedColumn[],
  countOf: (sql: string) => number | undefined = () => undefined,
  statements?: Statements,
  written: readonly WrittenText[] = [],
): string {
  const back = reverseAll(operations);
  // With what no model has and is left alone.
  const after = applied(actual, operations);
  const up = withoutRepeatedComments(changes.rewrite(operations, actual));
  const down = withoutRepeatedComments(changes.rewrite(back, after));
  const migration = {
    detected: operations,
    up,
    down,
    hazards: {
      up: hazardFinder(operations, changes.hazards, actual),
      down: hazardFinder(back, changes.hazards, after),
    },
    inWords: {
      up: inWords(written, () => applied(actual, up), changes.wording),
      down: inWords(written, () => applied(after, down), changes.wording),
    },
    countOf,
    statements,
  };
  return renderMigration(migration, { ...changes, ...(metadata === undefined ? {} : { metadata }) }, form);
}
