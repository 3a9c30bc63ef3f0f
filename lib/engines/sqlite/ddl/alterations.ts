import type { ClientInternals } from '../../../metadata/knexInternals.js';
import { sessionOn } from '../../../metadata/session.js';
import type { Session } from '../../contract.js';
import { sameName } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import {
  type AlteredColumn,
  editColumns,
  editDropColumns,
  editDropForeign,
  editDropPrimary,
  editForeign,
  editNullability,
  editPrimary,
  type NewForeignKey,
} from './edits.js';
import { type Edit, rebuildTable } from './rebuild.js';
import { readReferences, refuse } from './schema.js';

/** What Knex's runner takes from an alteration that is made already. */
const DONE = { pre: [], sql: [], check: null, post: [] } as const;

interface TableCompiler {
  readonly tableNameRaw: string;
}

/** NULLs in a column that is to be NOT NULL would fail the copy with a message that does not count them. */
async function refuseNulls(session: Session, table: string, columns: readonly string[]): Promise<void> {
  for (const column of columns) {
    const [row] = await session.rows(
      `select count(*) as n from ${quoteName(table)} where ${quoteName(column)} is null`,
    );
    const count = Number(row?.n);
    if (count > 0)
      throw refuse(table, `${count} rows have NULL in ${column}`, 'Give those rows a value first.');
  }
}

async function refuseReferences(session: Session, table: string, dropped: readonly string[]): Promise<void> {
  const isDropped = (name: string): boolean => dropped.some((each) => sameName(each, name));
  for (const { child, from, to } of await readReferences(session, table)) {
    const isOwn = sameName(child, table);
    if (to !== undefined && isDropped(to) && !(isOwn && isDropped(from))) {
      throw refuse(
        table,
        `the foreign key ${child}.${from} refers to its column ${to}`,
        'Drop that foreign key first.',
      );
    }
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
  const table = wrap((compiler as TableCompiler).tableNameRaw).replace(/^main\./, '');
  const rebuild = (edit: Edit): Promise<void> => rebuildTable(session, table, edit);
  const orWarn = async (
    edit: (...args: Parameters<Edit>) => ReturnType<Edit> | undefined,
    missing: string,
  ): Promise<void> => {
    let isMissing = false;
    await rebuild(async (from) => {
      const to = await edit(from);
      isMissing = to === undefined;
      return to ?? { definition: from.definition, indexes: from.indexes };
    });
    // Stock Knex says nothing here, and migrations that run on it may rest on that.
    if (isMissing) session.warn(`the table ${table} has no ${missing}: nothing was dropped`);
  };
  return {
    alterColumn: async (columns) => {
      await rebuild((from) => editColumns(from, columns));
      return DONE;
    },
    dropColumn: async (columns) => {
      await refuseReferences(session, table, columns);
      await rebuild((from) => editDropColumns(from, columns));
    },
    dropForeign: (columns, name) =>
      orWarn(
        (from) => editDropForeign(from, columns, name),
        `foreign key ${name ?? `on ${columns.join(', ')}`}`,
      ),
    dropPrimary: (name) =>
      orWarn((from) => editDropPrimary(from, name), `primary key${name ? ` ${name}` : ''}`),
    primary: (columns, name) => rebuild((from) => editPrimary(from, columns, name)),
    foreign: async (key) => {
      await rebuild((from) => editForeign(from, key));
      return DONE;
    },
    setNullable: async (column, isNullable) => {
      if (!isNullable) await refuseNulls(session, table, [wrap(column)]);
      await rebuild((from) => editNullability(from, wrap(column), isNullable));
      return DONE;
    },
  };
}
