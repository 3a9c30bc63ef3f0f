import { identifierOf, isWord, type Token, tokenize } from '../engines/tokens.js';
import { sqlName } from '../operations/sqlName.js';
import type { ObjectName } from '../schema/names.js';

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'name';
}

/** An expression after a rename: the server rewrites those that it keeps. */
export function renameInText(sql: string, from: string, to: string, fold: (name: string) => string): string {
  return tokenize(sql)
    .map((token) => (isName(token) && fold(identifierOf(token)) === fold(from) ? sqlName(to) : token.text))
    .join('');
}

/**
 * The statement of a trigger after its table got another name or schema: what stands behind ON, and what names the
 * table in the statements of its own.
 */
export function renameTriggersTable(
  sql: string,
  from: ObjectName,
  to: ObjectName,
  fold: (name: string) => string,
): string {
  const tokens = tokenize(sql);
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const isOf = (token: Token | undefined) =>
    token !== undefined && isName(token) && fold(identifierOf(token)) === fold(from.name);
  const at = tokens.findIndex((token, place) => place > on && isOf(token));
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
      ? renameInText(text(tokens.slice(at + 1)), from.name, to.name, fold)
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
  const rename = (part: readonly Token[]) => renameInText(text(part), from, to, fold);
  if (on < 0) return rename(tokens);
  const head =
    of < 0 ? text(tokens.slice(0, on)) : `${text(tokens.slice(0, of))}${rename(tokens.slice(of, on))}`;
  return `${head}${text(tokens.slice(on, end))}${rename(tokens.slice(end))}`;
}
