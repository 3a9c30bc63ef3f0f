import type { HookTarget, Row, Session, TableFacts } from '../contract.js';
import { columnsWithConstraint } from './ddl/index.js';
import { quoteName, quoteText } from './identifiers.js';
import { columnOfTrigger, TRIGGER_MARK } from './trigger.js';

/** The constraint with this name in a column's definition marks it as put there by knex-meta. */
export const COLUMN_MARK = 'knex_meta';
/** Beside it, on what an adoption put there: undoing the adoption takes away just that. */
export const ADOPTED_MARK = 'knex_meta_adopted';

/** One row a column, with the table's and our trigger's SQL beside each; no row when there is no such table. */
export function factsQuery(target: HookTarget): { sql: string; bindings: readonly unknown[] } {
  const { schema = 'main', name } = target.table;
  const master = `${quoteName(schema)}.sqlite_master`;
  const sql = `select x.name, x.type, x."notnull" as required, x.dflt_value as default_to, x.pk,
      m.sql as table_sql, t.name as trigger_name, t.sql as trigger_sql
    from ${master} m
    join pragma_table_xinfo(m.name, ${quoteText(schema)}) x
    left join ${master} t on t.type = 'trigger' and lower(t.tbl_name) = lower(m.name) and instr(t.sql, ${quoteText(TRIGGER_MARK)}) > 0
    where m.type = 'table' and lower(m.name) = lower(?)
    order by x.cid`;
  return { sql, bindings: [name] };
}

/** Names of the columns whose definition carries the mark, lower case. */
function markedColumns(tableSql: string): ReadonlySet<string> {
  if (!tableSql.includes(COLUMN_MARK)) return new Set();
  return new Set(columnsWithConstraint(tableSql, COLUMN_MARK).map((name) => name.toLowerCase()));
}

export function readFacts(target: HookTarget, rows: readonly Row[]): TableFacts | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const marked = markedColumns(String(first.table_sql));
  return {
    ...target.table,
    columns: rows.map((row) => ({
      name: String(row.name),
      type: String(row.type).toLowerCase(),
      nullable: Number(row.required) === 0,
      defaultTo: row.default_to === null ? undefined : String(row.default_to),
      isMetadata: marked.has(String(row.name).toLowerCase()),
    })),
    trigger:
      first.trigger_name === null
        ? undefined
        : {
            name: String(first.trigger_name),
            column: columnOfTrigger(String(first.trigger_sql)),
            enabled: true,
          },
  };
}

/** See `MetadataEngine.primaryKey`. */
export async function primaryKey(session: Session, target: HookTarget): Promise<readonly string[]> {
  const query = factsQuery(target);
  const rows = await session.rows(query.sql, query.bindings);
  const keys = rows.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
  return keys.map(({ name }) => String(name));
}
