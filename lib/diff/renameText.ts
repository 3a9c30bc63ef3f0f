import { identifierOf, isWord, significant, type Token, tokenize } from '../engines/tokens.js';
import { sqlName } from '../operations/sqlName.js';
import type { ObjectName } from '../schema/names.js';

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'name';
}

/** What stands around a name: the token before it, or before its schema, and the one behind it. */
interface Place {
  readonly before: string;
  readonly isQualified: boolean;
  readonly after: string;
}

/** What a name is, by its place: many a column is called as its type, its table or a function. */
const ROLES = {
  type: ({ before }) => before === ':',
  table: ({ after }) => after === '.',
  relation: ({ isQualified }) => !isQualified,
  // Behind the name of an argument, and after it a comma, the end, a default or LANGUAGE.
  argument: ({ before, after }) => before === ':' || /^(?:|[,)=]|\[\]|default|language)$/i.test(after),
  column: ({ before, after }) => before !== ':' && after !== '(' && !/^(as|collate)$/i.test(before),
} as const satisfies Record<string, (place: Place) => boolean>;

/** A text with some of its tokens replaced; `place` is among those that mean something. */
function replaceTokens(
  sql: string,
  replaced: (token: Token, place: number, all: readonly Token[]) => string | undefined,
): string {
  const tokens = tokenize(sql);
  const all = significant(tokens);
  const texts = new Map(all.map((token, place) => [token, replaced(token, place, all)]));
  return tokens.map((token) => texts.get(token) ?? token.text).join('');
}

/** An expression after a rename: the server rewrites those that it keeps. */
export function renameInText(
  sql: string,
  from: string,
  to: string,
  fold: (name: string) => string,
  role: keyof typeof ROLES,
): string {
  return replaceTokens(sql, (token, at, all) => {
    if (!isName(token) || fold(identifierOf(token)) !== fold(from)) return undefined;
    const isQualified = all[at - 1]?.text === '.';
    const before = all[isQualified ? at - 3 : at - 1]?.text ?? '';
    return ROLES[role]({ before, isQualified, after: all[at + 1]?.text ?? '' }) ? sqlName(to) : undefined;
  });
}

/** The literal of an array with one of its elements called otherwise. */
function renameElement(array: string, from: string, to: string): string {
  const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  const plain = (value: string) => (/^\w+$/.test(value) && !/^null$/i.test(value) ? value : quoted(value));
  const olds = [from, quoted(from)];
  return array.replace(/"(?:[^"\\]|\\.)*"|[^{},"]+/g, (element) =>
    olds.includes(element) ? plain(to) : element,
  );
}

/** An expression after a value of an enum has another name: it stands as a literal before the type. */
export function renameValueInText(sql: string, type: ObjectName, from: string, to: string): string {
  return replaceTokens(sql, (token, at, all) => {
    if (token.kind !== 'string' || all[at + 1]?.text !== ':') return undefined;
    const name = all[at + 4]?.text === '.' ? at + 5 : at + 3;
    const named = all[name];
    if (named === undefined || !isName(named) || identifierOf(named) !== type.name) return undefined;
    const value = identifierOf(token);
    const isArray = all[name + 1]?.text === '[]';
    const renamed = isArray ? renameElement(value, from, to) : value === from ? to : value;
    return `'${renamed.replaceAll("'", "''")}'`;
  });
}

/**
 * The statement of a trigger, or of what else is on a table, after that got another name or schema: what stands
 * behind ON or ALTER TABLE, and what names the table in the statements of its own.
 */
export function renameTriggersTable(
  sql: string,
  from: ObjectName,
  to: ObjectName,
  fold: (name: string) => string,
): string {
  const tokens = tokenize(sql);
  const place = isWord(tokens[0], 'ALTER') ? 'TABLE' : 'ON';
  const on = tokens.findIndex((token) => isWord(token, place));
  const isOf = (token: Token | undefined) =>
    token !== undefined && isName(token) && fold(identifierOf(token)) === fold(from.name);
  const at = tokens.findIndex((token, index) => index > on && isOf(token));
  if (on < 0 || at < 0) return sql;
  const isQualified = tokens[at - 1]?.text === '.';
  const isMoved = from.schema !== to.schema && to.schema !== undefined;
  const name = isQualified || isMoved ? [to.schema, to.name] : [to.name];
  const start = isQualified ? at - 2 : at;
  const text = (part: readonly Token[]) => part.map((token) => token.text).join('');
  const written = name.flatMap((part) => (part === undefined ? [] : [sqlName(part)])).join('.');
  // A trigger with a function says no more of its table; one with statements may.
  const rest =
    to.schema === undefined
      ? renameInText(text(tokens.slice(at + 1)), from.name, to.name, fold, 'relation')
      : text(tokens.slice(at + 1));
  return `${text(tokens.slice(0, start))}${written}${rest}`;
}

/** The same after a column got another name: the names before ON's table, and the table's, are no columns. */
export function renameTriggersColumn(
  sql: string,
  from: string,
  to: string,
  fold: (name: string) => string,
): string {
  const tokens = tokenize(sql);
  const text = (part: readonly Token[]) => part.map((token) => token.text).join('');
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const of = tokens.findIndex((token, place) => place < on && isWord(token, 'OF'));
  const skipBlanks = (start: number) => {
    let place = start;
    while (tokens[place]?.kind === 'blank') place += 1;
    return place;
  };
  let end = skipBlanks(on + 1) + 1;
  while (tokens[end]?.text === '.') end += 2;
  const rename = (part: readonly Token[]) => renameInText(text(part), from, to, fold, 'column');
  if (on < 0) return rename(tokens);
  const head =
    of < 0 ? text(tokens.slice(0, on)) : `${text(tokens.slice(0, of))}${rename(tokens.slice(of, on))}`;
  return `${head}${text(tokens.slice(on, end))}${rename(tokens.slice(end))}`;
}
