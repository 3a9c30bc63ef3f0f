import type { ClientInternals } from '../../../metadata/knexInternals.js';
import { sessionOn } from '../../../metadata/session.js';
import type { Session } from '../../contract.js';
import { quoteName } from '../identifiers.js';
import { refuseUsed } from './columnUse.js';
import { isAutoincrement } from './createTable.js';
import {
  type AlteredColumn,
  editColumns,
  editDropColumns,
  editNullability,
  requireColumn,
} from './editColumns.js';
import {
  editDropForeign,
  editDropPrimary,
  editForeign,
  editPrimary,
  type NewForeignKey,
} from './editKeys.js';
import { type Edit, rebuildTable } from './rebuild.js';
import { refuse, type TableSchema } from './schema.js';

/** What Knex's runner takes from an alteration that is made already. */
const DONE = { pre: [], sql: [], check: null, post: [] } as const;

interface TableCompiler {
  readonly tableNameRaw: string;
  readonly schemaNameRaw?: string | undefined;
}

/** NULLs in a column that is to be NOT NULL would fail the copy with a message that does not count them. */
async function refuseNulls(session: Session, table: TableSchema, columns: readonly string[]): Promise<void> {
  for (const column of columns) {
    requireColumn(table, column);
    const [row] = await session.rows(
      `select count(*) as n from ${quoteName(table.name)} where ${quoteName(column)} is null`,
    );
    const count = Number(row?.n);
    if (count > 0)
      throw refuse(table.name, `${count} rows have NULL in ${column}`, 'Give those rows a value first.');
  }
}

/** The table alterations of Knex's SQLite dialect, under the names that its table compiler calls. */
export interface Alterations {
  alterColumn(columns: readonly AlteredColumn[]): Promise<typeof DONE>;
  dropColumn(columns: readonly string[]): Promise<void>;
  dropForeign(columns: readonly string[], name?: string): Promise<void>;
  dropPrimary(name?: string): Promise<void>;
  primary(columns: readonly string[], name?: string): Promise<void>;
  foreign(key: NewForeignKey): Promise<typeof DONE>;
  setNullable(column: string, isNullable: boolean): Promise<typeof DONE>;
}

/**
 * Makes the object that Knex's SQLite dialect gets from `client.ddl()`, with alterations that lose nothing.
 *
 * @throws KnexMetaError (from each method) ALTER_REFUSED
 */
export function createDdl(client: unknown, compiler: unknown, connection: unknown): Alterations {
  const internals = client as ClientInternals;
  const session = sessionOn(internals, connection);
  const wrap = (name: string): string => internals.customWrapIdentifier(name, (value) => value);
  const { tableNameRaw, schemaNameRaw } = compiler as TableCompiler;
  const table = wrap(tableNameRaw).replace(/^main\./, '');
  const rebuild = (edit: Edit): Promise<void> =>
    rebuildTable(session, { name: table, ...(schemaNameRaw ? { schema: schemaNameRaw } : {}) }, edit);
  /** Stock Knex says nothing where nothing is to be dropped, and migrations that run on it may rest on that. */
  const orWarn =
    (edit: (from: TableSchema) => ReturnType<Edit>, missing: string): Edit =>
    async (from) => {
      const to = await edit(from);
      if (to === undefined) session.warn(`the table ${table} has no ${missing}: nothing was dropped`);
      return to;
    };
  return {
    alterColumn: async (columns) => {
      await rebuild(async (from, own) => {
        const required = columns.filter(({ notNull }) => notNull).map(({ name }) => name);
        await refuseNulls(own, from, required);
        return editColumns(from, columns);
      });
      return DONE;
    },
    dropColumn: (columns) =>
      rebuild(async (from, own) => {
        await refuseUsed(own, from, columns);
        return editDropColumns(from, columns);
      }),
    dropForeign: (columns, name) =>
      rebuild(
        orWarn(
          (from) => editDropForeign(from, columns, name),
          `foreign key ${name ?? `on ${columns.join(', ')}`}`,
        ),
      ),
    dropPrimary: (name) =>
      rebuild(orWarn((from) => editDropPrimary(from, name), `primary key${name ? ` ${name}` : ''}`)),
    primary: (columns, name) =>
      rebuild((from) => {
        const to = editPrimary(from, columns, name);
        if (isAutoincrement(from.definition))
          session.warn(`the table ${table} loses AUTOINCREMENT: only its primary key could have it`);
        return to;
      }),
    foreign: async (key) => {
      await rebuild((from) => editForeign(from, key));
      return DONE;
    },
    setNullable: async (column, isNullable) => {
      await rebuild(async (from, own) => {
        if (!isNullable) await refuseNulls(own, from, [wrap(column)]);
        return editNullability(from, wrap(column), isNullable);
      });
      return DONE;
    },
  };
}
