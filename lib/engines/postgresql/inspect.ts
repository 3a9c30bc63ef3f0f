import type { Knex } from 'knex';
import type { ColumnFacts, TableFacts } from '../contract.js';
import { columnOfBody } from './facts.js';
import { COLUMN_MARK, FUNCTION_MARK } from './trigger.js';

/** The named schema; when none is named the connection's own, and elsewhere the tables that carry our mark. */
const IN_SCOPE = `(n.nspname = coalesce(:schema, pg_catalog.current_schema())
    or cast(:schema as text) is null and n.nspname not like 'pg\\_%' and exists (select from pg_catalog.pg_description m
      where m.objoid = c.oid and m.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and m.objsubid > 0
        and m.description like '${COLUMN_MARK}%'))`;

const COLUMNS = `select c.oid::text as id, n.nspname as schema, c.relname as name, a.attname as column_name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as default_to,
    coalesce(pg_catalog.col_description(c.oid, a.attnum) like '${COLUMN_MARK}%', false) as is_metadata
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relkind in ('r', 'p') and not c.relispartition and ${IN_SCOPE}
    and not exists (select from pg_catalog.pg_depend e where e.objid = c.oid and e.deptype = 'e'
      and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
  order by n.nspname, c.relname, a.attnum`;

const TRIGGERS = `select t.tgrelid::text as id, t.tgname as name, t.tgenabled as enabled, p.prosrc as body
  from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
  join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and p.prosrc like '%${FUNCTION_MARK}%' and ${IN_SCOPE}`;

type Row = Readonly<Record<string, unknown>>;

function columnFacts(row: Row): ColumnFacts {
  return {
    name: String(row.column_name),
    type: String(row.type),
    nullable: row.nullable === true,
    defaultTo: row.default_to === null ? undefined : String(row.default_to),
    isMetadata: row.is_metadata === true,
  };
}

/** See `Engine.inspect`: two queries, whatever the number of tables. */
export async function inspect(db: Knex, schema?: string): Promise<readonly TableFacts[]> {
  const columns: readonly Row[] = (await db.raw(COLUMNS, { schema: schema ?? null })).rows;
  const triggers: readonly Row[] = (await db.raw(TRIGGERS, { schema: schema ?? null })).rows;
  const triggerOf = new Map(triggers.map((row) => [row.id, row]));
  const tables = new Map<unknown, Row[]>();
  for (const row of columns) tables.set(row.id, [...(tables.get(row.id) ?? []), row]);
  return [...tables].map(([id, rows]): TableFacts => {
    const trigger = triggerOf.get(id);
    return {
      schema: String(rows[0]?.schema),
      name: String(rows[0]?.name),
      columns: rows.filter((row) => row.column_name !== null).map(columnFacts),
      trigger: trigger && {
        name: String(trigger.name),
        column: columnOfBody(String(trigger.body)),
        enabled: trigger.enabled === 'O' || trigger.enabled === 'A',
      },
    };
  });
}
