import type { Session } from '../engines/contract.js';
import { identifierOf, isWord, significant, tokenize } from '../engines/tokens.js';
import { type HookContext, rawTarget, targetNamed } from './target.js';

// Up to the end of the statement: a name in quotes may have a semicolon in it.
const RENAME = /^\s*alter\s+table\b(?:[^;"]|"[^"]*")*\brename\s+to\b/i;

/** The name that a table gets by this statement; undefined when it renames none. */
export function renamedTo(sql: string): string | undefined {
  if (!RENAME.test(sql)) return undefined;
  const tokens = significant(tokenize(sql));
  const to = tokens.findIndex(
    (token, position) => isWord(token, 'TO') && isWord(tokens[position - 1], 'RENAME'),
  );
  const name = tokens[to + 1];
  return name === undefined ? undefined : sql.slice(name.start).replace(/[\s;]+$/, '');
}

/**
 * The end of a rebuild by hand: create another table, copy, drop, rename. The columns came along, the trigger went
 * with the old table. A table with every metadata column and no trigger gets one.
 */
export async function keepAfterRebuild(
  context: HookContext,
  session: Session,
  renamed: string,
): Promise<void> {
  const { engine } = context;
  const names = significant(tokenize(renamed)).map(identifierOf);
  const target = rawTarget(context, session, names, renamed);
  const query = engine.factsQuery(target);
  const facts = engine.readFacts(target, await session.rows(query.sql, query.bindings));
  if (facts === undefined || facts.trigger !== undefined) return;
  const has = new Set(facts.columns.map(({ name }) => engine.foldName(name)));
  if (target.columns.every(({ name }) => has.has(engine.foldName(name))))
    await engine.reconcileTrigger(session, target);
}

const MOVE = /^\s*alter\s+table\b(?:[^;"]|"[^"]*")*\bset\s+schema\b/i;

/** A table's name before a statement that puts it into another schema, and that schema's name; each as it stands there. */
interface MovedTable {
  readonly table: string;
  readonly schema: string;
}

/** What a statement moves to another schema; undefined when it moves nothing. */
export function movedBy(sql: string): MovedTable | undefined {
  if (!MOVE.test(sql)) return undefined;
  const tokens = significant(tokenize(sql));
  const set = tokens.findIndex((token, at) => isWord(token, 'SET') && isWord(tokens[at + 1], 'SCHEMA'));
  const words = ['ALTER', 'TABLE', 'IF', 'EXISTS', 'ONLY'];
  const start = tokens.findIndex((token) => !isWord(token, ...words));
  const [first, last, schema] = [tokens[start], tokens[set - 1], tokens[set + 2]];
  if (first === undefined || last === undefined || schema === undefined || start >= set) return undefined;
  return { table: sql.slice(first.start, last.end), schema: sql.slice(schema.start, schema.end) };
}

/** A table in another schema has the function of that schema: the one that it had may be dropped with the schema. */
export async function keepAfterMove(
  context: HookContext,
  session: Session,
  { table, schema }: MovedTable,
): Promise<void> {
  const { engine } = context;
  const before = targetNamed(context, significant(tokenize(table)).map(identifierOf), table);
  const name = significant(tokenize(table)).at(-1);
  if (name === undefined) return;
  const moved = `${schema}.${table.slice(name.start)}`;
  const target = rawTarget(context, session, significant(tokenize(moved)).map(identifierOf), moved);
  const query = engine.factsQuery(target);
  const facts = engine.readFacts(target, await session.rows(query.sql, query.bindings));
  if (facts?.trigger === undefined) return;
  await engine.reconcileTrigger(session, target);
  for (const { sql, bindings } of engine.afterDropTable(before)) await session.rows(sql, bindings);
}
