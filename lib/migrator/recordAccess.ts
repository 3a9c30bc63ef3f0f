import type { Knex } from 'knex';
import type { RecordTables } from '../engines/migrations.js';

/** The builder of schemas where the record's tables are. */
export function schemaOf(db: Knex, { schemaName }: Pick<RecordTables, 'schemaName'>): Knex.SchemaBuilder {
  return schemaName === undefined ? db.schema : db.schema.withSchema(schemaName);
}

/** The rows of one of the record's tables. */
export function rowsOf(
  db: Knex,
  { schemaName }: Pick<RecordTables, 'schemaName'>,
  table: string,
): Knex.QueryBuilder {
  return schemaName === undefined ? db(table) : db(table).withSchema(schemaName);
}
