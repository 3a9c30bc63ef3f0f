import type { Session } from '../../contract.js';
import { mentions } from '../../tokens.js';
import { quoteName } from '../identifiers.js';

/** What stands on a table and can be broken by its alteration, each with a statement that compiles it. */
export interface Probe {
  /** In words, for a message. */
  readonly what: string;
  /** The same before and after, whatever columns there are. */
  readonly key: string;
  readonly statement: string;
}

async function columnsOf(session: Session, table: string): Promise<readonly string[]> {
  const rows = await session
    .rows('select name from pragma_table_xinfo(?) where hidden = 0', [table])
    .catch(() => []);
  return rows.map(({ name }) => quoteName(String(name)));
}

/** Statements that fire a table's triggers; `explain` compiles them with the triggers and runs nothing. */
async function triggerProbes(
  session: Session,
  table: string,
  triggers: readonly string[],
): Promise<readonly Probe[]> {
  const columns = await columnsOf(session, table);
  const target = quoteName(table);
  const what = `the trigger${triggers.length > 1 ? 's' : ''} ${triggers.join(', ')} on ${table}`;
  const assignments = columns.map((column) => `${column} = ${column}`).join(', ');
  return [
    { what, key: `insert ${table}`, statement: `explain insert into ${target} default values` },
    { what, key: `delete ${table}`, statement: `explain delete from ${target}` },
    ...(columns.length === 0
      ? []
      : [{ what, key: `update ${table}`, statement: `explain update ${target} set ${assignments}` }]),
  ];
}

/** Everything that may depend on the table: all views, and tables with triggers that are on it or name it. */
export async function readProbes(session: Session, table: string): Promise<readonly Probe[]> {
  const rows = await session.rows(
    "select type, name, tbl_name, sql from sqlite_master where type in ('view', 'trigger')",
  );
  const views = rows.filter(({ type }) => type === 'view');
  const byTable = new Map<string, string[]>();
  for (const { type, name, tbl_name: owner, sql } of rows) {
    if (type !== 'trigger' || !mentions(String(sql), table)) continue;
    byTable.set(String(owner), [...(byTable.get(String(owner)) ?? []), String(name)]);
  }
  const ofTriggers = await Promise.all(
    [...byTable].map(([owner, names]) => triggerProbes(session, owner, names)),
  );
  return [
    ...views.map(({ name }) => ({
      what: `the view ${String(name)}`,
      key: `view ${String(name)}`,
      statement: `explain select * from ${quoteName(String(name))}`,
    })),
    ...ofTriggers.flat(),
  ];
}

/** The probes that compile now. */
export async function workingProbes(
  session: Session,
  probes: readonly Probe[],
): Promise<ReadonlySet<string>> {
  const working = new Set<string>();
  for (const { key, statement } of probes) {
    const failed = await session.rows(statement).then(
      () => false,
      () => true,
    );
    if (!failed) working.add(key);
  }
  return working;
}

/** The first of the things that worked before and do not now, with the engine's reason. */
export async function firstBroken(
  session: Session,
  table: string,
  before: ReadonlySet<string>,
): Promise<{ readonly what: string; readonly reason: string } | undefined> {
  for (const { what, key, statement } of await readProbes(session, table)) {
    if (!before.has(key)) continue;
    const reason = await session.rows(statement).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (reason !== undefined) return { what, reason: reason.replace(statement, '').replace(/^ - /, '') };
  }
  return undefined;
}
