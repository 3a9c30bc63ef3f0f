import { KnexMetaError } from '../../../errors.js';
import type { Session } from '../../contract.js';
import { sameName } from '../../tokens.js';
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
  readonly definition: TableDefinition;
  readonly indexes: readonly SchemaObject[];
  readonly triggers: readonly SchemaObject[];
  /** Columns that hold values of their own: not the generated ones. */
  readonly stored: readonly string[];
}

/** The error of an alteration that was not made. */
export function refuse(table: string, reason: string, remedy: string, cause?: unknown): KnexMetaError {
  return new KnexMetaError('ALTER_REFUSED', `The table ${table} was not altered: ${reason}.`, {
    remedy: `${remedy} The table is as it was.`,
    details: { table },
    cause,
  });
}

type Obstacle = readonly [reason: string, remedy: string];

const attachedTo = (schema: string): Obstacle => [
  `it is in the attached database ${schema}`,
  'Alter it where it is the main database.',
];

/** Why what goes by this name is not to be altered; undefined for a plain table of the main database. */
function obstacleOf(found: ReadonlyMap<string, string>): Obstacle | undefined {
  if (found.has('temp'))
    return ['a temporary table or view has the same name', 'Drop the temporary one first.'];
  const type = found.get('main');
  const [attached] = found.keys();
  if (type === undefined && attached !== undefined) return attachedTo(attached);
  switch (type) {
    case 'table':
      return undefined;
    case 'view':
      return ['it is a view', 'Drop the view and create it again.'];
    case 'virtual':
      return ['it is a virtual table', 'Drop it and create it again.'];
    case 'shadow':
      return ['it belongs to a virtual table', 'Alter nothing of it.'];
    default:
      return ['the database has no such table', 'Check the name.'];
  }
}

/** Refuses what is no plain table of the main database, and what a rebuild could not bring back. */
async function refuseOthers(session: Session, name: string, schema: string): Promise<void> {
  const rows = await session.rows('select schema, type from pragma_table_list where lower(name) = lower(?)', [
    name,
  ]);
  const found = new Map(rows.map((row) => [String(row.schema), String(row.type)]));
  const isElsewhere = !sameName(schema, 'main');
  const obstacle = isElsewhere ? attachedTo(schema) : obstacleOf(found);
  if (obstacle !== undefined) throw refuse(name, ...obstacle);
  const [trigger] = await session.rows(
    "select name from temp.sqlite_master where type = 'trigger' and lower(tbl_name) = lower(?)",
    [name],
  );
  if (trigger !== undefined)
    throw refuse(name, `the temporary trigger ${String(trigger.name)} is on it`, 'Drop that trigger first.');
}

/**
 * Reads a table of the main database.
 *
 * @throws KnexMetaError ALTER_REFUSED for anything else
 */
export async function readTable(session: Session, name: string, schema = 'main'): Promise<TableSchema> {
  await refuseOthers(session, name, schema);
  const rows = await session.rows(
    'select type, name, sql from sqlite_master where lower(tbl_name) = lower(?) and sql is not null order by rowid',
    [name],
  );
  const own = rows.find(({ type }) => type === 'table');
  if (own === undefined) throw refuse(name, 'the database has no such table', 'Check the name.');
  const columns = await session.rows('select name, hidden from pragma_table_xinfo(?)', [String(own.name)]);
  const objects = (wanted: string): readonly SchemaObject[] =>
    rows
      .filter(({ type }) => type === wanted)
      .map((row) => ({ name: String(row.name), sql: String(row.sql) }));
  return {
    name: String(own.name),
    definition: parseTable(String(own.sql)),
    indexes: objects('index'),
    triggers: objects('trigger'),
    stored: columns.filter(({ hidden }) => Number(hidden) === 0).map((column) => String(column.name)),
  };
}

/** The present value of a pragma. */
export async function readPragma(session: Session, name: string): Promise<number> {
  const [row] = await session.rows(`pragma ${name}`);
  return Number(Object.values(row ?? {})[0] ?? 0);
}
