import type { HookTarget } from '../contract.js';
import { quoteName } from './identifiers.js';

/** Stands in the body of every trigger of knex-meta's: how they are told from a project's own. */
export const TRIGGER_MARK = '/* knex-meta */';

/** Behind the mark, in a trigger that an adoption made. */
export const ADOPTED_TRIGGER = '/* adopted */';

/** Names of triggers are unique in a database, not in a table, so each carries its table's name. */
export function triggerName(table: string): string {
  return `update_timestamp_${table}`;
}

/** The column that one of our triggers sets. */
export function columnOfTrigger(sql: string): string {
  const body = sql.slice(sql.indexOf(TRIGGER_MARK));
  const quoted = /\bset\s+(?:`((?:[^`]|``)*)`|"((?:[^"]|"")*)")/i.exec(body);
  return (quoted?.[1] ?? '').replaceAll('``', '`') || (quoted?.[2] ?? '').replaceAll('""', '"');
}

/** How a row finds itself again: by its rowid under a name that no column hides, or by its primary key. */
export function rowCondition(
  columns: readonly string[],
  primaryKey: readonly string[],
  isWithoutRowid: boolean,
): string | undefined {
  const taken = new Set(columns.map((name) => name.toLowerCase()));
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (!isWithoutRowid && rowid !== undefined) return `${rowid} = new.${rowid}`;
  if (primaryKey.length === 0) return undefined;
  return primaryKey.map((name) => `${quoteName(name)} = new.${quoteName(name)}`).join(' and ');
}

/**
 * The trigger that keeps the updated_at column. `now` is constant within one statement, so the WHEN ends the
 * recursion that `recursive_triggers` would make of the trigger's own UPDATE.
 */
export function createTriggerSql(
  target: HookTarget,
  column: string,
  stamp: string,
  condition: string,
  name = triggerName(target.table.name),
  create = 'create trigger',
): string {
  const quoted = quoteName(column);
  // A trigger is named in its table's schema, and its own statements may not name one.
  const schema = target.table.schema === undefined ? '' : `${quoteName(target.table.schema)}.`;
  const table = quoteName(target.table.name);
  const unchanged = target.onExplicitUpdate === 'keep' ? `new.${quoted} is old.${quoted} and ` : '';
  return (
    `${create} ${schema}${quoteName(name)} after update on ${table} for each row ` +
    `when ${unchanged}new.${quoted} is not ${stamp} ` +
    `begin ${TRIGGER_MARK} update ${table} set ${quoted} = ${stamp} where ${condition}; end`
  );
}
