import { closingOf, isWord, splitAtCommas, type Token } from '../engines/tokens.js';

/** A table, subquery or function that a SELECT reads. */
export interface Source {
  /** The position of its name, or of its parenthesis. */
  readonly at: number;
  /** What qualifies its columns, as it is written; undefined: it has no name. */
  readonly alias: Token | undefined;
  /** Of a function: the names that its columns get here, as they are written. */
  readonly columns: readonly (readonly Token[])[] | undefined;
  /** The tokens of a table's name; undefined: it is no table. */
  readonly name: readonly Token[] | undefined;
}

/** One SELECT, at any depth of a statement. */
export interface Select {
  /** Its position among the tokens. */
  readonly at: number;
  readonly items: readonly (readonly Token[])[];
  readonly sources: readonly Source[];
  /** True when a `*` is the columns of the sources one after the other: no column is merged by USING or NATURAL. */
  readonly isPlain: boolean;
  /** True when it is a part of a UNION, EXCEPT or INTERSECT. */
  readonly isCompound: boolean;
  readonly isDistinct: boolean;
}

const SET_OPERATORS = ['UNION', 'EXCEPT', 'INTERSECT'];
const AFTER_FROM = [
  'WHERE',
  'GROUP',
  'HAVING',
  'WINDOW',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FETCH',
  'FOR',
  'RETURNING',
];
const AFTER_SOURCE = [
  ...AFTER_FROM,
  ...SET_OPERATORS,
  ...['JOIN', 'LEFT', 'RIGHT', 'INNER', 'OUTER', 'CROSS', 'FULL', 'NATURAL', 'ON', 'USING'],
  ...['TABLESAMPLE', 'INDEXED', 'NOT', 'SET', 'DO'],
];

/** Positions of the tokens that belong to the statement itself and not to a parenthesis in it, from `start` on. */
function ownPositions(tokens: readonly Token[], start: number): readonly number[] {
  const positions: number[] = [];
  for (let at = start; at < tokens.length; at += 1) {
    const text = tokens[at]?.text;
    if (text === ')' || text === ';' || isWord(tokens[at], ...SET_OPERATORS)) break;
    positions.push(at);
    if (text === '(') at = closingOf(tokens, at);
  }
  return positions;
}

/** The tokens of a possibly qualified name at this position. */
export function nameAt(tokens: readonly Token[], start: number): readonly Token[] {
  let end = start + 1;
  while (tokens[end]?.text === '.') end += 2;
  return tokens.slice(start, end);
}

function aliasAt(tokens: readonly Token[], at: number): Token | undefined {
  const token = tokens[isWord(tokens[at], 'AS') ? at + 1 : at];
  if (token?.kind === 'name') return token;
  return token?.kind === 'word' && !isWord(token, ...AFTER_SOURCE) ? token : undefined;
}

/** Whether the parenthesis here, or one in it, is a query's. */
export function opensQuery(tokens: readonly Token[], open: number): boolean {
  let at = open;
  while (tokens[at]?.text === '(') at += 1;
  return isWord(tokens[at], 'SELECT', 'VALUES', 'WITH', 'TABLE');
}

interface ReadSource extends Source {
  /** False when its columns have other names here. */
  readonly isPlain: boolean;
}

function readSource(tokens: readonly Token[], start: number): ReadSource {
  let at = start;
  while (isWord(tokens[at], 'LATERAL', 'ONLY')) at += 1;
  const isParenthesis = tokens[at]?.text === '(';
  const name = isParenthesis ? undefined : nameAt(tokens, at);
  let behind = name === undefined ? closingOf(tokens, at) + 1 : at + name.length;
  const isCall = name !== undefined && tokens[behind]?.text === '(';
  if (isCall) behind = closingOf(tokens, behind) + 1;
  if (tokens[behind]?.text === '*') behind += 1;
  const alias = aliasAt(tokens, behind);
  const afterAlias = behind + Number(isWord(tokens[behind], 'AS')) + Number(alias !== undefined);
  const hasList = tokens[afterAlias]?.text === '(' && behind < afterAlias;
  const list = hasList ? tokens.slice(afterAlias + 1, closingOf(tokens, afterAlias)) : undefined;
  const isSubquery = isParenthesis && isWord(tokens[at + 1], 'SELECT', 'WITH', 'VALUES');
  return {
    at,
    alias: alias ?? (isCall ? undefined : name?.at(-1)),
    columns: isCall && list ? splitAtCommas(list) : undefined,
    name: isCall ? undefined : name,
    isPlain: (!isParenthesis || isSubquery) && (isCall || !hasList),
  };
}

/** The sources of a FROM clause, with those of joins in parentheses. */
function readFrom(
  tokens: readonly Token[],
  positions: readonly number[],
): { readonly sources: readonly ReadSource[]; readonly isPlain: boolean } {
  const sources: ReadSource[] = [];
  let isPlain = true;
  for (const [index, at] of positions.entries()) {
    if (isWord(tokens[at], ...AFTER_FROM)) break;
    if (isWord(tokens[at], 'USING', 'NATURAL')) isPlain = false;
    if (index > 0 && !isWord(tokens[at], 'JOIN') && tokens[at]?.text !== ',') continue;
    const isJoin = tokens[at + 1]?.text === '(' && !opensQuery(tokens, at + 1);
    if (!isJoin) {
      sources.push(readSource(tokens, at + 1));
      continue;
    }
    const inner = readFrom(tokens, [at + 1, ...ownPositions(tokens, at + 2)]);
    sources.push(...inner.sources);
    const hasAlias = aliasAt(tokens, closingOf(tokens, at + 1) + 1) !== undefined;
    if (!inner.isPlain || hasAlias) isPlain = false;
  }
  return { sources, isPlain: isPlain && sources.every((source) => source.isPlain) };
}

function isDistinctFrom(tokens: readonly Token[], at: number): boolean {
  return isWord(tokens[at - 1], 'DISTINCT') && isWord(tokens[at - 2], 'IS', 'NOT');
}

function readSelect(tokens: readonly Token[], at: number): Select {
  const own = ownPositions(tokens, at + 1);
  const end = endOf(tokens, own, at);
  const isDistinct = isWord(tokens[at + 1], 'DISTINCT');
  let first = isDistinct || isWord(tokens[at + 1], 'ALL') ? at + 2 : at + 1;
  if (isDistinct && isWord(tokens[first], 'ON')) first = closingOf(tokens, first + 1) + 1;
  const from = own.find((each) => isWord(tokens[each], 'FROM') && !isDistinctFrom(tokens, each));
  const listEnd = from ?? own.find((each) => each >= first && isWord(tokens[each], ...AFTER_FROM)) ?? end;
  const clause = from === undefined ? [] : own.filter((position) => position >= from);
  const { sources, isPlain } = readFrom(tokens, clause);
  return {
    at,
    items: splitAtCommas(tokens.slice(first, listEnd)),
    sources,
    isPlain,
    isCompound: isWord(tokens[end], ...SET_OPERATORS) || isBehindSetOperator(tokens, at),
    isDistinct,
  };
}

/** The position behind the statement's own tokens. */
function endOf(tokens: readonly Token[], own: readonly number[], at: number): number {
  const last = own.at(-1) ?? at;
  return tokens[last]?.text === '(' ? closingOf(tokens, last) + 1 : last + 1;
}

function isBehindSetOperator(tokens: readonly Token[], at: number): boolean {
  const before = isWord(tokens[at - 1], 'ALL', 'DISTINCT') ? at - 2 : at - 1;
  return isWord(tokens[before], ...SET_OPERATORS);
}

/** Every SELECT of a statement, the outer ones first. */
export function readSelects(tokens: readonly Token[]): readonly Select[] {
  return tokens.flatMap((token, at) => (isWord(token, 'SELECT') ? [readSelect(tokens, at)] : []));
}

/** What stands before the `.*` of an item; `bare` for a `*` alone; undefined when the item is no star. */
export function starOf(item: readonly Token[]): readonly Token[] | 'bare' | undefined {
  if (item.at(-1)?.text !== '*') return undefined;
  if (item.length === 1) return 'bare';
  const prefix = item.slice(0, -2);
  const isName = prefix.every((token, at) => (at % 2 === 1 ? token.text === '.' : isIdentifier(token)));
  return item.at(-2)?.text === '.' && isName && prefix.length % 2 === 1 ? prefix : undefined;
}

function isIdentifier(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'name';
}
