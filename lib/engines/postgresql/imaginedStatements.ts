import type { Row } from '../contract.js';
import { identifierOf, isWord, type Token, tokenize } from '../tokens.js';
import { quoteName } from './identifiers.js';
import { COLUMN_MARK } from './trigger.js';

/** A column of a table that was written about and never made. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isMetadata: boolean;
  /** What the database says of it; undefined for one that it does not have. */
  readonly live?: Row;
}

/** What begins a part of CREATE TABLE that is no column. */
export const NO_COLUMN = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'EXCLUDE', 'LIKE'] as const;
/** The hook's marks of its columns. */
export const MARKS = new RegExp(`comment on column ((?:"(?:[^"]|"")*"\\.?)+) is '${COLUMN_MARK}`, 'gi');

/** The last part of `"schema"."table"`, from a position on, and what comes behind it. */
export function nameAt(
  tokens: readonly Token[],
  start: number,
): { readonly name: string; readonly next: number } {
  let position = start;
  while (isWord(tokens[position], 'IF', 'NOT', 'EXISTS', 'ONLY')) position += 1;
  while (tokens[position + 1]?.text === '.') position += 2;
  const token = tokens[position];
  return { name: token === undefined ? '' : identifierOf(token), next: position + 1 };
}

const BEHIND_TYPE =
  'NOT NULL DEFAULT PRIMARY UNIQUE CHECK REFERENCES CONSTRAINT GENERATED COLLATE USING'.split(' ');

/** What the server calls a type that statements name otherwise. */
const SERVER_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^varchar\b/, 'character varying'],
  [/^char\b/, 'character'],
  [/^bool$/, 'boolean'],
  [/^(int|int4|serial)$/, 'integer'],
  [/^(int8|bigserial)$/, 'bigint'],
  [/^timestamptz(\(\d\))?$/, 'timestamp$1 with time zone'],
  [/^timestamp(\(\d\))?$/, 'timestamp$1 without time zone'],
];

function typeOf(tokens: readonly Token[]): string {
  const end = tokens.findIndex((token) => isWord(token, ...BEHIND_TYPE));
  const words = (end === -1 ? tokens : tokens.slice(0, end)).map(({ text }) => text).join(' ');
  const text = words.replace(/ ?([(),]) ?/g, '$1').toLowerCase();
  const [pattern, name] = SERVER_NAMES.find(([each]) => each.test(text)) ?? [];
  return pattern === undefined ? text : text.replace(pattern, String(name));
}

/** The column that a part of CREATE TABLE or ADD COLUMN defines. */
export function columnOf(tokens: readonly Token[]): Column | undefined {
  const [first, ...rest] = tokens;
  if (first === undefined || isWord(first, ...NO_COLUMN)) return undefined;
  return { name: identifierOf(first), type: typeOf(rest), isMetadata: false };
}

/** The table of ALTER TABLE, INSERT, UPDATE and DELETE, with the tokens of its whole name. */
export function changedTable(
  tokens: readonly Token[],
): { readonly name: string; readonly path: readonly Token[] } | undefined {
  const isAlter = isWord(tokens[0], 'ALTER') && isWord(tokens[1], 'TABLE');
  if (!isAlter && !isWord(tokens[0], 'INSERT', 'UPDATE', 'DELETE')) return undefined;
  const { name, next } = nameAt(tokens, isWord(tokens[0], 'UPDATE') ? 1 : 2);
  const isQualified = tokens[next - 2]?.text === '.';
  return { name, path: tokens.slice(isQualified ? next - 3 : next - 1, next) };
}

/** A statement with the names that the database has for these columns; undefined when it lacks one, or for none. */
export function withLiveNames(sql: string, columns: readonly Column[]): string | undefined {
  let isLive = columns.length > 0;
  const text = tokenize(sql).map((token) => {
    const column = token.kind === 'name' && columns.find(({ name }) => name === identifierOf(token));
    if (!column) return token.text;
    if (column.live === undefined) isLive = false;
    return quoteName(String(column.live?.name));
  });
  return isLive ? text.join('') : undefined;
}
