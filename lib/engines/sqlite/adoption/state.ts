import type { Adopted, AdoptionSession } from '../../adoption.js';
import type { HookTarget, MetadataColumn, Session, TableFacts, TableId } from '../../contract.js';
import { columnsWithConstraint } from '../ddl/index.js';
import { ADOPTED_MARK, factsQuery, readFacts } from '../facts.js';
import { quoteName } from '../identifiers.js';
import { metadata } from '../metadata.js';
import { ADOPTED_TRIGGER } from '../trigger.js';

/** The table as it is now. */
export interface State {
  readonly facts: TableFacts;
  readonly sql: string;
  readonly triggerSql: string;
  /** Lower case. */
  readonly adopted: ReadonlySet<string>;
}

export async function readState(session: AdoptionSession, target: HookTarget): Promise<State | undefined> {
  const query = factsQuery(target);
  const rows = await session.rows(query.sql, query.bindings);
  const facts = readFacts(target, rows);
  if (facts === undefined) return undefined;
  const sql = String(rows[0]?.table_sql);
  return { facts, sql, triggerSql: String(rows[0]?.trigger_sql ?? ''), adopted: adoptedIn(sql) };
}

export const fold = (name: string): string => name.toLowerCase();

const adoptedIn = (sql: string): ReadonlySet<string> =>
  new Set(columnsWithConstraint(sql, ADOPTED_MARK).map(fold));

/** See `AdoptionEngine.adopted`. */
export async function adopted(session: Session, { name }: TableId): Promise<Adopted> {
  const rows = await session.rows(
    "select type, sql from sqlite_master where lower(tbl_name) = lower(?) and type in ('table', 'trigger')",
    [name],
  );
  const [table] = rows.filter(({ type }) => type === 'table');
  return {
    columns: table === undefined ? new Set() : adoptedIn(String(table.sql)),
    trigger: rows.some(({ type, sql }) => type === 'trigger' && String(sql).includes(ADOPTED_TRIGGER)),
  };
}

/** Knex's own name for the index of a column, and the statement. */
export function indexOf(target: HookTarget, column: MetadataColumn) {
  const name = `${target.table.name.replace(/[.-]/g, '_')}_${column.name}_index`.toLowerCase();
  const predicate = metadata.indexPredicate(column);
  const where = predicate === undefined ? '' : ` where ${predicate}`;
  const sql = `create index ${quoteName(name)} on ${quoteName(target.table.name)} (${column.quoted})${where}`;
  return { name, sql };
}
