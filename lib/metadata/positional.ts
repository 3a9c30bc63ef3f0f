import type { ColumnFacts, Session } from '../engines/contract.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../engines/tokens.js';
import { type HookContext, targetNamed } from './target.js';

/** Statements worth a look: the others pass without being read. */
const CANDIDATE = /^\s*(?:insert|replace)\b[^(]*?\binto\b|^\s*create\b[^(]*?\bview\b/i;

/** An insert that names its columns, as Knex's own builder writes it: without a `*` nothing in it is by position. */
const NAMED = /^\s*(?:insert|replace)\s+(?:or\s+\w+\s+)?into\s+\S+\s*\((?!\s*select\b)[^()]*\)/i;

export function mayBePositional(sql: string): boolean {
  return CANDIDATE.test(sql) && !(NAMED.test(sql) && !sql.includes('*'));
}

type Lookup = (nameTokens: readonly Token[]) => Promise<readonly ColumnFacts[]>;

/** A text to put in place of a range of the statement. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function applyChanges(sql: string, changes: readonly Change[]): string {
  const ordered = [...changes].sort((a, b) => b.start - a.start);
  return ordered.reduce(
    (text, { start, end, text: fresh }) => text.slice(0, start) + fresh + text.slice(end),
    sql,
  );
}

/** The tokens of a possibly qualified name at this position. */
function nameAt(tokens: readonly Token[], start: number): readonly Token[] {
  const isQualified = tokens[start + 1]?.text === '.';
  return tokens.slice(start, start + (isQualified ? 3 : 1));
}

interface TableRef {
  readonly alias: string;
  readonly name: readonly Token[];
}

const NO_ALIAS = [
  'WHERE',
  'JOIN',
  'LEFT',
  'RIGHT',
  'INNER',
  'OUTER',
  'CROSS',
  'FULL',
  'NATURAL',
  'ON',
  'USING',
  'GROUP',
].concat(
  'ORDER',
  'LIMIT',
  'HAVING',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'WINDOW',
  'RETURNING',
  'OFFSET',
  'FETCH',
  'FOR',
);

/** One SELECT at the top level of the tokens: its list, and the tables that it reads. */
interface Select {
  readonly items: readonly (readonly Token[])[];
  readonly tables: readonly TableRef[];
  /** True when every source is a table, so that a bare `*` is theirs alone. */
  readonly isPlain: boolean;
  readonly isCompound: boolean;
}

function topLevel(tokens: readonly Token[], start: number): readonly number[] {
  const positions: number[] = [];
  for (let position = start; position < tokens.length; position += 1) {
    if (tokens[position]?.text === '(') position = closingOf(tokens, position);
    else positions.push(position);
  }
  return positions;
}

function readSelect(tokens: readonly Token[], start: number): Select {
  const top = topLevel(tokens, start);
  const from = top.find((position) => isWord(tokens[position], 'FROM')) ?? tokens.length;
  const first = isWord(tokens[start + 1], 'DISTINCT', 'ALL') ? start + 2 : start + 1;
  const tables: TableRef[] = [];
  let isPlain = true;
  for (const position of top) {
    const begins =
      isWord(tokens[position], 'FROM', 'JOIN') || (position > from && tokens[position]?.text === ',');
    if (position < from || !begins) continue;
    const name = nameAt(tokens, position + 1);
    if (name[0]?.text === '(' || name[0] === undefined) {
      isPlain = false;
      continue;
    }
    const behind = position + 1 + name.length;
    const alias = tokens[isWord(tokens[behind], 'AS') ? behind + 1 : behind];
    const hasAlias =
      alias !== undefined &&
      (alias.kind === 'name' || (alias.kind === 'word' && !isWord(alias, ...NO_ALIAS)));
    const last = name.at(-1);
    tables.push({
      alias: hasAlias ? identifierOf(alias) : last === undefined ? '' : identifierOf(last),
      name,
    });
  }
  return {
    items: splitAtCommas(tokens.slice(first, from)),
    tables,
    isPlain,
    isCompound: top.some((position) => isWord(tokens[position], 'UNION', 'EXCEPT', 'INTERSECT')),
  };
}

const own = (columns: readonly ColumnFacts[]): readonly ColumnFacts[] =>
  columns.filter(({ isMetadata }) => !isMetadata);

/** What a `*` or `alias.*` of a select list stands for, without the metadata columns; undefined: leave it. */
async function starColumns(item: readonly Token[], select: Select, lookup: Lookup) {
  const isBare = item.length === 1 && item[0]?.text === '*';
  const isQualified = item.length === 3 && item[1]?.text === '.' && item[2]?.text === '*';
  const prefix = isQualified && item[0] ? item[0] : undefined;
  if (!isBare && prefix === undefined) return undefined;
  if (isBare && !(select.isPlain && select.tables.length === 1)) return undefined;
  const table =
    prefix === undefined
      ? select.tables[0]
      : select.tables.find(({ alias }) => alias === identifierOf(prefix));
  if (table === undefined) return undefined;
  const columns = await lookup(table.name);
  if (own(columns).length === columns.length) return undefined;
  return { columns, prefix: prefix === undefined ? '' : `${prefix.text}.` };
}

function rangeOf(item: readonly Token[]): { readonly start: number; readonly end: number } {
  return { start: item[0]?.start ?? 0, end: item.at(-1)?.end ?? 0 };
}

async function rewriteView(
  sql: string,
  tokens: readonly Token[],
  lookup: Lookup,
  quote: Quote,
): Promise<string> {
  const start = topLevel(tokens, 0).find((position) => isWord(tokens[position], 'SELECT'));
  if (start === undefined) return sql;
  const select = readSelect(tokens, start);
  const changes: Change[] = [];
  for (const item of select.items) {
    const star = await starColumns(item, select, lookup);
    if (star === undefined) continue;
    const text = own(star.columns).map(({ name }) => `${star.prefix}${quote(name)}`);
    changes.push({ ...rangeOf(item), text: text.join(', ') });
  }
  return select.isCompound ? sql : applyChanges(sql, changes);
}

type Quote = (name: string) => string;

/** The number of values in the first row of VALUES. */
function countValues(tokens: readonly Token[], values: number): number {
  return splitAtCommas(tokens.slice(values + 2, closingOf(tokens, values + 1))).length;
}

async function rewriteInsert(
  sql: string,
  tokens: readonly Token[],
  lookup: Lookup,
  quote: Quote,
): Promise<string> {
  const into = tokens.findIndex((token) => isWord(token, 'INTO'));
  const name = nameAt(tokens, into + 1);
  const behind = into + 1 + name.length;
  const source = isWord(tokens[behind], 'AS') ? behind + 2 : behind;
  const hasList = tokens[source]?.text === '(' && !isWord(tokens[source + 1], 'SELECT', 'VALUES', 'WITH');
  const at = hasList ? closingOf(tokens, source) + 1 : source;
  const isSelect = isWord(tokens[at], 'SELECT');
  if (!isSelect && (hasList || !isWord(tokens[at], 'VALUES'))) return sql;
  const target = hasList ? [] : await lookup(name);
  const wanted = own(target);
  const list = (columns: readonly ColumnFacts[]): Change => {
    const end = tokens[source - 1]?.end ?? 0;
    return { start: end, end, text: ` (${columns.map((column) => quote(column.name)).join(', ')})` };
  };
  const isHooked = wanted.length < target.length;
  if (!isSelect)
    return isHooked && countValues(tokens, at) === wanted.length ? applyChanges(sql, [list(wanted)]) : sql;
  const select = readSelect(tokens, at);
  const stars = await Promise.all(select.items.map((item) => starColumns(item, select, lookup)));
  const [only] = stars;
  if (
    stars.length === 1 &&
    only !== undefined &&
    own(only.columns).length === wanted.length &&
    isHooked &&
    !select.isCompound
  ) {
    // One hooked table into another: what the metadata columns hold goes along.
    const shared = target.filter(
      ({ isMetadata, name: each }) =>
        isMetadata && only.columns.some((other) => other.isMetadata && other.name === each),
    );
    const text = [...own(only.columns), ...shared]
      .map((column) => `${only.prefix}${quote(column.name)}`)
      .join(', ');
    return applyChanges(sql, [list([...wanted, ...shared]), { ...rangeOf(select.items[0] ?? []), text }]);
  }
  const changes: Change[] = [];
  let count = 0;
  for (const [position, item] of select.items.entries()) {
    const star = stars[position];
    if (star !== undefined) {
      const columns = own(star.columns);
      count += columns.length;
      changes.push({
        ...rangeOf(item),
        text: columns.map((column) => `${star.prefix}${quote(column.name)}`).join(', '),
      });
    } else if (item.at(-1)?.text === '*' && item.length !== 1 + 2 * Number(item[1]?.text === '.')) {
      count += 1;
    } else if (item.at(-1)?.text === '*') {
      const ref =
        item.length === 1
          ? select.tables[0]
          : select.tables.find(({ alias }) => alias === identifierOf(item[0] as Token));
      count += ref === undefined ? Number.NaN : (await lookup(ref.name)).length;
    } else count += 1;
  }
  if (select.isCompound && changes.length > 0) return sql;
  if (isHooked && count === wanted.length) changes.push(list(wanted));
  return applyChanges(sql, changes);
}

/**
 * A statement that counts columns by position, as it was meant before there were metadata columns: `INSERT INTO t
 * VALUES (...)`, `INSERT INTO t SELECT * FROM u`, and on engines that store it so `CREATE VIEW v AS SELECT * FROM t`.
 * Without this a project's own SQL would fail, or put a value into the wrong column.
 */
export async function withoutPositions(context: HookContext, session: Session, sql: string): Promise<string> {
  const { engine } = context;
  const tokens = significant(tokenize(sql));
  const lookup: Lookup = async (name) => {
    const target = targetNamed(context, name.map(identifierOf), name.map(({ text }) => text).join(''));
    const query = engine.factsQuery(target);
    return engine.readFacts(target, await session.rows(query.sql, query.bindings))?.columns ?? [];
  };
  const quote: Quote = (name) => session.client.wrapIdentifierImpl(name).replaceAll('?', '\\?');
  if (!isWord(tokens[0], 'CREATE')) return rewriteInsert(sql, tokens, lookup, quote);
  return engine.expandsViews ? rewriteView(sql, tokens, lookup, quote) : sql;
}
