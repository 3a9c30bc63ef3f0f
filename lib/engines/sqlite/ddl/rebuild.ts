import { isKnexMetaError } from '../../../errors.js';
import type { Session } from '../../contract.js';
import { sameName } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import {
  hasNoRowid,
  parseTable,
  printTable,
  type TableDefinition,
  withoutForeignKeys,
} from './createTable.js';
import { firstBroken, readProbes, workingProbes } from './dependents.js';
import {
  readChildren,
  readPragma,
  readTable,
  refuse,
  type SchemaObject,
  type TableSchema,
} from './schema.js';
import { rereadSchema, writeTableTexts } from './schemaText.js';

/** What a table is to be. */
export interface Rebuilt {
  readonly definition: TableDefinition;
  readonly indexes: readonly SchemaObject[];
  /** The triggers that it keeps; all of them when this is left out. */
  readonly triggers?: readonly SchemaObject[];
}

/** Works out the new table from the old one; throws to refuse. */
export type Edit = (table: TableSchema) => Rebuilt | Promise<Rebuilt>;

const SAVEPOINT = '`knex_meta_rebuild`';

async function freeTableName(session: Session, table: string): Promise<string> {
  for (let count = 0; ; count += 1) {
    const name = `_knex_meta_${table}${count === 0 ? '' : `_${count}`}`;
    const rows = await session.rows('select 1 from sqlite_master where lower(name) = lower(?)', [name]);
    if (rows.length === 0) return name;
  }
}

/** The statement that copies the rows, with their rowids where nothing else keeps those. */
function copySql(from: TableSchema, to: TableDefinition, toName: string): string {
  const kept = from.stored.filter((name) => {
    const column = to.columns.find((each) => sameName(each.name, name));
    return column !== undefined && !column.constraints.some(({ kind }) => kind === 'generated');
  });
  const taken = new Set(to.columns.concat(from.definition.columns).map(({ name }) => name.toLowerCase()));
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  const hasKey =
    from.hasIntegerKey ||
    to.columns.some(
      ({ type, constraints }) =>
        /^integer$/i.test(type) && constraints.some(({ kind }) => kind === 'primary'),
    );
  const isBare = !hasNoRowid(from.definition) && !hasNoRowid(to) && !hasKey && rowid !== undefined;
  const columns = [...(isBare ? [rowid] : []), ...kept.map(quoteName)].join(', ');
  // OR ABORT: a constraint's own ON CONFLICT IGNORE or REPLACE would lose rows here.
  return `insert or abort into ${quoteName(toName)} (${columns}) select ${columns} from ${quoteName(from.name)}`;
}

async function countRows(session: Session, table: string): Promise<number> {
  const [row] = await session.rows(`select count(*) as n from ${quoteName(table)}`);
  return Number(row?.n);
}

/** Rows that break a foreign key of these tables, by child, parent and key. */
async function readViolations(
  session: Session,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const add = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const table of tables) {
    try {
      const rows = await session.rows(`pragma foreign_key_check(${quoteName(table)})`);
      for (const row of rows) add(`${String(row.table)} → ${String(row.parent)}`);
    } catch (error) {
      // A key that has no parent key to match: it counts as one more that is broken.
      add(`of ${table} (${(error as Error).message})`);
    }
  }
  return counts;
}

async function keepSequence(session: Session, table: string, sequence: number | undefined): Promise<void> {
  if (sequence === undefined) return;
  await session.rows('update sqlite_sequence set seq = max(seq, ?) where name = ?', [sequence, table]);
  await session.rows(
    'insert into sqlite_sequence (name, seq) select ?, ? where not exists (select 1 from sqlite_sequence where name = ?)',
    [table, sequence, table],
  );
}

async function readSequence(session: Session, table: string): Promise<number | undefined> {
  const [exists] = await session.rows("select 1 from sqlite_master where name = 'sqlite_sequence'");
  if (exists === undefined) return undefined;
  const [row] = await session.rows('select seq from sqlite_sequence where name = ?', [table]);
  return row === undefined ? undefined : Number(row.seq);
}

function isAutoincrement(definition: TableDefinition): boolean {
  return definition.columns.some(({ constraints }) =>
    constraints.some(({ text }) => /\bautoincrement\b/i.test(text)),
  );
}

/** The twelve steps of SQLite's documentation, inside a savepoint. */
async function replace(session: Session, from: TableSchema, to: Rebuilt): Promise<void> {
  const { name } = from;
  const isEnforced = (await readPragma(session, 'foreign_keys')) === 1;
  const children = (await readChildren(session, name)).filter((child) => !sameName(child.name, name));
  const bare = withoutForeignKeys(to.definition, () => true);
  const hasKeys = printTable(bare) !== printTable(to.definition);
  const wanted = printTable(to.definition);
  const sequence = await readSequence(session, name);
  const count = await countRows(session, name);
  // With enforcement on, DROP TABLE deletes the rows first, and the children's keys would act on that.
  const own = withoutForeignKeys(from.definition, () => true);
  if (isEnforced) {
    const hidden = children.map((child) => ({
      name: child.name,
      sql: printTable(withoutForeignKeys(parseTable(child.sql), (target) => sameName(target, name))),
    }));
    await writeTableTexts(session, [...hidden, { name, sql: printTable(own) }]);
  }
  const temporary = await freeTableName(session, name);
  const created = isEnforced ? bare : to.definition;
  await session.rows(printTable(created, quoteName(temporary)));
  await session.rows(copySql(from, to.definition, temporary));
  const copied = await countRows(session, temporary);
  if (copied !== count)
    throw refuse(name, `${count - copied} of its ${count} rows would be lost`, 'Look at its constraints.');
  await session.rows(`drop table ${quoteName(name)}`);
  await session.rows(`alter table ${quoteName(temporary)} rename to ${quoteName(name)}`);
  for (const { sql } of to.indexes) await session.rows(sql);
  for (const { sql } of to.triggers ?? from.triggers) await session.rows(sql);
  if (isAutoincrement(to.definition)) await keepSequence(session, name, sequence);
  if (isEnforced) await writeTableTexts(session, [...children, ...(hasKeys ? [{ name, sql: wanted }] : [])]);
}

async function guarded(session: Session, table: TableSchema, to: Rebuilt): Promise<void> {
  const family = [table.name, ...(await readChildren(session, table.name)).map(({ name }) => name)];
  const violations = await readViolations(session, family);
  const working = await workingProbes(session, await readProbes(session, table.name));
  await replace(session, table, to);
  for (const [key, count] of await readViolations(session, family)) {
    const before = violations.get(key) ?? 0;
    if (count > before) {
      throw refuse(
        table.name,
        `${count - before} rows would break the foreign key ${key}`,
        'Correct those rows first.',
      );
    }
  }
  const broken = await firstBroken(session, table.name, working);
  if (broken !== undefined) {
    throw refuse(
      table.name,
      `${broken.what} would stop working (${broken.reason})`,
      'Drop it first, and create it again afterwards.',
    );
  }
}

/**
 * Makes a table what `edit` says, losing nothing: rows and rowids, indexes, triggers, views, checks, generated
 * columns, the AUTOINCREMENT mark, the rows of tables that refer to it. Works inside a transaction, with foreign
 * keys enforced or not. When anything stands in the way the table is as it was.
 *
 * @throws KnexMetaError ALTER_REFUSED
 */
export async function rebuildTable(session: Session, name: string, edit: Edit): Promise<void> {
  const table = await readTable(session, name);
  const to = await edit(table);
  const legacy = await readPragma(session, 'legacy_alter_table');
  await session.rows(`savepoint ${SAVEPOINT}`);
  try {
    // Other tables' triggers and views stand while the table is away.
    await session.rows('pragma legacy_alter_table = on');
    await guarded(session, table, to);
    await session.rows(`release ${SAVEPOINT}`);
  } catch (error) {
    await session.rows(`rollback to ${SAVEPOINT}`);
    await session.rows(`release ${SAVEPOINT}`);
    await rereadSchema(session);
    if (isKnexMetaError(error)) throw error;
    throw refuse(table.name, (error as Error).message, 'The engine gives this reason.', error);
  } finally {
    await session.rows(`pragma legacy_alter_table = ${legacy}`);
  }
}
