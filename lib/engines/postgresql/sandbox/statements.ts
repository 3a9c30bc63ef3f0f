import type { Row } from '../../contract.js';
import { identifierOf, isWord, type Token } from '../../tokens.js';
import { COLUMN_MARK } from '../trigger.js';

/** A column of a table that was written about and never made. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isMetadata: boolean;
  /** What the database says of it; undefined for one that was only written about. */
  readonly known?: Row;
}

/** What begins a part of CREATE TABLE that is no column. */
export const NO_COLUMN = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'EXCLUDE', 'LIKE'] as const;
/** The hook's marks of its columns. */
export const MARKS = new RegExp(`comment on column ((?:"(?:[^"]|"")*"\\.?)+) is '${COLUMN_MARK}`, 'gi');

/** A name in a statement, and the position behind it. */
export interface Name {
  readonly schema: string | undefined;
  readonly name: string;
  readonly next: number;
}

/** An unquoted name is the same in any case. */
const textOf = (token: Token): string =>
  token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token);

/** `"schema"."table"` from a position on. */
export function nameAt(tokens: readonly Token[], start: number): Name {
  let position = start;
  let schema: string | undefined;
  while (isWord(tokens[position], 'IF', 'NOT', 'EXISTS', 'ONLY')) position += 1;
  while (tokens[position + 1]?.text === '.') {
    schema = textOf(tokens[position] as Token);
    position += 2;
  }
  const token = tokens[position];
  return { schema, name: token === undefined ? '' : textOf(token), next: position + 1 };
}

const DOLLAR = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u;

/** The statements of a text, which may hold several. */
export function statementsOf(sql: string): readonly string[] {
  const found: string[] = [];
  let start = 0;
  let closing: string | undefined;
  for (let at = 0; at < sql.length; at += 1) {
    const rest = sql.slice(at, at + 80);
    const dollar = sql[at] === '$' ? DOLLAR.exec(rest)?.[0] : undefined;
    if (closing !== undefined) {
      if (dollar !== closing) continue;
      at += dollar.length - 1;
      closing = undefined;
    } else if (dollar !== undefined) {
      closing = dollar;
      at += dollar.length - 1;
    } else if (sql[at] === "'" || sql[at] === '"') {
      const end = sql.indexOf(sql[at] as string, at + 1);
      at = end === -1 ? sql.length : end;
    } else if (rest.startsWith('--')) {
      const end = sql.indexOf('\n', at);
      at = end === -1 ? sql.length : end;
    } else if (rest.startsWith('/*')) {
      const end = sql.indexOf('*/', at);
      at = end === -1 ? sql.length : end + 1;
    } else if (sql[at] === ';') {
      found.push(sql.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, sql.slice(start)].filter((text) => text.trim() !== '');
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
  return { name: textOf(first), type: typeOf(rest), isMetadata: false };
}
