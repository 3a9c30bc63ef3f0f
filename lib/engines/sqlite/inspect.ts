import type { Knex } from 'knex';
import type { TableFacts } from '../contract.js';
import { columnsWithConstraint } from './ddl/index.js';
import { COLUMN_MARK } from './facts.js';
import { columnOfTrigger, TRIGGER_MARK } from './trigger.js';

type Row = Readonly<Record<string, unknown>>;

const COLUMNS = `select m.name as table_name, m.sql as table_sql, x.name, x.type, x."notnull" as required, x.dflt_value as default_to
  from sqlite_master m join pragma_table_list l on l.schema = 'main' and l.name = m.name and l.type = 'table'
  left join pragma_table_xinfo(m.name) x
  where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' and m.sql not like 'create virtual%'
  order by m.name, x.cid`;

const TRIGGERS = "select name, tbl_name, sql from sqlite_master where type = 'trigger' and instr(sql, ?) > 0";

/** See `Engine.inspect`: two queries, whatever the number of tables. */
export async function inspect(db: Knex): Promise<readonly TableFacts[]> {
  const columns: readonly Row[] = await db.raw(COLUMNS);
  const triggers: readonly Row[] = await db.raw(TRIGGERS, [TRIGGER_MARK]);
  const tables = new Map<string, Row[]>();
  for (const row of columns) {
    const name = String(row.table_name);
    tables.set(name, [...(tables.get(name) ?? []), row]);
  }
  return [...tables].map(([name, rows]): TableFacts => {
    const trigger = triggers.find((row) => String(row.tbl_name).toLowerCase() === name.toLowerCase());
    const marked = new Set(columnsWithConstraint(String(rows[0]?.table_sql), COLUMN_MARK));
    return {
      name,
      columns: rows.map((row) => ({
        name: String(row.name),
        type: String(row.type).toLowerCase(),
        nullable: Number(row.required) === 0,
        defaultTo: row.default_to === null ? undefined : String(row.default_to),
        isMetadata: marked.has(String(row.name)),
      })),
      trigger: trigger && {
        name: String(trigger.name),
        column: columnOfTrigger(String(trigger.sql)),
        enabled: true,
      },
    };
  });
}
