import type { HookTarget, Row, Session, TableFacts } from '../contract.js';
import { quoteText, withoutBindings } from './identifiers.js';
import { FUNCTION_MARK } from './keeps.js';
import { COLUMN_MARK } from './trigger.js';

/** Columns, marks and our trigger of one table in one query; no row when there is no such table. */
export function factsQuery(target: Pick<HookTarget, 'quoted'>): {
  sql: string;
  bindings: readonly unknown[];
} {
  const sql = `select a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
      not a.attnotnull as nullable, pg_catalog.pg_get_expr(d.adbin, d.adrelid) as default_to,
      coalesce(pg_catalog.col_description(a.attrelid, a.attnum) like '${COLUMN_MARK}%', false) as is_metadata,
      g.tgname as trigger_name, g.prosrc as trigger_body, g.tgenabled as trigger_enabled
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join lateral (
      select t.tgname, p.prosrc, t.tgenabled from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
      where t.tgrelid = a.attrelid and not t.tgisinternal and p.prosrc like '%${FUNCTION_MARK}%' limit 1) g on true
    where a.attrelid = pg_catalog.to_regclass(${quoteText(target.quoted)})::pg_catalog.oid and a.attnum > 0 and not a.attisdropped
    order by a.attnum`;
  return { sql: withoutBindings(sql), bindings: [] };
}

/** The column that the body of one of our functions stamps. */
export function columnOfBody(body: string): string {
  const quoted = /new\."((?:[^"]|"")*)" :=/.exec(body)?.[1] ?? '';
  return quoted.replaceAll('""', '"');
}

export function readFacts(target: HookTarget, rows: readonly Row[]): TableFacts | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const trigger =
    first.trigger_name === null
      ? undefined
      : {
          name: String(first.trigger_name),
          column: columnOfBody(String(first.trigger_body)),
          enabled: first.trigger_enabled !== 'D',
        };
  return {
    ...target.table,
    columns: rows.map((row) => ({
      name: String(row.name),
      type: String(row.type),
      nullable: row.nullable === true,
      defaultTo: row.default_to === null ? undefined : String(row.default_to),
      isMetadata: row.is_metadata === true,
    })),
    trigger,
  };
}

/** See `MetadataEngine.primaryKey`. */
export async function primaryKey(session: Session, target: HookTarget): Promise<readonly string[]> {
  const rows = await session.rows(
    withoutBindings(`select a.attname as name from pg_catalog.pg_index i
      cross join lateral pg_catalog.unnest(i.indkey) with ordinality k(attnum, position)
      join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
      where i.indisprimary and i.indrelid = pg_catalog.to_regclass(${quoteText(target.quoted)}) order by k.position`),
  );
  return rows.map(({ name }) => String(name));
}
