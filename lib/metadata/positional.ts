import type { ColumnFacts, Session } from '../engines/contract.js';
import { identifierOf, isWord, significant, type Token, tokenize } from '../engines/tokens.js';
import { KnexMetaError } from '../errors.js';
import { columnCounter } from './columnCount.js';
import { type Insert, readInserts } from './inserts.js';
import { nameAt, readSelects, type Select, starOf } from './select.js';
import { asGiven } from './session.js';
import { applyChanges, type Change, type OwnColumns, starChanges } from './stars.js';
import { type HookContext, targetNamed } from './target.js';

/** Statements worth a look: the others pass without being read. */
const CANDIDATE = /\b(?:insert|replace)\b|^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*create\b[^(]*?\bview\b/i;

/** An insert that names its columns, as Knex's own builder writes it: without a `*` nothing in it is by position. */
const NAMED =
  /^\s*(?:insert|replace)\s+(?:or\s+\w+\s+)?into\s+\S+\s*\((?!\s*(?:select|values|with|table)\b)[^()]*\)\s*(?:values|select|default)\b/i;

export function mayBePositional(sql: string): boolean {
  if (!CANDIDATE.test(sql)) return false;
  const isOnlyOne = sql.match(/\b(?:insert|replace)\b/gi)?.length === 1;
  return !(isOnlyOne && NAMED.test(sql) && !sql.includes('*'));
}

/** What rewriting needs to know of the database. */
interface Known {
  /** Undefined when there is no such table. */
  readonly columnsOf: (name: readonly Token[]) => Promise<readonly ColumnFacts[] | undefined>;
  readonly quote: (name: string) => string;
  readonly expandsViews: boolean;
  readonly insertsFewer: boolean;
}

const own = (columns: readonly ColumnFacts[]): readonly ColumnFacts[] =>
  columns.filter(({ isMetadata }) => !isMetadata);

/** Whether the project has added a column behind the metadata columns. */
function isGrown(columns: readonly ColumnFacts[]): boolean {
  const first = columns.findIndex(({ isMetadata }) => isMetadata);
  return first >= 0 && columns.slice(first).some(({ isMetadata }) => !isMetadata);
}

const textOf = (name: readonly Token[]): string => name.map(({ text }) => text).join('');

function unclear(name: readonly Token[], columns: readonly ColumnFacts[]): KnexMetaError {
  const list = own(columns).map((column) => column.name);
  return new KnexMetaError(
    'INSERT_UNCLEAR',
    `The statement inserts into ${textOf(name)} without naming the columns, and knex-meta cannot tell how many values it gives. It was not sent: the values could have landed in metadata columns.`,
    {
      remedy: `Name the columns: insert into ${textOf(name)} (${list.join(', ')}) ...`,
      details: { table: textOf(name), columns: list },
    },
  );
}

function listChange(at: number, columns: readonly ColumnFacts[], { quote }: Known): Change {
  return { start: at, end: at, text: ` (${columns.map(({ name }) => quote(name)).join(', ')})` };
}

/** One table with metadata into another by a `*` alone: what the metadata columns hold goes along. */
async function wholeCopy(
  insert: Insert,
  select: Select | undefined,
  target: readonly ColumnFacts[],
  known: Known,
): Promise<readonly Change[] | undefined> {
  const [item, ...others] = select?.items ?? [];
  const [source, ...more] = select?.sources ?? [];
  if (!select || !item || !source?.name || others.length > 0 || more.length > 0 || select.isCompound)
    return undefined;
  const star = starOf(item);
  if (star === undefined || select.isDistinct) return undefined;
  const from = (await known.columnsOf(source.name)) ?? [];
  if (own(from).length === from.length || own(from).length !== own(target).length) return undefined;
  const shared = target.filter(
    ({ isMetadata, name }) => isMetadata && from.some((other) => other.isMetadata && other.name === name),
  );
  const prefix = star === 'bare' ? '' : `${textOf(star)}.`;
  const text = [...own(from), ...shared].map(({ name }) => `${prefix}${known.quote(name)}`).join(', ');
  return [
    listChange(insert.listAt, [...own(target), ...shared], known),
    { start: item[0]?.start ?? 0, end: item.at(-1)?.end ?? 0, text },
  ];
}

interface Rewriting {
  readonly tokens: readonly Token[];
  readonly known: Known;
  readonly selects: ReadonlyMap<number, Select>;
  readonly count: (start: number) => Promise<number | undefined>;
}

/** The changes for the list of an INSERT; `copied` when they have replaced the `*` of its query too. */
async function insertChanges(
  insert: Insert,
  { tokens, known, selects, count }: Rewriting,
): Promise<{ readonly changes: readonly Change[]; readonly copied?: boolean }> {
  const { source, name, listAt } = insert;
  if (source === undefined || insert.isNamed) return { changes: [] };
  const target = (await known.columnsOf(name)) ?? [];
  const wanted = own(target);
  if (wanted.length === target.length) return { changes: [] };
  const copy = await wholeCopy(insert, selects.get(source), target, known);
  if (copy !== undefined) return { changes: copy, copied: true };
  const values = await count(source);
  if (values === target.length) return { changes: [] };
  if (values === undefined) {
    // A record of plpgsql's has the columns of its table, metadata and all.
    const isRecord = tokens
      .slice(source, insert.end)
      .some((token, at, all) => token.text === '*' && all[at - 1]?.text === '.');
    if (isGrown(target) && !isRecord) throw unclear(name, target);
    return { changes: [] };
  }
  const listed = known.insertsFewer ? wanted.slice(0, values) : wanted;
  return { changes: [listChange(listAt, listed, known)] };
}

function isWithin({ source = 0, end }: Insert, at: number): boolean {
  return at >= source && at < end;
}

/** `TABLE t` as the source of an INSERT is all columns of t. */
async function tableChanges(insert: Insert, { tokens, known }: Rewriting): Promise<readonly Change[]> {
  const word = insert.source === undefined ? undefined : tokens[insert.source];
  if (word === undefined || !isWord(word, 'TABLE')) return [];
  const name = nameAt(tokens, (insert.source ?? 0) + 1);
  const columns = (await known.columnsOf(name)) ?? [];
  if (own(columns).length === columns.length) return [];
  const list = own(columns).map((column) => known.quote(column.name));
  return [{ start: word.start, end: word.end, text: `select ${list.join(', ')} from` }];
}

async function rewriteInserts(sql: string, tokens: readonly Token[], known: Known): Promise<string> {
  const inserts = readInserts(tokens);
  const countTable = async (name: readonly Token[]) => {
    const columns = await known.columnsOf(name);
    return columns && own(columns).length;
  };
  const selects = new Map(readSelects(tokens).map((select) => [select.at, select]));
  const rewriting: Rewriting = { tokens, known, selects, count: columnCounter(tokens, countTable) };
  const done = await Promise.all(
    inserts.map(async (insert) => ({ insert, ...(await insertChanges(insert, rewriting)) })),
  );
  const tables = await Promise.all(inserts.map((insert) => tableChanges(insert, rewriting)));
  const copied = done.filter((each) => each.copied).map(({ insert }) => insert.source);
  // The common tables of an INSERT stand before it.
  const isMain = isWord(tokens[0], 'WITH') && inserts.some(({ end }) => end >= tokens.length);
  const isMeant = (at: number): boolean =>
    !copied.includes(at) &&
    inserts.some((insert) => isWithin(insert, at) || (isMain && at < (insert.source ?? 0)));
  const stars = await starChanges(tokens, ownColumnsOf(known), known.quote, isMeant);
  return applyChanges(sql, [...done.flatMap(({ changes }) => changes), ...tables.flat(), ...stars]);
}

function ownColumnsOf({ columnsOf }: Known): OwnColumns {
  return async (name) => {
    const columns = (await columnsOf(name)) ?? [];
    const wanted = own(columns);
    return wanted.length === columns.length ? undefined : wanted.map((column) => column.name);
  };
}

/** A statement whose strings are statements: a block, or the body of a function. */
function hasBody(tokens: readonly Token[]): boolean {
  if (isWord(tokens[0], 'DO')) return true;
  return (
    isWord(tokens[0], 'CREATE') && tokens.slice(1, 4).some((token) => isWord(token, 'FUNCTION', 'PROCEDURE'))
  );
}

const DOLLARS = /^(\$[^$]*\$)([\s\S]*)\1$/;

/** Whether the string at this position is SQL, and not a value. */
function isCode(tokens: readonly Token[], at: number): boolean {
  const isRun = isWord(tokens[at - 1], 'AS', 'DO', 'EXECUTE');
  return isRun || isWord(tokens[at - 2], 'LANGUAGE');
}

async function rewriteBodies(sql: string, tokens: readonly Token[], known: Known): Promise<string> {
  const bodies = tokens.filter(
    ({ kind, text }, at) => kind === 'string' && /\binsert\b/i.test(text) && isCode(tokens, at),
  );
  const changes = bodies.map(async ({ start, end, text }): Promise<readonly Change[]> => {
    const [, tag, body] = DOLLARS.exec(text) ?? [];
    if (tag !== undefined && body !== undefined)
      return [{ start, end, text: `${tag}${await rewriteBody(body, known)}${tag}` }];
    if (!text.startsWith("'")) return [];
    const inner = await rewriteBody(text.slice(1, -1).replaceAll("''", "'"), known);
    return [{ start, end, text: `'${inner.replaceAll("'", "''")}'` }];
  });
  return applyChanges(sql, (await Promise.all(changes)).flat());
}

/** Statements of a body, and those in its strings, which EXECUTE runs. */
async function rewriteBody(sql: string, known: Known): Promise<string> {
  const rewritten = await rewriteBodies(sql, significant(tokenize(sql)), known);
  return rewriteInserts(rewritten, significant(tokenize(rewritten)), known);
}

/**
 * A statement that counts columns by position, as it was meant before there were metadata columns: an INSERT without
 * a list of columns, wherever it stands, and on engines that store it so `CREATE VIEW v AS SELECT * FROM t`. Without
 * this a project's own SQL would fail, or put a value into the wrong column.
 *
 * @throws KnexMetaError INSERT_UNCLEAR
 */
export async function withoutPositions(context: HookContext, session: Session, sql: string): Promise<string> {
  const { engine } = context;
  const tokens = significant(tokenize(sql));
  const facts = new Map<string, Promise<readonly ColumnFacts[] | undefined>>();
  const read = async (name: readonly Token[]) => {
    const target = targetNamed(context, name.map(identifierOf), textOf(name));
    const query = engine.factsQuery(target);
    return engine.readFacts(target, await session.rows(query.sql, query.bindings))?.columns;
  };
  const known: Known = {
    columnsOf: (name) => {
      const found = facts.get(textOf(name)) ?? read(name);
      facts.set(textOf(name), found);
      return found;
    },
    quote: (name) => asGiven(session.client, session.client.wrapIdentifierImpl(name)),
    expandsViews: engine.expandsViews,
    insertsFewer: engine.insertsFewer,
  };
  const isView = isWord(tokens[0], 'CREATE') && tokens.slice(1, 6).some((token) => isWord(token, 'VIEW'));
  if (isView && !known.expandsViews) return sql;
  if (isView) return applyChanges(sql, await starChanges(tokens, ownColumnsOf(known), known.quote));
  return hasBody(tokens) ? rewriteBody(sql, known) : rewriteInserts(sql, tokens, known);
}
