import { sameObject } from '../operations/operation.js';
import type { DatabaseSchema, OtherObject } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';

interface Renamed {
  readonly to?: ObjectName;
  readonly column?: (name: string) => string;
}

/** What is known by its statements only and is on this table, with its statements after a rename. */
export function rewriteOthers(
  { others }: DatabaseSchema,
  table: ObjectName,
  change: (other: OtherObject) => Partial<OtherObject>,
  text: (sql: string) => string,
): readonly OtherObject[] {
  return others.map((each) =>
    each.table === table.name && each.schema === table.schema
      ? {
          ...each,
          definition: each.definition && text(each.definition),
          drop: each.drop && text(each.drop),
          ...change(each),
        }
      : each,
  );
}

/** The sequences after a rename of the columns that own them, or of these columns' table: they move with it. */
export function withOwners(
  { sequences }: DatabaseSchema,
  table: ObjectName,
  { to = table, column = (name) => name }: Renamed,
): DatabaseSchema['sequences'] {
  return sequences.map((each) =>
    each.ownedBy !== undefined && sameObject(each.ownedBy.table, table)
      ? { ...each, schema: to.schema, ownedBy: { table: to, column: column(each.ownedBy.column) } }
      : each,
  );
}

/** A setting of a column has the column's name. */
export const isOfColumn = ({ definition }: OtherObject): boolean =>
  /^alter table .* alter column /i.test(definition ?? '');
