import type { Session } from '../engines/contract.js';
import { identifierOf, isWord, significant, tokenize } from '../engines/tokens.js';
import { type HookContext, targetNamed, targetOf } from './target.js';

const RENAME = /^\s*alter\s+table\b[^;]*\brename\s+to\b/i;

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
  const named = targetNamed(context, names, renamed);
  const own = targetOf(session.client, context, {
    schema: undefined,
    name: named.table.name,
    queryContext: undefined,
  });
  const target = { ...own, table: named.table, quoted: named.quoted };
  const query = engine.factsQuery(target);
  const facts = engine.readFacts(target, await session.rows(query.sql, query.bindings));
  if (facts === undefined || facts.trigger !== undefined) return;
  const has = new Set(facts.columns.map(({ name }) => engine.foldName(name)));
  if (target.columns.every(({ name }) => has.has(engine.foldName(name))))
    await engine.reconcileTrigger(session, target);
}
