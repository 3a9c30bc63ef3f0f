import type { AmbiguousView } from '../engines/joins.js';
import type { Finding } from './finding.js';

/** What to do about a column that is ambiguous because of the metadata columns. */
export const JOIN_REMEDY =
  "Write the table's name or alias before the column. Or, before any table has metadata columns, give them names that nothing else has: `meta: { prefix: 'row_' }` in the knexfile.";

/** A finding for each view that fails, or that an adoption of tables will break. */
export function viewFindings(
  now: readonly AmbiguousView[],
  later: readonly AmbiguousView[],
): readonly Finding[] {
  return [
    ...now.map(({ view, column }) => ({
      code: 'AMBIGUOUS_COLUMN',
      message: `the view ${view} fails: ${column} is ambiguous, because more than one of its tables has the metadata column`,
      remedy: JOIN_REMEDY,
    })),
    ...later.map(({ view, column }) => ({
      code: 'AMBIGUOUS_COLUMN',
      message: `the view ${view} will fail when all its tables have metadata columns: ${column} becomes ambiguous`,
      remedy: JOIN_REMEDY,
    })),
  ];
}

/** A finding for a migration that only metadata columns make fail. */
export const migrationFinding = (migration: string, column: string): Finding => ({
  code: 'AMBIGUOUS_COLUMN',
  migration,
  message: `${migration} fails in a new database: ${column} is ambiguous, because more than one of the joined tables has the metadata column`,
  remedy: JOIN_REMEDY,
});
