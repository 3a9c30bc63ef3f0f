import type { HookTarget, Session } from '../engines/contract.js';
import { identifierOf, isWord, splitAtCommas, type Token } from '../engines/tokens.js';
import { prepareAlter, settleAlter } from './alter.js';
import { type AlterPlan, type ColumnChanges, planChanges } from './alterPlan.js';
import { statementsOf } from './tableChanges.js';
import { type HookContext, rawTarget } from './target.js';

const CANDIDATE = /\balter\s+table\b/i;

/** An ALTER TABLE that a project wrote as SQL. */
interface RawAlter {
  /** The table's name as it stands in the statement. */
  readonly table: string;
  /** Schema and name without quotes. */
  readonly parts: readonly string[];
  readonly changes: ColumnChanges;
}

const NO_COLUMN = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK', 'EXCLUDE', 'PARTITION', 'TO'];

/** The tokens behind words that may stand there. */
function behind(tokens: readonly Token[], ...words: readonly string[]): readonly Token[] {
  const start = tokens.findIndex((token) => !isWord(token, ...words));
  return start < 0 ? [] : tokens.slice(start);
}

function readAlter(
  sql: string,
  tokens: readonly Token[],
  fold: (token: Token) => string,
): RawAlter | undefined {
  if (!isWord(tokens[0], 'ALTER') || !isWord(tokens[1], 'TABLE')) return undefined;
  const start = behind(tokens.slice(2), 'IF', 'EXISTS', 'ONLY');
  const isQualified = start[1]?.text === '.';
  const name = start.slice(0, isQualified ? 3 : 1);
  const [first, last] = [name[0], name.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const [added, dropped]: [string[], string[]] = [[], []];
  const renamed: { from: string; to: string }[] = [];
  for (const action of splitAtCommas(start.slice(name.length))) {
    const [verb] = action;
    const [column, word, to] = behind(action.slice(1), 'COLUMN', 'IF', 'NOT', 'EXISTS');
    if (column === undefined || isWord(column, ...NO_COLUMN)) continue;
    if (isWord(verb, 'ADD')) added.push(fold(column));
    else if (isWord(verb, 'DROP')) dropped.push(fold(column));
    else if (isWord(verb, 'RENAME') && isWord(word, 'TO') && to !== undefined)
      renamed.push({ from: fold(column), to: fold(to) });
  }
  return {
    table: sql.slice(first.start, last.end),
    parts: name.map(fold),
    changes: { added, altered: [], dropped, renamed },
  };
}

interface Planned {
  readonly target: HookTarget;
  readonly plan: AlterPlan;
}

function plan(context: HookContext, session: Session, alter: RawAlter): Planned | undefined {
  const target = rawTarget(context, session, alter.parts, alter.table);
  if (!context.meta.includesTable(target.table.name)) return undefined;
  const found = planChanges(context, target, alter.changes);
  return found === undefined ? undefined : { target, plan: found };
}

/** Metadata columns that are ready for a statement. */
interface PreparedAlter {
  readonly around: (run: () => Promise<unknown>) => Promise<unknown>;
}

/** The plan that gives every column with a temporary name its own name, or drops it where that is in use. */
const UNDONE: AlterPlan = { added: new Set(), dropped: new Set(), renamed: [] };

/** Whether a statement may be an ALTER TABLE. */
export function mayAlter(sql: string): boolean {
  return CANDIDATE.test(sql);
}

/**
 * Prepares the metadata columns for the ALTER TABLE statements of a text, as `alterTable` of the schema builder does.
 *
 * @returns what runs the text and settles the columns after it; undefined when it changes no metadata
 * @throws KnexMetaError METADATA_COLUMN_IN_USE
 */
export async function prepareRawAlter(
  context: HookContext,
  session: Session,
  sql: string,
): Promise<PreparedAlter | undefined> {
  const { engine } = context;
  const fold = (token: Token): string =>
    token.kind === 'word' ? engine.foldWord(token.text) : identifierOf(token);
  const planned = statementsOf(sql).flatMap((tokens): readonly Planned[] => {
    const alter = readAlter(sql, tokens, fold);
    const found = alter && plan(context, session, alter);
    return found === undefined ? [] : [found];
  });
  const prepared: Planned[] = [];
  for (const each of planned) {
    const query = engine.factsQuery(each.target);
    const facts = engine.readFacts(each.target, await session.rows(query.sql, query.bindings));
    if (facts === undefined) continue;
    const isPrepared = await prepareAlter(context, session, each.target, each.plan, facts);
    // An engine may refuse to drop a column that a trigger names.
    if (facts.trigger !== undefined && each.plan.dropped.has(engine.foldName(facts.trigger.column)))
      await engine.reconcileTrigger(session, { ...each.target, updatedAt: undefined });
    if (isPrepared || facts.trigger !== undefined) prepared.push(each);
  }
  if (prepared.length === 0) return undefined;
  const settle = async (hasRun: boolean): Promise<void> => {
    for (const { target, plan: changes } of prepared) {
      await settleAlter(context, session, target, hasRun ? changes : UNDONE);
      await engine.reconcileTrigger(session, target);
    }
  };
  return {
    around: async (run) => {
      let answer: unknown;
      try {
        answer = await run();
      } catch (error) {
        // Where the failure has ended the transaction, its rollback undoes the preparation.
        await settle(false).catch(() => {});
        throw error;
      }
      await settle(true);
      return answer;
    },
  };
}
