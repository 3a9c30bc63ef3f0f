import {
  closingOf,
  identifierOf,
  isWord,
  mentions,
  sameName,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import type { SchemaObject } from './schema.js';

/** Whether an indexed part is a plain column, with at most a collation and a direction. */
function plainColumn(part: readonly Token[]): string | undefined {
  const [name, ...rest] = significant(part);
  const isPlain = rest.every(
    (token, index) => isWord(token, 'COLLATE', 'ASC', 'DESC') || isWord(rest[index - 1], 'COLLATE'),
  );
  return name !== undefined && (name.kind === 'word' || name.kind === 'name') && isPlain
    ? identifierOf(name)
    : undefined;
}

/**
 * An index without the given columns, as stock Knex leaves it: the other columns stay; without any it goes.
 *
 * @returns undefined when nothing of it is left, `'depends'` when an expression or its WHERE names a column
 */
export function withoutIndexColumns(
  index: SchemaObject,
  dropped: readonly string[],
): SchemaObject | undefined | 'depends' {
  const tokens = tokenize(index.sql);
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const open = tokens.findIndex(({ text }, position) => position > on && text === '(');
  const close = closingOf(tokens, open);
  const isDropped = (name: string): boolean => dropped.some((each) => sameName(each, name));
  const parts = splitAtCommas(tokens.slice(open + 1, close));
  const rest = tokens
    .slice(close)
    .map(({ text }) => text)
    .join('');
  const kept: string[] = [];
  for (const part of parts) {
    const text = part.map((token) => token.text).join('');
    const column = plainColumn(part);
    if (column === undefined && dropped.some((name) => mentions(text, name))) return 'depends';
    if (column === undefined || !isDropped(column)) kept.push(text);
  }
  if (dropped.some((name) => mentions(rest, name))) return 'depends';
  if (kept.length === 0) return undefined;
  if (kept.length === parts.length) return index;
  const head = tokens
    .slice(0, open + 1)
    .map(({ text }) => text)
    .join('');
  return { name: index.name, sql: `${head}${kept.join(',')}${rest}` };
}

/** The statement of an index, for another table and under another name. */
export function copyIndexSql(sql: string, quotedName: string, quotedTable: string): string {
  const tokens = tokenize(sql);
  const meaningful = significant(tokens);
  const on = meaningful.findIndex((token) => isWord(token, 'ON'));
  const name = meaningful[on - 1];
  const table = meaningful[on + 1];
  return tokens
    .map((token) => (token === name ? quotedName : token === table ? quotedTable : token.text))
    .join('');
}
