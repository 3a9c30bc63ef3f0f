import type { Knex } from 'knex';
import type { RecordTables } from '../engines/migrations.js';
import { ownOptions } from '../engines/ownAnswers.js';

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
  const rows = (schemaName === undefined ? db(table) : db(table).withSchema(schemaName)) as Knex.QueryBuilder;
  return rows.options(ownOptions());
}
