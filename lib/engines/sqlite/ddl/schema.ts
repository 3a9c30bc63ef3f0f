import { KnexMetaError } from '../../../errors.js';
import type { Session } from '../../contract.js';
import { parseTable, type TableDefinition } from './createTable.js';

/** An object that belongs to a table, with the SQL that made it. */
export interface SchemaObject {
  readonly name: string;
  readonly sql: string;
}

/** A table as the database has it, with all that a rebuild must bring back. */
export interface TableSchema {
  /** The name as the database spells it. */
  readonly name: string;
  readonly sql: string;
  readonly definition: TableDefinition;
  readonly indexes: readonly SchemaObject[];
  readonly triggers: readonly SchemaObject[];
  /** Columns that hold values of their own: not the generated ones. */
  readonly stored: readonly string[];
  /** True when a column is the rowid under another name. */
  readonly hasIntegerKey: boolean;
}

/** The error of an alteration that was not made. */
export function refuse(table: string, reason: string, remedy: string, cause?: unknown): KnexMetaError {
  return new KnexMetaError('ALTER_REFUSED', `The table ${table} was not altered: ${reason}.`, {
    remedy: `${remedy} The table is as it was.`,
    details: { table },
    cause,
  });
}

/**
 * Reads a table of the main database.
 *
 * @throws KnexMetaError ALTER_REFUSED for a view, a virtual table or a name that there is not
 */
export async function readTable(session: Session, name: string): Promise<TableSchema> {
  const rows = await session.rows(
    `select type, name, sql from sqlite_master where lower(tbl_name) = lower(?) and sql is not null order by rowid`,
    [name],
  );
  const own = rows.find(({ type }) => type === 'table');
  if (own === undefined) {
    const isView = rows.some(({ type }) => type === 'view');
    throw refuse(
      name,
      isView ? 'it is a view' : 'the database has no such table',
      isView ? 'Drop the view and create it again.' : 'Check the name.',
    );
  }
  const sql = String(own.sql);
  if (/^\s*create\s+virtual\b/i.test(sql)) {
    throw refuse(name, 'it is a virtual table', 'Drop it and create it again.');
  }
  const columns = await session.rows('select name, type, pk, hidden from pragma_table_xinfo(?)', [
    String(own.name),
  ]);
  const keys = columns.filter(({ pk }) => Number(pk) > 0);
  const objects = (wanted: string): readonly SchemaObject[] =>
    rows
      .filter(({ type }) => type === wanted)
      .map((row) => ({ name: String(row.name), sql: String(row.sql) }));
  return {
    name: String(own.name),
    sql,
    definition: parseTable(sql),
    indexes: objects('index'),
    triggers: objects('trigger'),
    stored: columns.filter(({ hidden }) => Number(hidden) === 0).map((column) => String(column.name)),
    hasIntegerKey: keys.length === 1 && String(keys[0]?.type).toUpperCase() === 'INTEGER',
  };
}

/** Tables with a foreign key to this one, itself among them where it has one. */
export async function readChildren(session: Session, table: string): Promise<readonly SchemaObject[]> {
  const rows = await session.rows(
    `select distinct m.name, m.sql from sqlite_master m join pragma_foreign_key_list(m.name) f
     where m.type = 'table' and lower(f."table") = lower(?)`,
    [table],
  );
  return rows.map((row) => ({ name: String(row.name), sql: String(row.sql) }));
}

/** Every foreign key of other tables that names one of the columns of this one as its target. */
export async function readReferences(session: Session, table: string) {
  const rows = await session.rows(
    `select m.name as child, f."from", f."to" from sqlite_master m join pragma_foreign_key_list(m.name) f
     where m.type = 'table' and lower(f."table") = lower(?)`,
    [table],
  );
  return rows.map((row) => ({
    child: String(row.child),
    from: String(row.from),
    to: row.to === null ? undefined : String(row.to),
  }));
}

/** The present value of a pragma. */
export async function readPragma(session: Session, name: string): Promise<number> {
  const [row] = await session.rows(`pragma ${name}`);
  return Number(Object.values(row ?? {})[0] ?? 0);
}
