import { identifierOf, isWord, significant, splitAtCommas, type Token, tokenize } from '../engines/tokens.js';
import { readSelects, type Select } from './select.js';

/** How the columns of an answer come about. */
interface AnswerShape {
  /** The number of columns that are named before the first `*`. */
  readonly leading: number;
  /** The number of columns that are named after the last `*`. */
  readonly trailing: number;
  /** Names that are asked for between them. */
  readonly named: ReadonlySet<string>;
}

function isStar(item: readonly Token[]): boolean {
  return item.at(-1)?.text === '*' && (item.length === 1 || item.at(-2)?.text === '.');
}

/** The name that an item of a list has in the answer; undefined for an expression without one. */
function nameOf(item: readonly Token[]): string | undefined {
  const last = item.at(-1);
  return last?.kind === 'word' || last?.kind === 'name' ? identifierOf(last) : undefined;
}

function shapeOf(
  items: readonly (readonly Token[])[],
  namedInside: readonly string[],
): AnswerShape | undefined {
  const first = items.findIndex(isStar);
  if (first < 0) return undefined;
  const last = items.findLastIndex(isStar);
  const names = items.slice(first, last + 1).map(nameOf);
  return {
    leading: first,
    trailing: items.length - 1 - last,
    named: new Set([...namedInside, ...names.filter((name) => name !== undefined)]),
  };
}

/** A statement's own list: that of its SELECT, or of its RETURNING. */
function ownList(tokens: readonly Token[], selects: readonly Select[]): readonly (readonly Token[])[] {
  let depth = 0;
  let list: readonly (readonly Token[])[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth !== 0) continue;
    if (isWord(token, 'SELECT')) list = selects.find((select) => select.at === at)?.items ?? [];
    if (isWord(token, 'RETURNING')) list = splitAtCommas(tokens.slice(at + 1));
  }
  return list;
}

/** The names that subqueries which a statement reads from ask for. */
function namedInside(tokens: readonly Token[], selects: readonly Select[]): readonly string[] {
  const isRead = ({ at }: Select): boolean =>
    tokens[at - 1]?.text === '(' &&
    (tokens[at - 2]?.text === ',' || isWord(tokens[at - 2], 'FROM', 'JOIN', 'AS', 'MATERIALIZED', 'LATERAL'));
  return selects
    .filter(isRead)
    .flatMap(({ items }) => items.map(nameOf))
    .filter((name) => name !== undefined);
}

/** What becomes of the metadata columns in the answer of a statement. */
export interface Answer {
  /** Undefined when the statement's own list has no `*`. */
  readonly shape: AnswerShape | undefined;
  /** True when a `*` decides more than which columns are in the answer: it has to be replaced before. */
  readonly isInner: boolean;
}

const KNOWN = 500;
const known = new Map<string, readonly Answer[]>();

function answerOf(tokens: readonly Token[]): Answer {
  const selects = readSelects(tokens);
  const isWriting = tokens.some((token) => isWord(token, 'INSERT', 'REPLACE', 'MERGE'));
  const isNested = ({ at }: Select): boolean =>
    tokens[at - 1]?.text === '(' ? !isWord(tokens[at - 2], 'EXISTS') : isWriting;
  return {
    shape: shapeOf(ownList(tokens, selects), namedInside(tokens, selects)),
    isInner: selects
      .filter(({ items }) => items.some(isStar))
      .some((select) => isNested(select) || select.isCompound || select.isDistinct),
  };
}

/**
 * Reads which columns of the answers nobody named, for each statement of a text. Applications send the same texts
 * again and again: it remembers them.
 */
export function answersOf(sql: string): readonly Answer[] {
  const before = known.get(sql);
  if (before !== undefined) return before;
  const statements: Token[][] = [[]];
  for (const token of significant(tokenize(sql))) {
    if (token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  const answers = statements.filter(({ length }) => length > 0).map(answerOf);
  if (known.size >= KNOWN) known.clear();
  known.set(sql, answers);
  return answers;
}
