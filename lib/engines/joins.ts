import type { Knex } from 'knex';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';

/** A table with the names of its columns. */
interface NamedColumns extends ObjectName {
  readonly columns: readonly string[];
}

/** A view whose query names a column without its table, where more than one of its tables has the column. */
export interface AmbiguousView {
  readonly view: string;
  readonly column: string;
}

/** The engine's side of finding column names that are ambiguous in a join. */
export interface JoinEngine {
  /** The column that a statement named without its table; undefined where it failed for another reason. */
  readonly ambiguousColumn: (error: Error) => string | undefined;
  /**
   * The views that fail when the tables have these columns. Nothing is asked of the project's database. Undefined where the
   * engine stores which table's column a view means.
   */
  readonly ambiguousViews:
    | ((
        config: Knex.Config,
        tables: readonly NamedColumns[],
        views: DatabaseSchema['views'],
      ) => Promise<readonly AmbiguousView[]>)
    | undefined;
}
