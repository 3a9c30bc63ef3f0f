import type { Knex } from 'knex';
import type { MetadataTableOptions } from '../metadata/options.js';
import { DEFINITION, type Model, noted } from './definition.js';
import { placeOfCall } from './place.js';
import { checkDefinition, checkFunction, splitName } from './validate.js';

/** What `defineModel` takes beside the columns. */
export interface ModelOptions {
  /** The schema of the table; the connection's own when it is left out. Ignored where the engine has no schemas. */
  readonly schema?: string;
  /**
   * The table's former name: the migration then renames it. In another schema it has that before a dot; a table that
   * moves out of the connection's own schema just has its name. May stay when the migration is written.
   */
  readonly renamedFrom?: string;
  /** `false` leaves the metadata columns out, an object sets single ones: as `t.metadata(...)` in a migration. */
  readonly metadata?: false | MetadataTableOptions;
  /**
   * Statements for what the builder has no words for, run when the table is there: an index on an expression, an
   * exclusion constraint.
   */
  readonly sql?: readonly string[];
  /** Names of other definitions that must be there before, where the columns do not name them. */
  readonly dependsOn?: readonly string[];
}

const OPTIONS = ['schema', 'renamedFrom', 'metadata', 'sql', 'dependsOn'];

/**
 * Declares a table that the project wants, with Knex's own table builder. The metadata columns and the update
 * trigger are implied, as in a migration. A column that was called otherwise says so: `.renamedFrom('name')`.
 *
 * @param name - the table's name, with a schema before a dot if need be
 * @param columns - gets the builder that `createTable` gives a migration, and a `knex` for `knex.fn.now()` and `knex.raw()`
 * @returns plain data, to be exported from a file in `models/`
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineModel } from 'knex-meta';
 *
 * export const users = defineModel('users', (t) => {
 *   t.increments('id');
 *   t.string('email', 255).notNullable().unique();
 *   t.string('full_name').renamedFrom('name');
 * });
 */
export function defineModel(
  name: string,
  columns: (table: Knex.CreateTableBuilder, knex: Knex) => void,
  options: ModelOptions = {},
): Model {
  checkDefinition('defineModel', name, options, OPTIONS);
  checkFunction(`The second argument of defineModel('${name}')`, columns);
  return noted({
    [DEFINITION]: true,
    kind: 'table',
    ...splitName(name, options.schema),
    columns,
    sql: options.sql ?? [],
    metadata: options.metadata,
    renamedFrom: options.renamedFrom,
    dependsOn: options.dependsOn ?? [],
    place: placeOfCall(defineModel),
  });
}
