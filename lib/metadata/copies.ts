import { closingOf, isWord, type Token } from '../engines/tokens.js';
import { readInserts } from './inserts.js';
import { nameAt, readSelects, type Select, starOf } from './select.js';

/** A column that a statement copies as it is. */
interface CopiedColumn {
  readonly from: string;
  readonly to: string;
}

/** Rows that a statement copies from one table to another. */
export interface RowCopy {
  readonly target: readonly Token[];
  readonly source: readonly Token[];
  readonly columns: readonly CopiedColumn[];
  /** Every column of the target that the statement sets. */
  readonly set: readonly string[];
}

type Fold = (token: Token) => string;

/** Where a column of a query comes from. */
interface Origin {
  readonly table: readonly Token[];
  readonly column: string;
}

interface Statement {
  readonly tokens: readonly Token[];
  readonly selects: ReadonlyMap<number, Select>;
  readonly fold: Fold;
}

/** An item of a list that is a column and nothing else: its qualifier, its name, and its name in the result. */
function plainItem(item: readonly Token[], fold: Fold) {
  const isName = (token: Token | undefined): token is Token =>
    token?.kind === 'word' || token?.kind === 'name';
  const parts = nameAt(item, 0);
  const column = parts.at(-1);
  if (!isName(column)) return undefined;
  const rest = item.slice(parts.length);
  const alias = isWord(rest[0], 'AS') ? rest[1] : rest[0];
  if (rest.length > 0 && (alias !== rest.at(-1) || !isName(alias))) return undefined;
  const qualifier = parts.at(-3);
  return {
    qualifier: qualifier && fold(qualifier),
    column: fold(column),
    name: fold(alias ?? column),
  };
}

/** The SELECT of a common table of the statement. */
function commonTable({ tokens, selects, fold }: Statement, name: string): Select | undefined {
  for (const [at, token] of tokens.entries()) {
    if ((token.kind !== 'word' && token.kind !== 'name') || fold(token) !== name) continue;
    if (!isWord(tokens[at - 1], 'WITH', 'RECURSIVE') && tokens[at - 1]?.text !== ',') continue;
    let next = at + 1;
    while (isWord(tokens[next], 'AS', 'NOT', 'MATERIALIZED')) next += 1;
    const select = tokens[next]?.text === '(' ? selects.get(next + 1) : undefined;
    if (select !== undefined && next > at + 1) return select;
  }
  return undefined;
}

/** The tables and columns that a column of a select's sources may come from. */
function originsIn(
  statement: Statement,
  select: Select,
  column: string,
  qualifier: string | undefined,
  depth: number,
): readonly Origin[] {
  return select.sources.flatMap((source): readonly Origin[] => {
    if (qualifier !== undefined && (source.alias === undefined || statement.fold(source.alias) !== qualifier))
      return [];
    if (source.name === undefined) {
      const inner = statement.selects.get(source.at + 1);
      return inner === undefined ? [] : originsOf(statement, inner, column, depth + 1);
    }
    const [only, ...more] = source.name;
    const common = only && more.length === 0 ? commonTable(statement, statement.fold(only)) : undefined;
    if (common !== undefined && common !== select) return originsOf(statement, common, column, depth + 1);
    return [{ table: source.name, column }];
  });
}

/** Where the column of a query with this name comes from. */
function originsOf(statement: Statement, select: Select, name: string, depth = 0): readonly Origin[] {
  // A recursive common table names itself.
  if (depth > 8) return [];
  return select.items.flatMap((item) => {
    const star = starOf(item);
    if (star === 'bare') return originsIn(statement, select, name, undefined, depth);
    if (star !== undefined) {
      const prefix = star.at(-1);
      return prefix === undefined ? [] : originsIn(statement, select, name, statement.fold(prefix), depth);
    }
    const plain = plainItem(item, statement.fold);
    return plain?.name === name ? originsIn(statement, select, plain.column, plain.qualifier, depth) : [];
  });
}

/** The parts of a UNION, or the query alone. */
function partsOf({ tokens, selects }: Statement, start: number): readonly Select[] {
  let at = start;
  if (isWord(tokens[at], 'WITH')) {
    while (at < tokens.length && !isWord(tokens[at], 'SELECT'))
      at = tokens[at]?.text === '(' ? closingOf(tokens, at) + 1 : at + 1;
  }
  const parts: Select[] = [];
  for (; at < tokens.length && tokens[at]?.text !== ';'; at += 1) {
    const select = selects.get(at);
    if (select !== undefined) parts.push(select);
    if (tokens[at]?.text === '(') at = closingOf(tokens, at);
  }
  return parts;
}

const textOf = (name: readonly Token[]): string => name.map(({ text }) => text).join('');

function copiesOf(
  statement: Statement,
  target: readonly Token[],
  names: readonly string[] | undefined,
  start: number,
): readonly RowCopy[] {
  return partsOf(statement, start).flatMap((select): readonly RowCopy[] => {
    const found = new Map<string, { source: readonly Token[]; columns: CopiedColumn[] }>();
    const set = names ?? select.items.map((item) => plainItem(item, statement.fold)?.name ?? '');
    for (const [position, item] of select.items.entries()) {
      const plain = plainItem(item, statement.fold);
      const to = set[position];
      if (plain === undefined || to === undefined) continue;
      for (const { table, column } of originsIn(statement, select, plain.column, plain.qualifier, 0)) {
        const known = found.get(textOf(table)) ?? { source: table, columns: [] };
        known.columns.push({ from: column, to });
        found.set(textOf(table), known);
      }
    }
    return [...found.values()].map(({ source, columns }) => ({ target, source, columns, set }));
  });
}

/** Whether a statement may copy rows between tables. One pass for each word: texts of many statements come here too. */
export function mayCopyRows(sql: string): boolean {
  return /\bselect\b/i.test(sql) && /\b(?:into|create)\b/i.test(sql);
}

/** The copies of rows from table to table that a statement makes: by INSERT ... SELECT or CREATE TABLE ... AS. */
export function readCopies(tokens: readonly Token[], fold: Fold): readonly RowCopy[] {
  const selects = new Map(readSelects(tokens).map((select) => [select.at, select]));
  const statement = { tokens, selects, fold };
  const inserted = readInserts(tokens).flatMap((insert): readonly RowCopy[] => {
    if (insert.source === undefined || !insert.isNamed) return [];
    const open = tokens.findIndex(({ start }) => start >= insert.listAt);
    const list = tokens.slice(open + 1, closingOf(tokens, open)).filter(({ text }) => text !== ',');
    return copiesOf(statement, insert.name, list.map(fold), insert.source);
  });
  const table = tokens.findIndex((token) => isWord(token, 'TABLE'));
  if (!isWord(tokens[0], 'CREATE') || table < 0) return inserted;
  const start = isWord(tokens[table + 1], 'IF') ? table + 4 : table + 1;
  const name = nameAt(tokens, start);
  const as = start + name.length;
  return isWord(tokens[as], 'AS') ? [...inserted, ...copiesOf(statement, name, undefined, as + 1)] : inserted;
}
