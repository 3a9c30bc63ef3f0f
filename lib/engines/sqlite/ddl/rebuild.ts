import { isKnexMetaError } from '../../../errors.js';
import type { Session, TableId } from '../../contract.js';
import { sameName } from '../../tokens.js';
import { kindOf } from '../errors.js';
import { quoteName } from '../identifiers.js';
import { copyRows, copySequence } from './copy.js';
import { printTable, type TableDefinition, unqualified, withoutForeignKeys } from './createTable.js';
import { firstBroken, readProbes, workingProbes } from './dependents.js';
import { hideForeignKeys, readChildren, readViolations, refuseNewViolations } from './foreignKeys.js';
import { ownSession } from './ownSession.js';
import { readPragma, readTable, refuse, type SchemaObject, type TableSchema } from './schema.js';
import { rereadSchema, writeTableTexts } from './schemaText.js';
import { takeTurn } from './turn.js';

/** What a table is to be. */
export interface Rebuilt {
  readonly definition: TableDefinition;
  readonly indexes: readonly SchemaObject[];
  /** The triggers that it keeps; all of them when this is left out. */
  readonly triggers?: readonly SchemaObject[];
  /** What the rows get in new columns in place of the defaults: SQL over the old row, by name. */
  readonly fill?: ReadonlyMap<string, string>;
}

/** Works out the new table from the old one; throws to refuse; undefined: there is nothing to do. */
export type Edit = (
  table: TableSchema,
  session: Session,
) => Rebuilt | undefined | Promise<Rebuilt | undefined>;

const SAVEPOINT = '`knex_meta_rebuild`';

/** Before the name of a table while it is the copy. */
const COPY = '_knex_meta_';

/** The name of a copy, with that of its table. */
export const REBUILT_NAME: RegExp = new RegExp(`^${COPY}(?:\\d+_)?(.+)$`);

async function freeTableName(session: Session, table: string): Promise<string> {
  for (let count = 0; ; count += 1) {
    const name = `${COPY}${count === 0 ? '' : `${count}_`}${table}`;
    const rows = await session.rows('select 1 from sqlite_master where lower(name) = lower(?)', [name]);
    if (rows.length === 0) return name;
  }
}

/** The twelve steps of SQLite's documentation, inside a savepoint. */
async function replace(session: Session, from: TableSchema, to: Rebuilt): Promise<void> {
  const { name } = from;
  const isEnforced = (await readPragma(session, 'foreign_keys')) === 1;
  const children = (await readChildren(session, name)).filter((child) => !sameName(child.name, name));
  const copy = await freeTableName(session, name);
  const wanted = printTable(to.definition);
  // The engine's own look at the whole, before any of it is written into the schema unseen.
  const whole = unqualified(printTable(to.definition, quoteName(copy)), name);
  await session.rows(whole);
  const bare = isEnforced ? withoutForeignKeys(to.definition, () => true) : to.definition;
  const created = unqualified(printTable(bare, quoteName(copy)), name);
  if (created !== whole) {
    await session.rows(`drop table ${quoteName(copy)}`);
    await session.rows(created);
  }
  if (isEnforced) await hideForeignKeys(session, from, children);
  await copyRows(session, from, to.definition, copy, to.fill);
  await copySequence(session, from, to.definition, copy);
  await session.rows(`drop table ${quoteName(name)}`);
  await session.rows(`alter table ${quoteName(copy)} rename to ${quoteName(name)}`);
  // Keys, and the table's own name in its expressions, as they are to be.
  const isChanged = created !== printTable(to.definition, quoteName(copy));
  const own = isChanged ? [{ name, sql: wanted }] : [];
  await writeTableTexts(session, [...(isEnforced ? children : []), ...own]);
  for (const { sql } of to.indexes) await session.rows(sql);
  for (const { sql } of to.triggers ?? from.triggers) await session.rows(sql);
}

async function guarded(session: Session, table: TableSchema, to: Rebuilt): Promise<void> {
  const children = async (): Promise<readonly string[]> => [
    table.name,
    ...(await readChildren(session, table.name)).map(({ name }) => name),
  ];
  const violations = await readViolations(session, await children());
  const working = await workingProbes(session, await readProbes(session, table.name));
  await replace(session, table, to);
  refuseNewViolations(table.name, violations, await readViolations(session, await children()));
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
 * Begins an alteration. Outside a transaction it takes the write lock first, for which the driver waits: a savepoint
 * there begins with reading, and in WAL a write after another program's commit fails at once.
 *
 * @returns whether there was no transaction
 */
async function begin(session: Session): Promise<boolean> {
  const isOwn = await session.rows('begin immediate').then(
    () => true,
    (error: Error) => {
      if (/within a transaction/.test(error.message)) return false;
      throw error;
    },
  );
  await session.rows(`savepoint ${SAVEPOINT}`);
  return isOwn;
}

/** Takes back what was done; the whole transaction may be gone already, and the savepoint with it. */
async function takeBack(session: Session, isOwn: boolean): Promise<void> {
  await session.rows(`rollback to ${SAVEPOINT}`).catch(() => []);
  await session.rows(`release ${SAVEPOINT}`).catch(() => []);
  if (isOwn) await session.rows('rollback').catch(() => []);
  await rereadSchema(session).catch(() => {});
}

/** The error of an alteration. What the database itself says (busy, full) is no fault of the alteration. */
function refusalOf(error: unknown, table: string): unknown {
  if (isKnexMetaError(error)) return error;
  const { message, cause } = error as Error;
  if (kindOf(cause) !== 'other') return cause;
  const reason = message.replace(new RegExp(`${COPY}(?:\\d+_)?`, 'g'), '');
  const isOfRows = /constraint failed|cannot store/i.test(reason);
  const remedy = isOfRows ? 'Correct those rows first.' : 'Change what this names, and alter the table then.';
  return refuse(table, reason, remedy, error);
}

/**
 * Makes a table what `edit` says, losing nothing: rows and rowids, indexes, triggers, views, checks, generated
 * columns, the AUTOINCREMENT mark, the rows of tables that refer to it. Works inside a transaction, with foreign
 * keys enforced or not. When anything stands in the way the table is as it was.
 *
 * @throws KnexMetaError ALTER_REFUSED; the driver's own error when the database is busy, full or read-only
 */
export function rebuildTable(session: Session, { schema, name }: TableId, edit: Edit): Promise<void> {
  return takeTurn(session.connection, async () => {
    const own = ownSession(session);
    const legacy = await readPragma(own, 'legacy_alter_table');
    let isOwn: boolean | undefined;
    try {
      isOwn = await begin(own);
      // Other tables' triggers and views stand while the table is away.
      await own.rows('pragma legacy_alter_table = on');
      const table = await readTable(own, name, schema);
      const to = await edit(table, own);
      if (to !== undefined) await guarded(own, table, to);
      await own.rows(`release ${SAVEPOINT}`);
      if (isOwn) await own.rows('commit');
    } catch (error) {
      if (isOwn !== undefined) await takeBack(own, isOwn);
      throw refusalOf(error, name);
    } finally {
      await own.rows(`pragma legacy_alter_table = ${legacy}`);
    }
  });
}
