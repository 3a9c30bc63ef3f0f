import type { Action, ColumnWords } from '../../../lint/action.js';
import type { ReadStatement } from '../../../lint/engine.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import type { ColumnDefinition } from '../ddl/columnDefinition.js';
import { parseColumn } from '../ddl/columnDefinition.js';
import { parseTable } from '../ddl/createTable.js';
import { REBUILT_NAME } from '../ddl/rebuild.js';

function columnWords({ name, type, constraints }: ColumnDefinition): ColumnWords {
  const has = (kind: string): boolean => constraints.some((each) => each.kind === kind);
  const isKey = has('primary');
  return {
    name,
    type: type.toLowerCase(),
    isNullable: !has('not null') && !isKey,
    defaultTo: has('default') ? 'constant' : 'none',
    numbering: 'none',
    isStored: has('generated'),
    isKey,
    isUnique: has('unique'),
    hasCheck: has('check'),
    references: undefined,
  };
}

/** The columns of a CREATE TABLE: of one that a rebuild makes, and of the one in the catalog that it replaces. */
export function columnsOf(sql: string): readonly ColumnWords[] {
  return parseTable(sql).columns.map(columnWords);
}

/** The name at a position, behind IF EXISTS and a schema's name, and what comes after it. */
function nameAt(tokens: readonly Token[], start: number): { readonly name: string; readonly next: number } {
  let at = start;
  while (isWord(tokens[at], 'IF', 'NOT', 'EXISTS')) at += 1;
  if (tokens[at + 1]?.text === '.') at += 2;
  const token = tokens[at];
  return { name: token === undefined ? '' : identifierOf(token), next: at + 1 };
}

const hasWord = (tokens: readonly Token[], ...words: readonly string[]): boolean =>
  tokens.some((token) => isWord(token, ...words));
const tableId = (name: string) => ({ schema: undefined, name });

function created(sql: string, tokens: readonly Token[]): Action | undefined {
  const at = tokens.findIndex((token) => isWord(token, 'TABLE'));
  if (at === -1 || at > 2) return undefined;
  const { name } = nameAt(tokens, at + 1);
  const hasColumns =
    tokens.some(({ text }) => text === '(') && !hasWord(tokens.slice(0, at + 6), 'AS', 'VIRTUAL');
  return {
    kind: 'createTable',
    table: tableId(name),
    columns: hasColumns ? columnsOf(sql) : [],
    constraints: [],
    isTemporary: hasWord(tokens.slice(0, at), 'TEMP', 'TEMPORARY'),
    isQualified: false,
    isRobust: hasWord(tokens.slice(at, at + 3), 'IF'),
  };
}

function indexed(tokens: readonly Token[]): Action | undefined {
  const at = tokens.findIndex((token) => isWord(token, 'INDEX'));
  if (at === -1 || at > 2) return undefined;
  const index = nameAt(tokens, at + 1);
  const table = nameAt(tokens, index.next + 1);
  const close = closingOf(tokens, table.next);
  const keys = splitAtCommas(tokens.slice(table.next + 1, close));
  return {
    kind: 'createIndex',
    table: tableId(table.name),
    name: index.name,
    columns: keys.flatMap(([first, second]) =>
      first === undefined || second?.text === '(' || first.text === '(' ? [] : identifierOf(first),
    ),
    size: keys.length,
    isUnique: isWord(tokens[1], 'UNIQUE'),
    isPartial: hasWord(tokens.slice(close), 'WHERE'),
    nullsNotDistinct: false,
    isConcurrent: false,
    isRobust: hasWord(tokens.slice(at, at + 3), 'IF'),
  };
}

function altered(sql: string, tokens: readonly Token[]): Action | undefined {
  const { name, next } = nameAt(tokens, 2);
  const table = tableId(name);
  const isColumn = isWord(tokens[next + 1], 'COLUMN');
  const at = isColumn ? next + 2 : next + 1;
  const word = tokens[next];
  if (isWord(word, 'ADD')) {
    const column = columnWords(parseColumn(sql.slice(tokens[at]?.start ?? sql.length)));
    return { kind: 'addColumn', table, column, isRobust: false };
  }
  if (isWord(word, 'DROP'))
    return { kind: 'dropColumn', table, name: nameAt(tokens, at).name, isRobust: false };
  if (!isWord(word, 'RENAME')) return undefined;
  if (isWord(tokens[next + 1], 'TO'))
    return { kind: 'renameTable', table, to: nameAt(tokens, next + 2).name };
  const from = nameAt(tokens, at);
  return { kind: 'renameColumn', table, name: from.name, to: nameAt(tokens, from.next + 1).name };
}

function actionOf(sql: string): Action | undefined {
  const tokens = significant(tokenize(sql));
  const [first, second, third] = tokens;
  if (isWord(first, 'CREATE')) return created(sql, tokens) ?? indexed(tokens);
  if (isWord(first, 'ALTER')) return altered(sql, tokens);
  if (isWord(first, 'DROP') && isWord(second, 'TABLE'))
    return { kind: 'dropTable', table: tableId(nameAt(tokens, 2).name), isRobust: isWord(third, 'IF') };
  if (isWord(first, 'DELETE'))
    return { kind: 'deleteRows', table: tableId(nameAt(tokens, 2).name), hasWhere: hasWord(tokens, 'WHERE') };
  if (isWord(first, 'UPDATE')) {
    const at = isWord(second, 'OR') ? 3 : 1;
    const hasWhere = hasWord(tokens, 'WHERE');
    return { kind: 'updateRows', table: tableId(nameAt(tokens, at).name), hasWhere, repeated: undefined };
  }
  if (isWord(first, 'PRAGMA') && isWord(second, 'FOREIGN_KEYS') && third?.text === '=')
    return { kind: 'idleSetting', name: 'foreign_keys' };
  // ROLLBACK TO a savepoint ends nothing.
  if (isWord(first, 'BEGIN', 'COMMIT', 'ROLLBACK', 'END') && !hasWord(tokens, 'TO'))
    return { kind: 'boundary', word: first?.text.toUpperCase() ?? '' };
  return undefined;
}

/** The table that a rebuild makes the copy of, with the copy's columns. */
function rebuilt(sql: string): Action | undefined {
  const action = /^\s*create\s+table\b/i.test(sql) ? actionOf(sql) : undefined;
  const table = action?.kind === 'createTable' ? REBUILT_NAME.exec(action.table.name)?.[1] : undefined;
  return action?.kind === 'createTable' && table !== undefined
    ? { kind: 'rebuild', table: tableId(table), columns: action.columns }
    : undefined;
}

/** What a statement does. It has run in the sandbox: that it can be parsed is known. */
export async function read(sql: string, isOwn: boolean): Promise<readonly ReadStatement[]> {
  const action = isOwn ? rebuilt(sql) : actionOf(sql);
  return isOwn && action === undefined
    ? []
    : [{ text: sql.trim(), actions: action === undefined ? [] : [action] }];
}
