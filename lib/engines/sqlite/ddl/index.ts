import type { Session, TableId } from '../../contract.js';
import { quoteName } from '../identifiers.js';
import { parseColumn } from './columnDefinition.js';
import { refuseUsed } from './columnUse.js';
import { copyIndexSql } from './createIndex.js';
import {
  hasNoRowid,
  isStrictTable,
  nameOf,
  parseTable,
  printTable,
  unqualified,
  withoutForeignKeys,
} from './createTable.js';
import { editDropColumns } from './editColumns.js';
import { rebuildTable } from './rebuild.js';
import type { SchemaObject } from './schema.js';

export { createDdl } from './alterations.js';
export { parseAlter, runAlter } from './alterStatement.js';
export { ownSession } from './ownSession.js';
export { withWritableSchema } from './schemaText.js';
export { othersTurn } from './turn.js';

/** Names of the columns that have a constraint of this name in their definition. */
export function columnsWithConstraint(tableSql: string, constraint: string): readonly string[] {
  return parseTable(tableSql)
    .columns.filter(({ constraints }) => constraints.some(({ name }) => name === constraint))
    .map(({ name }) => name);
}

/** Names of all columns, in their order. */
export function allColumns(tableSql: string): readonly string[] {
  return parseTable(tableSql).columns.map(({ name }) => name);
}

export function isWithoutRowid(tableSql: string): boolean {
  return hasNoRowid(parseTable(tableSql));
}

export function isStrict(tableSql: string): boolean {
  return isStrictTable(parseTable(tableSql));
}

/**
 * Statements for an empty copy of a table under another name, with all that PostgreSQL's LIKE INCLUDING ALL copies:
 * types, defaults, checks, keys, generated columns and indexes, but no foreign keys.
 */
export function copyTableSql(tableSql: string, indexes: readonly string[], name: string): readonly string[] {
  const quoted = quoteName(name);
  const table = parseTable(tableSql);
  const copy = printTable(
    withoutForeignKeys(table, () => true),
    quoted,
  );
  const copies = indexes.map((sql, position) =>
    copyIndexSql(sql, quoteName(`${name}_index_${position + 1}`), quoted),
  );
  return [copy, ...copies].map((sql) => unqualified(sql, nameOf(table)));
}

/** Adds a column with any default to a table with rows, where ADD COLUMN takes only constant ones. */
export function addColumnWithRebuild(session: Session, table: TableId, definition: string): Promise<void> {
  return addColumns(session, table, [definition]);
}

/** What comes along with new columns. */
interface Along {
  /** What the rows get in a new column in place of its default, from the old row. */
  readonly fill?: ReadonlyMap<string, string>;
  readonly indexes?: readonly SchemaObject[];
}

/** Adds columns with any defaults by one rebuild. */
export async function addColumns(
  session: Session,
  table: TableId,
  definitions: readonly string[],
  { fill = new Map(), indexes = [] }: Along = {},
): Promise<void> {
  await rebuildTable(session, table, (from) => ({
    definition: {
      ...from.definition,
      columns: [...from.definition.columns, ...definitions.map((text) => parseColumn(` ${text}`))],
    },
    indexes: [...from.indexes, ...indexes],
    fill,
  }));
}

/** Drops columns by one rebuild. */
export async function dropColumns(session: Session, table: TableId, names: readonly string[]): Promise<void> {
  await rebuildTable(session, table, async (from, own) => {
    await refuseUsed(own, from, names);
    return editDropColumns(from, names);
  });
}
