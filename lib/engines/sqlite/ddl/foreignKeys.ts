import type { Session } from '../../contract.js';
import { sameName } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { parseTable, printTable, withoutForeignKeys } from './createTable.js';
import { refuse, type SchemaObject, type TableSchema } from './schema.js';
import { writeTableTexts } from './schemaText.js';

/** Tables with a foreign key to this one, itself among them where it has one. */
export async function readChildren(session: Session, table: string): Promise<readonly SchemaObject[]> {
  const rows = await session.rows(
    `select distinct m.name, m.sql from sqlite_master m join pragma_foreign_key_list(m.name) f
     where m.type = 'table' and lower(f."table") = lower(?)`,
    [table],
  );
  return rows.map((row) => ({ name: String(row.name), sql: String(row.sql) }));
}

/**
 * Sets aside the keys of other tables to this one, and its own: with enforcement on, DROP TABLE deletes the rows
 * first, and the keys would act on that.
 */
export async function hideForeignKeys(
  session: Session,
  table: TableSchema,
  children: readonly SchemaObject[],
): Promise<void> {
  const hidden = children.map((child) => ({
    name: child.name,
    sql: printTable(withoutForeignKeys(parseTable(child.sql), (target) => sameName(target, table.name))),
  }));
  const own = { name: table.name, sql: printTable(withoutForeignKeys(table.definition, () => true)) };
  await writeTableTexts(session, [...hidden, own]);
  // Children's rows hang on this: what was not understood of a table's text must not pass.
  const left = [
    ...(await readChildren(session, table.name)),
    ...(await session.rows('select 1 from pragma_foreign_key_list(?)', [table.name])),
  ];
  if (left.length > 0) {
    const names = [...children.map(({ name }) => name), table.name].join(', ');
    throw refuse(
      table.name,
      `the foreign keys of ${names} cannot be set aside`,
      'Write their CREATE TABLE more plainly.',
    );
  }
}

/** What breaks foreign keys: rows by key, and keys that have nothing to refer to. */
interface Violations {
  readonly rows: ReadonlyMap<string, number>;
  readonly keys: ReadonlySet<string>;
}

export async function readViolations(session: Session, tables: readonly string[]): Promise<Violations> {
  const rows = new Map<string, number>();
  const keys = new Set<string>();
  for (const table of tables) {
    try {
      for (const row of await session.rows(`pragma foreign_key_check(${quoteName(table)})`)) {
        const key = `${String(row.table)} → ${String(row.parent)}`;
        rows.set(key, (rows.get(key) ?? 0) + 1);
      }
    } catch (error) {
      keys.add(`${table} (${(error as Error).message})`);
    }
  }
  return { rows, keys };
}

/**
 * Refuses what was not broken before.
 *
 * @throws KnexMetaError ALTER_REFUSED
 */
export function refuseNewViolations(table: string, before: Violations, after: Violations): void {
  for (const key of after.keys) {
    if (before.keys.has(key)) continue;
    throw refuse(
      table,
      `a foreign key would have no key to refer to: ${key}`,
      'Drop that foreign key first, or keep a unique key on its columns.',
    );
  }
  for (const [key, count] of after.rows) {
    const added = count - (before.rows.get(key) ?? 0);
    if (added > 0)
      throw refuse(table, `${added} rows would break the foreign key ${key}`, 'Correct those rows first.');
  }
}
