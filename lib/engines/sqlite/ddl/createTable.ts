import {
  closingOf,
  identifierOf,
  isWord,
  sameName,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import {
  type ColumnDefinition,
  type Constraint,
  type ConstraintKind,
  closeComment,
  parseColumn,
  printColumn,
} from './columnDefinition.js';

/** A constraint of the table, with the columns that it names and the table that it refers to. */
interface TableConstraint extends Constraint {
  readonly before: string;
  readonly columns: readonly string[];
  readonly references: string | undefined;
  readonly referencedColumns: readonly string[];
}

/** A CREATE TABLE statement taken apart without losing a character of what stays. */
export interface TableDefinition {
  /** Up to the table's name. */
  readonly head: string;
  readonly nameText: string;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  /** From the closing parenthesis on: WITHOUT ROWID, STRICT. */
  readonly tail: string;
}

const CONSTRAINT_WORDS = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'] as const;

const KINDS: Readonly<Record<string, ConstraintKind>> = {
  PRIMARY: 'primary',
  UNIQUE: 'unique',
  CHECK: 'check',
  FOREIGN: 'foreign',
};

/** The names in the parenthesis that opens at this position: the first word of each part. */
function namesIn(tokens: readonly Token[], open: number): readonly string[] {
  if (tokens[open]?.text !== '(') return [];
  return splitAtCommas(tokens.slice(open + 1, closingOf(tokens, open))).flatMap(([first]) =>
    first === undefined ? [] : [identifierOf(first)],
  );
}

function parseConstraint(text: string): TableConstraint {
  const tokens = significant(tokenize(text));
  const isNamed = isWord(tokens[0], 'CONSTRAINT');
  const start = isNamed ? 2 : 0;
  const kind = KINDS[tokens[start]?.text.toUpperCase() ?? ''] ?? 'check';
  const open = tokens.findIndex(({ text: symbol }) => symbol === '(');
  const refers = kind === 'foreign' ? tokens.findIndex((token) => isWord(token, 'REFERENCES')) : -1;
  const target = refers < 0 ? undefined : tokens[refers + 1];
  const named = tokens[1];
  return {
    kind,
    name: isNamed && named !== undefined ? identifierOf(named) : undefined,
    before: text.slice(0, tokens[0]?.start ?? 0),
    text: text.slice(tokens[0]?.start ?? 0).trimEnd(),
    columns: kind === 'check' ? [] : namesIn(tokens, open),
    references: target === undefined ? undefined : identifierOf(target),
    referencedColumns: refers < 0 ? [] : namesIn(tokens, refers + 2),
  };
}

/**
 * Takes a CREATE TABLE statement apart.
 *
 * @throws Error when the text is no CREATE TABLE with a list of columns
 */
export function parseTable(sql: string): TableDefinition {
  const all = tokenize(sql);
  const tokens = significant(all);
  const open = tokens.findIndex(({ text }) => text === '(');
  const nameToken = tokens[open - 1];
  const opening = tokens[open];
  if (open < 2 || nameToken === undefined || opening === undefined || isWord(tokens[1], 'VIRTUAL')) {
    throw new Error(`not a CREATE TABLE with columns: ${sql.slice(0, 60)}`);
  }
  const close = tokens[closingOf(tokens, open)];
  const end = close?.start ?? sql.length;
  const body = all.filter(({ start }) => start >= opening.end && start < end);
  const parts = splitAtCommas(body).map((part) => sql.slice(part[0]?.start ?? end, part.at(-1)?.end ?? end));
  const isConstraint = (text: string): boolean => isWord(significant(tokenize(text))[0], ...CONSTRAINT_WORDS);
  return {
    head: sql.slice(0, nameToken.start),
    nameText: nameToken.text,
    columns: parts.filter((part) => !isConstraint(part)).map(parseColumn),
    constraints: parts.filter(isConstraint).map(parseConstraint),
    tail: sql.slice(end),
  };
}

/** The statement of a definition, for a table of this quoted name. */
export function printTable(table: TableDefinition, nameText = table.nameText): string {
  const parts = [
    ...table.columns.map(printColumn),
    ...table.constraints.map(({ before, text }) => `${before}${text}`),
  ];
  return `${table.head}${nameText} (${parts.map(closeComment).join(',')}${table.tail}`;
}

/** The words after the columns, upper case. */
function optionsOf(table: TableDefinition): string {
  return significant(tokenize(table.tail.slice(1)))
    .map(({ text }) => text.toUpperCase())
    .join(' ');
}

export function hasNoRowid(table: TableDefinition): boolean {
  return /\bWITHOUT ROWID\b/.test(optionsOf(table));
}

export function isStrictTable(table: TableDefinition): boolean {
  return /\bSTRICT\b/.test(optionsOf(table));
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
  return {
    ...table,
    columns: table.columns.map((column) => ({
      ...column,
      constraints: column.constraints.filter((constraint) => {
        const target = referencedTable(constraint);
        return target === undefined || !isTarget(target);
      }),
    })),
    constraints: table.constraints.filter(
      ({ references }) => references === undefined || !isTarget(references),
    ),
  };
}

/** The column of this name. */
export function columnNamed(table: TableDefinition, name: string): ColumnDefinition | undefined {
  return table.columns.find((column) => sameName(column.name, name));
}
