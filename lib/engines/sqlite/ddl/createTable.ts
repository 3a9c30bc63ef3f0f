import { listOf, splitParts } from '../../parts.js';
import { identifierOf, isWord, sameName, significant, tokenize } from '../../tokens.js';
import {
  type ColumnDefinition,
  type Constraint,
  closeComment,
  keepConstraints,
  parseColumn,
  printColumn,
} from './columnDefinition.js';
import { isTableConstraint, parseConstraints, type TableConstraint } from './tableConstraint.js';

/** A CREATE TABLE statement taken apart without losing a character of what stays. */
export interface TableDefinition {
  /** Up to the table's name. */
  readonly head: string;
  readonly nameText: string;
  /** From the name to the opening parenthesis, and that. */
  readonly opening: string;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  /** The white space before the closing parenthesis, and all from there on: WITHOUT ROWID, STRICT. */
  readonly tail: string;
}

const KNOWN = 2000;
const known = new Map<string, ColumnDefinition | undefined>();

/** The column that a part says; undefined for a constraint. The tables of a schema repeat many of their columns. */
function columnOf(text: string, after: string): ColumnDefinition | undefined {
  const key = `${text}\n${after}`;
  if (known.has(key)) return known.get(key);
  if (known.size >= KNOWN) known.clear();
  const column = isTableConstraint(text) ? undefined : parseColumn(text, after);
  known.set(key, column);
  return column;
}

/**
 * Takes a CREATE TABLE statement apart.
 *
 * @throws Error when the text is no CREATE TABLE with a list of columns
 */
export function parseTable(sql: string): TableDefinition {
  const list = listOf(sql);
  const head = significant(tokenize(sql.slice(0, list?.open ?? 0)));
  const nameToken = head.at(-1);
  if (list === undefined || head.length < 2 || nameToken === undefined || isWord(head[1], 'VIRTUAL')) {
    throw new Error(`not a CREATE TABLE with columns: ${sql.slice(0, 60)}`);
  }
  const inside = sql.slice(list.commented, list.close);
  const end = list.commented + inside.trimEnd().length;
  const parts = splitParts(sql, list, end);
  return {
    head: sql.slice(0, nameToken.start),
    nameText: nameToken.text,
    opening: sql.slice(nameToken.end, list.open + 1),
    columns: parts.flatMap(({ text, after }) => columnOf(text, after) ?? []),
    constraints: parts.flatMap(({ text, after }) =>
      columnOf(text, after) === undefined ? parseConstraints(text, after) : [],
    ),
    tail: sql.slice(end),
  };
}

/** The table's name, without its quotes. */
export function nameOf({ nameText }: TableDefinition): string {
  const [token] = tokenize(nameText);
  return token === undefined ? nameText : identifierOf(token);
}

/** The statement of a definition, for a table of this quoted name. */
export function printTable(table: TableDefinition, nameText = table.nameText): string {
  const parts = [
    ...table.columns.map((column) => ({ text: printColumn(column), after: column.after })),
    ...table.constraints.map(({ before, text, after }) => ({ text: `${before}${text}`, after })),
  ];
  const body = parts.map(({ text, after }, index) => {
    const next = parts[index + 1];
    const line = `${closeComment(text)}${next === undefined ? '' : ','}${after}`;
    return (next?.text ?? table.tail).startsWith('\n') ? line : closeComment(line);
  });
  return `${table.head}${nameText}${table.opening}${body.join('')}${table.tail}`;
}

/** The statement without the table's own name before its columns (`t.a`), which holds under no other name. */
export function unqualified(sql: string, table: string): string {
  const tokens = tokenize(sql);
  const dotAfter = (position: number): number => {
    const next = tokens.findIndex(({ kind }, at) => at > position && kind !== 'blank');
    return tokens[next]?.text === '.' ? next : -1;
  };
  let skipped = -1;
  return tokens
    .map((token, position) => {
      const isName = token.kind === 'word' || token.kind === 'name';
      if (isName && sameName(identifierOf(token), table)) skipped = Math.max(skipped, dotAfter(position));
      return position <= skipped ? '' : token.text;
    })
    .join('');
}

/** The words after the columns, upper case. */
function optionsOf(table: TableDefinition): string {
  return significant(tokenize(table.tail))
    .slice(1)
    .map(({ text }) => text.toUpperCase())
    .join(' ');
}

export function hasNoRowid(table: TableDefinition): boolean {
  return /\bWITHOUT ROWID\b/.test(optionsOf(table));
}

export function isStrictTable(table: TableDefinition): boolean {
  return /\bSTRICT\b/.test(optionsOf(table));
}

/** Whether a column numbers itself with numbers that are never used again. */
export function isAutoincrement(table: TableDefinition): boolean {
  return [...table.columns.flatMap(({ constraints }) => constraints), ...table.constraints].some(
    ({ kind, text }) => kind === 'primary' && tokenize(text).some((token) => isWord(token, 'AUTOINCREMENT')),
  );
}

/** The table that an inline REFERENCES names. */
export function referencedTable({ kind, text }: Constraint): string | undefined {
  if (kind !== 'references') return undefined;
  const tokens = significant(tokenize(text));
  const target = tokens[tokens.findIndex((token) => isWord(token, 'REFERENCES')) + 1];
  return target === undefined ? undefined : identifierOf(target);
}

/** The definition without the foreign keys to tables that `isTarget` picks. */
export function withoutForeignKeys(
  table: TableDefinition,
  isTarget: (name: string) => boolean,
): TableDefinition {
  const isKept = (target: string | undefined): boolean => target === undefined || !isTarget(target);
  return {
    ...table,
    columns: table.columns.map((column) =>
      keepConstraints(column, (constraint) => isKept(referencedTable(constraint))),
    ),
    constraints: table.constraints.filter(({ references }) => isKept(references)),
  };
}

/** The column of this name. */
export function columnNamed(table: TableDefinition, name: string): ColumnDefinition | undefined {
  return table.columns.find((column) => sameName(column.name, name));
}
