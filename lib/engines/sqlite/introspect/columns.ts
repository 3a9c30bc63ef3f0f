import type { Column, Generated, Numbering } from '../../../schema/column.js';
import { identifierOf, isWord, significant, tokenize } from '../../tokens.js';
import type { ColumnDefinition, ConstraintKind } from '../ddl/columnDefinition.js';
import { isAutoincrement, type TableDefinition } from '../ddl/createTable.js';
import { COLUMN_MARK } from '../facts.js';
import { type ColumnRow, fold, type TableRow } from './read.js';
import { conflictOf, inParentheses } from './text.js';

function textOf(column: ColumnDefinition | undefined, kind: ConstraintKind): string | undefined {
  return column?.constraints.find((constraint) => constraint.kind === kind)?.text;
}

function generatedOf(text: string | undefined): Generated | undefined {
  if (text === undefined) return undefined;
  const isStored = isWord(significant(tokenize(text)).at(-1), 'STORED');
  return { expression: inParentheses(text), kind: isStored ? 'stored' : 'virtual' };
}

/** The collation that a column's definition names. */
function collationOf(column: ColumnDefinition | undefined): string | undefined {
  const text = textOf(column, 'collate');
  if (text === undefined) return undefined;
  const name = significant(tokenize(text)).at(-1);
  return name === undefined ? undefined : identifierOf(name);
}

/** Whether a column is the number of its row by another name. */
function isRowid(row: ColumnRow, keyLength: number, table: TableRow, text: string | undefined): boolean {
  if (row.keyPlace === 0 || keyLength !== 1 || table.isWithoutRowid || fold(row.type) !== 'integer')
    return false;
  // The engine's documented exception: INTEGER PRIMARY KEY DESC is an ordinary column.
  return text === undefined || !significant(tokenize(text)).some((token) => isWord(token, 'DESC'));
}

const MAY_BE_NAME = /^\s*[\p{L}_$\u0080-\uffff"`[]/u;

/** A default that is a name is a string to this engine, which has no other sense for it there. */
function defaultOf(written: string | undefined): string | undefined {
  // DEFAULT NULL says nothing.
  if (written === undefined || fold(written) === 'null') return undefined;
  if (!MAY_BE_NAME.test(written)) return written;
  const isKeyword = /^(true|false|current_(time|date|timestamp))$/i.test(written);
  const [token, ...more] = tokenize(written);
  const isName = token !== undefined && more.length === 0 && (token.kind === 'name' || token.kind === 'word');
  return isName && !isKeyword ? `'${identifierOf(token).replaceAll("'", "''")}'` : written;
}

/** The columns of a table, each from the engine's row and the author's definition. */
export function columnsOf(
  rows: readonly ColumnRow[],
  definition: TableDefinition,
  table: TableRow,
): readonly Column[] {
  const definitions = new Map(definition.columns.map((column) => [fold(column.name), column]));
  const reuses = !isAutoincrement(definition);
  const keyLength = rows.filter(({ keyPlace }) => keyPlace > 0).length;
  return rows.map((row): Column => {
    const own = definitions.get(fold(row.name));
    const alias = isRowid(row, keyLength, table, textOf(own, 'primary'));
    const numbering: Numbering | undefined = alias
      ? { kind: 'rowid', reuses, ...(row.required && reuses ? { isRequired: true } : {}) }
      : undefined;
    const collation = collationOf(own);
    return {
      name: row.name,
      type: row.type,
      userType: undefined,
      nullable: !row.required && !alias,
      notNullConflict: conflictOf(textOf(own, 'not null') ?? ''),
      defaultTo: defaultOf(row.defaultTo),
      numbering,
      generated: generatedOf(textOf(own, 'generated')),
      collation: fold(collation) === 'binary' ? undefined : collation,
      comment: undefined,
      isMetadata: own?.constraints.some(({ name }) => name === COLUMN_MARK) === true,
      isInherited: false,
    };
  });
}
