import type { HookStatement, HookTarget, Session } from '../contract.js';
import { isWithoutRowid } from './ddl/index.js';
import { factsQuery, readFacts } from './facts.js';
import { quoteName, quoteText } from './identifiers.js';
import { keepsColumn } from './keeps.js';
import { stampFor } from './stamp.js';
import { createTriggerSql, rowCondition, TRIGGER_MARK, triggerName } from './trigger.js';

function masterOf(target: HookTarget): string {
  return `${quoteName(target.table.schema ?? 'main')}.sqlite_master`;
}

function qualified(target: HookTarget, name: string): string {
  return `${quoteName(target.table.schema ?? 'main')}.${quoteName(name)}`;
}

/** A name for the table's trigger that no trigger of another table has. */
async function freeName(
  session: Session,
  target: HookTarget,
  base = triggerName(target.table.name),
): Promise<string> {
  for (let suffix = 1; ; suffix += 1) {
    const name = suffix === 1 ? base : `${base}_${suffix}`;
    const rows = await session.rows(
      `select 1 from ${masterOf(target)} where type = 'trigger' and lower(name) = lower(?)`,
      [name],
    );
    if (rows.length === 0) return name;
  }
}

/** The statement of a trigger with another name. */
function renamed(target: HookTarget, sql: string, name: string): string {
  return sql.replace(
    /^(create\s+trigger\s+)(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|\S+)/i,
    (_, create: string) => `${create}${qualified(target, name)}`,
  );
}

/** Drops a trigger of ours and makes it again under another name: SQLite cannot rename one. */
async function renameTrigger(session: Session, target: HookTarget, name: string, sql: string): Promise<void> {
  await session.rows(`drop trigger ${qualified(target, name)}`);
  await session.rows(renamed(target, sql, await freeName(session, target)));
}

/** Puts a trigger of ours aside, whose name the project wants. */
export async function nameAside(
  session: Session,
  target: HookTarget,
  name: string,
  sql: string,
): Promise<void> {
  const fresh = await freeName(session, target, `knex_meta_${name}`);
  await session.rows(`drop trigger ${qualified(target, name)}`);
  await session.rows(renamed(target, sql, fresh));
}

/** Frees the name of a new table's trigger when a table that was renamed behind our back still has it. */
function freeTriggerName(target: HookTarget): HookStatement {
  const name = triggerName(target.table.name);
  return {
    sql: `select name, tbl_name, sql from ${masterOf(target)} where type = 'trigger' and lower(name) = lower(?)`,
    bindings: [name],
    withRows: async (session, rows) => {
      const [row] = rows;
      if (row === undefined || !String(row.sql).includes(TRIGGER_MARK)) return;
      const holder = { ...target, table: { ...target.table, name: String(row.tbl_name) } };
      await renameTrigger(session, holder, String(row.name), String(row.sql));
    },
  };
}

/**
 * Creates the trigger of a new table. Where the project's own trigger on another table has the name, ours gets another one.
 */
export function createTrigger(
  target: HookTarget,
  column: string,
  stamp: string,
  condition: string,
): readonly HookStatement[] {
  const name = triggerName(target.table.name);
  const ifNew = 'create trigger if not exists';
  return [
    freeTriggerName(target),
    { sql: createTriggerSql(target, column, stamp, condition, name, ifNew) },
    {
      sql: `select 1 from ${masterOf(target)} where type = 'trigger' and lower(name) = lower(?) and lower(tbl_name) = lower(?)`,
      bindings: [name, target.table.name],
      withRows: async (session, rows) => {
        if (rows.length > 0) return;
        const free = await freeName(session, target);
        await session.rows(createTriggerSql(target, column, stamp, condition, free));
      },
    },
  ];
}

/** After a table was renamed its trigger goes on, under the old table's name: give it the new one's. */
export function renameTriggerOf(target: HookTarget): HookStatement {
  return {
    sql: `select name, sql from ${masterOf(target)} where type = 'trigger' and lower(tbl_name) = lower(?) and instr(sql, ${quoteText(TRIGGER_MARK)}) > 0`,
    bindings: [target.table.name],
    withRows: async (session, rows) => {
      for (const row of rows) await renameTrigger(session, target, String(row.name), String(row.sql));
    },
  };
}

/** Whether a trigger of the project's own keeps the column that ours would. */
async function isKept(session: Session, target: HookTarget): Promise<boolean> {
  const rows = await session.rows(
    `select sql from ${masterOf(target)} where type = 'trigger' and lower(tbl_name) = lower(?)`,
    [target.table.name],
  );
  return rows.some(({ sql }) => keepsColumn(String(sql), target.table.name, target.updatedAt ?? ''));
}

/** A column without a default and without values: nobody knows yet in which form the application writes an instant. */
async function warnOfEmpty(session: Session, target: HookTarget, column: string): Promise<void> {
  const [row] = await session.rows(
    `select 1 from ${target.quoted} where ${quoteName(column)} is not null limit 1`,
  );
  if (row !== undefined) return;
  session.warn(
    `${target.table.name}.${column} has no default: the update trigger writes it in the form that its other values have, and leaves it NULL until there is one`,
  );
}

/** See `MetadataEngine.reconcileTrigger`. */
export async function reconcileTrigger(session: Session, target: HookTarget): Promise<void> {
  const query = factsQuery(target);
  const rows = await session.rows(query.sql, query.bindings);
  const facts = readFacts(target, rows);
  if (facts === undefined) return;
  const wanted = target.updatedAt?.toLowerCase();
  const column = facts.columns.find(({ name }) => name.toLowerCase() === wanted);
  const stamp = column === undefined ? undefined : stampFor(target.clock, target.table.name, column);
  const keys = rows.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
  const condition = rowCondition(
    facts.columns.map(({ name }) => name),
    keys.map(({ name }) => String(name)),
    isWithoutRowid(String(rows[0]?.table_sql)),
  );
  if (facts.trigger !== undefined)
    await session.rows(`drop trigger ${qualified(target, facts.trigger.name)}`);
  if (column === undefined || (await isKept(session, target))) return;
  if (stamp === undefined || condition === undefined) {
    session.warn(
      `table ${target.table.name} has a column ${column.name} of its own that cannot hold the time stamp: it got no update trigger`,
    );
    return;
  }
  if (stamp.isFromRows) await warnOfEmpty(session, target, column.name);
  const name = await freeName(session, target);
  await session.rows(createTriggerSql(target, column.name, stamp.expression, condition, name));
}

/** `reconcileTrigger` as a statement of the hook. */
export function reconcileStatement(target: HookTarget): HookStatement {
  return { ...factsQuery(target), withRows: (session) => reconcileTrigger(session, target) };
}
