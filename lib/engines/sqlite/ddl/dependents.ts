import type { Session } from '../../contract.js';
import { identifierOf, tokenize } from '../../tokens.js';
import { quoteName } from '../identifiers.js';

/** What stands on a table and can be broken by its alteration, each with a statement that compiles it. */
interface Probe {
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

/** Every name in a statement; SQLite takes a string for a name too. */
function namesIn(sql: string): ReadonlySet<string> {
  const tokens = tokenize(sql).filter(({ kind }) => kind === 'word' || kind === 'name' || kind === 'string');
  return new Set(tokens.map((token) => identifierOf(token).toLowerCase()));
}

/** A view or a trigger, with the table that a trigger is on. */
interface Dependent {
  readonly type: string;
  readonly name: string;
  readonly owner: string;
  readonly names: ReadonlySet<string>;
}

async function readDependents(session: Session): Promise<readonly Dependent[]> {
  const rows = await session.rows(
    `select type, name, tbl_name, sql from sqlite_master where type in ('view', 'trigger')
     union all select type, name, tbl_name, sql from temp.sqlite_master where type in ('view', 'trigger')`,
  );
  return rows.map(({ type, name, tbl_name: owner, sql }) => ({
    type: String(type),
    name: String(name),
    owner: String(owner),
    names: namesIn(String(sql)),
  }));
}

/** The views that name the table, or a view that does. */
function viewsOver(table: string, all: readonly Dependent[]): readonly string[] {
  const reached = new Set([table.toLowerCase()]);
  const found: string[] = [];
  const views = all.filter(({ type }) => type === 'view');
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const { name, names } of views) {
      if (reached.has(name.toLowerCase()) || ![...names].some((each) => reached.has(each))) continue;
      reached.add(name.toLowerCase());
      found.push(name);
    }
  }
  return found;
}

/** Everything that may depend on the table: views over it, and tables with triggers that name it or such a view. */
export async function readProbes(session: Session, table: string): Promise<readonly Probe[]> {
  const all = await readDependents(session);
  const views = viewsOver(table, all);
  const reached = new Set([table, ...views].map((name) => name.toLowerCase()));
  const byOwner = new Map<string, string[]>();
  for (const { type, name, owner, names } of all) {
    if (type !== 'trigger' || ![...names].some((each) => reached.has(each))) continue;
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), name]);
  }
  const ofTriggers = await Promise.all(
    [...byOwner].map(([owner, names]) => triggerProbes(session, owner, names)),
  );
  return [
    ...views.map((name) => ({
      what: `the view ${name}`,
      key: `view ${name}`,
      statement: `explain select * from ${quoteName(name)}`,
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
    if (reason !== undefined) return { what, reason };
  }
  return undefined;
}
