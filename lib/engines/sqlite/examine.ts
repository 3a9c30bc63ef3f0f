import type { Knex } from 'knex';
import { ownRows } from '../../metadata/session.js';
import type { Examination, ExaminedTable, ExaminedTrigger, OtherTrigger, WantedMetadata } from '../checks.js';
import type { ColumnFacts, Row } from '../contract.js';
import { identifierOf, sameName, significant, tokenize } from '../tokens.js';
import { columnsWithConstraint, isStrict, isWithoutRowid } from './ddl/index.js';
import { expectedColumns } from './expected.js';
import { COLUMN_MARK } from './facts.js';
import { keepsColumn } from './keeps.js';
import { stampFor } from './stamp.js';
import { createTriggerSql, rowCondition, TRIGGER_MARK, triggerName } from './trigger.js';

const COLUMNS = `select m.name as table_name, m.sql as table_sql, x.name, x.type, x."notnull" as required, x.dflt_value as default_to, x.pk
  from sqlite_master m join pragma_table_list l on l.schema = 'main' and l.name = m.name and l.type = 'table'
  left join pragma_table_xinfo(m.name) x
  where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' and m.sql not like 'create virtual%'
  order by m.name, x.cid`;

const TRIGGERS = "select name, tbl_name, sql from sqlite_master where type = 'trigger' order by name";

const INDEXES = `select m.name, m.tbl_name, i.name as column_name from sqlite_master m join pragma_index_info(m.name) i
  where m.type = 'index' and i.seqno = 0`;

/** A definition as its words: quotes, blanks and comments make no difference. */
function wordsOf(sql: string): string {
  return significant(tokenize(sql))
    .map((token) =>
      token.kind === 'word' || token.kind === 'name' ? identifierOf(token).toLowerCase() : token.text,
    )
    .join(' ');
}

function columnFacts(rows: readonly Row[]): readonly ColumnFacts[] {
  const marked = new Set(columnsWithConstraint(String(rows[0]?.table_sql), COLUMN_MARK));
  return rows.map((row) => ({
    name: String(row.name),
    type: String(row.type).toLowerCase(),
    nullable: Number(row.required) === 0,
    defaultTo: row.default_to === null ? undefined : String(row.default_to),
    isMetadata: marked.has(String(row.name)),
  }));
}

/** The statement that makes the trigger of a table; undefined where none can keep its column. */
function triggerSqlFor(
  name: string,
  rows: readonly Row[],
  stamped: ColumnFacts | undefined,
  wanted: WantedMetadata,
  trigger = triggerName(name),
): string | undefined {
  const stamp = stamped && stampFor(wanted.clock, name, stamped);
  const keys = rows.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
  const condition = rowCondition(
    rows.map((row) => String(row.name)),
    keys.map((row) => String(row.name)),
    isWithoutRowid(String(rows[0]?.table_sql)),
  );
  if (stamped === undefined || stamp === undefined || condition === undefined) return undefined;
  const target = { ...wanted, table: { name }, quoted: '' };
  return createTriggerSql(target, stamped.name, stamp.expression, condition, trigger);
}

/** With what only this engine asks. */
export interface SqliteTable extends ExaminedTable {
  /** The statement that makes the update trigger; undefined where none can keep the column. */
  readonly triggerSql: string | undefined;
  readonly isStrict: boolean;
  /** The statements that make the table and its triggers. */
  readonly definitions: readonly string[];
}

function triggerOf(own: Row | undefined, expected: string | undefined): ExaminedTrigger | undefined {
  if (own === undefined) return undefined;
  const difference =
    expected === undefined
      ? 'it keeps a column that cannot hold an instant'
      : wordsOf(String(own.sql)) === wordsOf(expected)
        ? undefined
        : 'it says something else than what knex-meta writes for this table and configuration';
  return { name: String(own.name), enabled: 'yes', difference };
}

/** What another trigger does is undone with its transaction, whatever it is. */
function otherOf(row: Row, stamped: ColumnFacts | undefined): OtherTrigger {
  const words = wordsOf(String(row.sql));
  return {
    name: String(row.name),
    canBeUndone: true,
    setsStamp: stamped !== undefined && words.includes(` ${stamped.name.toLowerCase()} = `),
  };
}

function examined(
  name: string,
  rows: readonly Row[],
  triggers: readonly Row[],
  indexes: readonly Row[],
  wanted: WantedMetadata,
): SqliteTable {
  const columns = columnFacts(rows);
  const sql = String(rows[0]?.table_sql);
  const stamped = columns.find((column) => sameName(column.name, wanted.updatedAt ?? ''));
  const keeping = triggers.find((row) => keepsColumn(String(row.sql), name, wanted.updatedAt ?? ''));
  const own =
    triggers.find((row) => String(row.sql).includes(TRIGGER_MARK)) ??
    triggers.find((row) => sameName(String(row.name), triggerName(name)) && row !== keeping);
  const expected = triggerSqlFor(name, rows, stamped, wanted, own && String(own.name));
  return {
    name,
    columns,
    expected: expectedColumns(wanted, isStrict(sql)),
    indexes: indexes.map((row) => ({
      name: String(row.name),
      column: String(row.column_name),
      isValid: true,
    })),
    trigger: triggerOf(own, expected),
    keptBy: keeping && String(keeping.name),
    stamped,
    canStamp: expected !== undefined,
    others: triggers.filter((row) => row !== own).map((row) => otherOf(row, stamped)),
    takenNames: [],
    obstacle: undefined,
    triggerSql: expected,
    isStrict: isStrict(sql),
    definitions: [sql, ...triggers.map((row) => String(row.sql))],
  };
}

function byTable(rows: readonly Row[], key: string): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const name = String(row[key]).toLowerCase();
    const list = found.get(name) ?? [];
    found.set(name, list);
    list.push(row);
  }
  return found;
}

/** See `CheckEngine.examine`: three queries, whatever the number of tables. */
export async function examine(db: Knex, wanted: WantedMetadata): Promise<Examination> {
  const columns = byTable(await ownRows(db, COLUMNS), 'table_name');
  const triggers = byTable(await ownRows(db, TRIGGERS), 'tbl_name');
  const indexes = wanted.columns.some(({ index }) => index)
    ? byTable(await ownRows(db, INDEXES), 'tbl_name')
    : new Map<string, readonly Row[]>();
  const tables = [...columns].map(([key, rows]) =>
    examined(String(rows[0]?.table_name), rows, triggers.get(key) ?? [], indexes.get(key) ?? [], wanted),
  );
  return { tables, locked: [], silencers: [] };
}
