import type { Knex } from 'knex';
import { type Batch, batchOf } from './batch.js';

/** The text of a query, by itself or as one part of a batch. */
async function textOf(db: Knex | Batch, query: string): Promise<unknown> {
  const batch = 'ask' in db ? db : batchOf(db);
  return batch.ask(query);
}

/**
 * The rows of a query, without their NULLs. They come as one text: what a project does to the types and names of
 * its own results (type parsers, `postProcessResponse`) does not reach into that.
 */
export async function readRows<Row>(db: Knex | Batch, sql: string): Promise<readonly Row[]> {
  const data = await textOf(
    db,
    `select pg_catalog.json_strip_nulls(pg_catalog.json_agg(q))::text from (${sql}) q`,
  );
  return typeof data === 'string' ? (JSON.parse(data) as readonly Row[]) : [];
}

/** Each column of a kind of row once: none can be forgotten. */
export type ColumnsOf<Row> = Readonly<Record<keyof Row, true>>;

/**
 * The same for very many rows: each column comes as one list, which is half the work for the server, for whom the names
 * in every row are most of it.
 */
export async function readManyRows<Row>(
  db: Knex | Batch,
  sql: string,
  columns: ColumnsOf<Row>,
): Promise<readonly Row[]> {
  const names = Object.keys(columns);
  const lists = names.map((name) => `pg_catalog.json_agg(q.${name})`).join(', ');
  const data = await textOf(db, `select pg_catalog.json_build_array(${lists})::text from (${sql}) q`);
  const values = JSON.parse(String(data)) as readonly (readonly unknown[] | null)[];
  return (values[0] ?? []).map((_first, at) => {
    const row: Record<string, unknown> = {};
    for (const [list, name] of names.entries()) row[name] = values[list]?.[at] ?? undefined;
    return row as Row;
  });
}

/** A catalog as a class of objects. */
export const classOf = (catalog: string): string => `'pg_catalog.${catalog}'::pg_catalog.regclass`;

/** Joins the comment of an object as `d.description`. */
export function joinComment(ofCatalog: string, oid: string, column = '0'): string {
  return `left join pg_catalog.pg_description d on d.objoid = ${oid} and d.classoid = ${classOf(ofCatalog)} and d.objsubid = ${column}`;
}

/** Joins the extension that an object came with as `x.extname`. */
export function joinExtension(ofCatalog: string, oid: string): string {
  return joinExtensionOf(classOf(ofCatalog), oid);
}

/** The same, where the catalog is an expression. */
export function joinExtensionOf(classid: string, oid: string): string {
  return `left join pg_catalog.pg_depend e on e.classid = ${classid} and e.objid = ${oid} and e.objsubid = 0 and e.deptype = 'e'
    left join pg_catalog.pg_extension x on x.oid = e.refobjid`;
}

/** What the queries read: the schemas by their oids, in parentheses for IN, on a server of this version. */
export interface Scope {
  readonly db: Batch;
  readonly namespaces: string;
  /** `server_version_num` by 10,000. */
  readonly version: number;
}

/**
 * A function's name as a statement needs it. The server's own way names the schema of one that is there more than once
 * with other arguments, also where the types of these are in several schemas.
 */
export const functionName = (oid: string): string =>
  `(select case when pg_catalog.pg_function_is_visible(fn.oid) then ''
      else fn.pronamespace::pg_catalog.regnamespace::text || '.' end || pg_catalog.quote_ident(fn.proname)
    from pg_catalog.pg_proc fn where fn.oid = ${oid}::pg_catalog.oid)`;
