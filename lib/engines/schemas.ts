import type { Knex } from 'knex';
import type { RecordTables } from './migrations.js';

/** The engine's side of named schemas and the search path. */
export interface SchemaEngine {
  /** True when tables are in named schemas. */
  readonly hasSchemas: boolean;
  /** The schema that a name without one means on this connection; undefined where the engine has none. */
  readonly homeSchema: (db: Knex) => Promise<string | undefined>;
  /** The schemas of the search path that exist, in order; none where the engine has no schemas. */
  readonly searchPath: (db: Knex) => Promise<readonly string[]>;
  /**
   * Creates the schemas that a run of migrations needs and that do not exist: the record's, and one of the search path
   * where none of it exists.
   *
   * @returns a warning, where the search path has more than one record
   * @throws KnexMetaError CONFIG_INVALID
   */
  readonly prepareSchemas: (db: Knex, tables: RecordTables) => Promise<string | undefined>;
}
