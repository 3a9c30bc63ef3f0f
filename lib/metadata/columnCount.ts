import { closingOf, identifierOf, isWord, splitAtCommas, type Token } from '../engines/tokens.js';
import { nameAt, readSelects, type Select, type Source, starOf } from './select.js';

/** The number of columns of a table, or of those that a `*` over it stands for. */
export type CountTable = (name: readonly Token[]) => Promise<number | undefined>;

/** Where the statement defines its common tables: name, lower case, to the parenthesis of its query. */
export function commonTables(tokens: readonly Token[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (!tokens.some((token) => isWord(token, 'WITH'))) return found;
  for (const [at, token] of tokens.entries()) {
    const behind = tokens[at + 1]?.text === '(' ? closingOf(tokens, at + 1) + 1 : at + 1;
    if (!isWord(tokens[behind], 'AS')) continue;
    let open = behind + 1;
    while (isWord(tokens[open], 'NOT', 'MATERIALIZED')) open += 1;
    if (tokens[open]?.text === '(') found.set(identifierOf(token).toLowerCase(), open);
  }
  return found;
}

interface Counting {
  readonly tokens: readonly Token[];
  readonly selects: ReadonlyMap<number, Select>;
  readonly common: ReadonlyMap<string, number>;
  readonly countTable: CountTable;
}

async function countSource(source: Source, counting: Counting): Promise<number | undefined> {
  if (source.columns !== undefined) return source.columns.length;
  const [first] = source.name ?? [];
  if (source.name === undefined || first === undefined) return countQuery(source.at, counting);
  const common =
    source.name.length === 1 ? counting.common.get(identifierOf(first).toLowerCase()) : undefined;
  return common === undefined ? counting.countTable(source.name) : countQuery(common, counting);
}

function sum(counts: readonly (number | undefined)[]): number | undefined {
  return counts.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
}

async function countItem(
  item: readonly Token[],
  select: Select,
  counting: Counting,
): Promise<number | undefined> {
  const star = starOf(item);
  if (star === undefined) return item.at(-1)?.text === '*' && item.at(-2)?.text === '.' ? undefined : 1;
  if (star === 'bare') {
    if (!select.isPlain) return undefined;
    return sum(await Promise.all(select.sources.map((source) => countSource(source, counting))));
  }
  const wanted = identifierOf(star.at(-1) as Token).toLowerCase();
  const source = select.sources.find(
    ({ alias }) => alias !== undefined && identifierOf(alias).toLowerCase() === wanted,
  );
  return source && countSource(source, counting);
}

/** The number of columns that the query which begins at this token gives; undefined when that cannot be told. */
async function countQuery(start: number, counting: Counting): Promise<number | undefined> {
  const { tokens } = counting;
  let at = start;
  while (tokens[at]?.text === '(') at += 1;
  if (isWord(tokens[at], 'WITH')) {
    // Its own SELECT stands behind the parentheses of the common tables.
    while (
      at < tokens.length &&
      !isWord(tokens[at], 'SELECT', 'VALUES', 'TABLE', 'INSERT', 'UPDATE', 'DELETE')
    )
      at = tokens[at]?.text === '(' ? closingOf(tokens, at) + 1 : at + 1;
  }
  if (isWord(tokens[at], 'VALUES') && tokens[at + 1]?.text === '(')
    return splitAtCommas(tokens.slice(at + 2, closingOf(tokens, at + 1))).length;
  if (isWord(tokens[at], 'TABLE')) return counting.countTable(nameAt(tokens, at + 1));
  const select = counting.selects.get(at);
  if (select === undefined) return undefined;
  return sum(await Promise.all(select.items.map((item) => countItem(item, select, counting))));
}

/** Counts the columns of queries in a statement. */
export function columnCounter(
  tokens: readonly Token[],
  countTable: CountTable,
): (start: number) => Promise<number | undefined> {
  const selects = new Map(readSelects(tokens).map((select) => [select.at, select]));
  const counting: Counting = { tokens, selects, common: commonTables(tokens), countTable };
  return (start) => countQuery(start, counting);
}
