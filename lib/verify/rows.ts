import type { Knex } from 'knex';
import type { Column } from '../schema/column.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Table } from '../schema/table.js';
import { nameOf } from './objects.js';
import type { Rename } from './stage.js';
import { quoted, rawRows } from './statements.js';

type Rows = readonly Readonly<Record<string, unknown>>[];

/** All rows of a database, by table. */
export type RowsByTable = ReadonlyMap<string, { readonly table: Table; readonly rows: Rows }>;

export async function readRowsOf(
  db: Knex,
  schema: DatabaseSchema,
  ownTables: readonly string[],
): Promise<RowsByTable> {
  const all = new Map<string, { table: Table; rows: Rows }>();
  for (const table of schema.tables) {
    if (ownTables.includes(table.name)) continue;
    // By name: `select *` leaves hidden metadata columns out.
    const columns = table.columns.map(({ name }) => quoted(db, { name })).join(', ');
    all.set(nameOf(table), { table, rows: await rawRows(db, `select ${columns} from ${quoted(db, table)}`) });
  }
  return all;
}

/** What rows of `before` have nobody like them in `after`, in these columns. */
function missing(before: Rows, after: Rows, columns: readonly string[]): number {
  const textOf = (row: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(
      columns.map((name) => row[name]),
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
  const counts = new Map<string, number>();
  for (const row of after) counts.set(textOf(row), (counts.get(textOf(row)) ?? 0) + 1);
  let gone = 0;
  for (const row of before) {
    const left = counts.get(textOf(row)) ?? 0;
    if (left === 0) gone += 1;
    else counts.set(textOf(row), left - 1);
  }
  return gone;
}

/** A table of which rows are not what they were. */
export interface LostRows {
  readonly table: string;
  /** How many of how many rows. */
  readonly lost: number;
  readonly of: number;
  /** Columns whose values are not what they were; empty when whole rows went. */
  readonly columns: readonly string[];
}

/** What a table, or a column of it, is called after renames. */
function renamed(renames: readonly Rename[], table: string, column?: string): string {
  let [owner, name] = [table, column];
  for (const rename of renames) {
    if (rename.what === 'table' && rename.name === owner) owner = rename.to;
    else if (rename.what === 'column' && rename.table === owner && rename.name === name) name = rename.to;
  }
  return name ?? owner;
}

const withName = ({ columns }: Table, name: string): Column | undefined =>
  columns.find((each) => each.name === name);

/**
 * The rows that were there before and are not there any more, by the columns that a table has had all the time, under
 * whatever name. What an update trigger keeps is not compared, nor a metadata column that was the project's own in between.
 */
export function lostRows(
  before: RowsByTable,
  between: RowsByTable,
  after: RowsByTable,
  renames: readonly Rename[],
): readonly LostRows[] {
  const lost: LostRows[] = [];
  for (const [name, { table, rows }] of before) {
    const other = nameOf({ ...table, name: renamed(renames, table.name) });
    const up = between.get(other) ?? between.get(name);
    const now = after.get(name);
    if (up === undefined || now === undefined) continue;
    const wasThere = ({ name: own, isMetadata }: Column): boolean => {
      const meanwhile = withName(up.table, renamed(renames, table.name, own)) ?? withName(up.table, own);
      return meanwhile !== undefined && (!isMetadata || meanwhile.isMetadata);
    };
    const columns = table.columns
      .filter((column) => wasThere(column) && withName(now.table, column.name) !== undefined)
      .map((column) => column.name)
      .filter(
        (column) =>
          ![table, now.table].some(({ triggers }) => triggers.some(({ stamps }) => stamps === column)),
      );
    const gone = missing(rows, now.rows, columns);
    if (gone === 0) continue;
    const changed =
      now.rows.length < rows.length ? [] : columns.filter((column) => missing(rows, now.rows, [column]) > 0);
    // Where nothing of a row is left, it went, whatever has come since.
    const isGone = changed.length === columns.length;
    lost.push({ table: name, lost: gone, of: rows.length, columns: isGone ? [] : changed });
  }
  return lost;
}
