import type { Knex } from 'knex';
import { ownRows } from '../../../metadata/session.js';

type Row = Readonly<Record<string, unknown>>;

/** An object of `sqlite_master`. */
export interface MasterRow {
  readonly type: 'table' | 'index' | 'view' | 'trigger';
  readonly name: string;
  /** The table or view that it is on, in lower case. */
  readonly on: string;
  readonly sql: string;
}

/** What the engine says of a table beyond its text. */
export interface TableRow {
  readonly kind: 'table' | 'virtual' | 'shadow' | 'view';
  readonly isWithoutRowid: boolean;
  readonly isStrict: boolean;
}

export interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly defaultTo: string | undefined;
  /** The place in the primary key, from 1; 0 outside it. */
  readonly keyPlace: number;
}

// One lower-case word a column: a project's `postProcessResponse` leaves such names as they are.
const MASTER =
  "select type, name, tbl_name as owner, sql from sqlite_master where sql is not null and name not like 'sqlite\\_%' escape '\\' order by name";
const TABLES = "select name, type as kind, wr, strict from pragma_table_list where schema = 'main'";
// One row a table: most tables' columns nobody asks for.
const COLUMNS = `select m.name as owner,
    (select json_group_array(json_array(x.cid, x.name, x.type, x."notnull", x.dflt_value, x.pk))
      from pragma_table_xinfo(m.name) x) as list
  from sqlite_master m
  where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' and m.sql not like 'create virtual%'`;

/** Lower case: how the engine compares names. */
export function fold(name: unknown): string {
  return String(name).toLowerCase();
}

export async function readMaster(db: Knex): Promise<readonly MasterRow[]> {
  const rows: readonly Row[] = await ownRows(db, MASTER);
  return rows.map(({ type, name, owner, sql }) => ({
    type: type as MasterRow['type'],
    name: String(name),
    on: fold(owner),
    sql: String(sql),
  }));
}

/** By name in lower case. */
export async function readTables(db: Knex): Promise<ReadonlyMap<string, TableRow>> {
  const rows: readonly Row[] = await ownRows(db, TABLES);
  return new Map(
    rows.map(({ name, kind, wr, strict }) => [
      fold(name),
      { kind: kind as TableRow['kind'], isWithoutRowid: Number(wr) === 1, isStrict: Number(strict) === 1 },
    ]),
  );
}

/** The columns of a table as the engine lists them, not yet taken apart. */
export type ColumnList = string & { readonly list: unique symbol };

/** By the table's name in lower case; virtual tables are left out, their module may be missing. */
export async function readColumns(db: Knex): Promise<ReadonlyMap<string, ColumnList>> {
  const rows: readonly Row[] = await ownRows(db, COLUMNS);
  return new Map(rows.map(({ owner, list }) => [fold(owner), list as ColumnList]));
}

type ColumnFields = readonly [number, string, string, number, string | null, number];

/** The columns in their order. */
export function columnRows(list: ColumnList | undefined): readonly ColumnRow[] {
  const fields = JSON.parse(list ?? '[]') as readonly ColumnFields[];
  return [...fields]
    .sort(([a], [b]) => a - b)
    .map(([, name, type, required, value, keyPlace]) => ({
      name,
      type,
      required: required === 1,
      defaultTo: value ?? undefined,
      keyPlace,
    }));
}
