import { closingOf, isWord, significant, type Token, tokenize } from '../engines/tokens.js';
import { nameAt } from './select.js';

/** The statements of a text, as tokens. */
export function statementsOf(sql: string): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]];
  for (const token of significant(tokenize(sql))) {
    if (token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  const found = statements.filter((tokens) => tokens.length > 0);
  // Between dollar quotes a semicolon ends no statement.
  return /\$\w*\$/.test(sql) ? found.slice(0, 1) : found;
}

/** The tables that a statement drops. */
export function droppedBy(tokens: readonly Token[]): readonly (readonly Token[])[] {
  if (!isWord(tokens[0], 'DROP') || !isWord(tokens[1], 'TABLE')) return [];
  const dropped: (readonly Token[])[] = [];
  for (let at = isWord(tokens[2], 'IF') ? 4 : 2; tokens[at] !== undefined; ) {
    const name = nameAt(tokens, at);
    dropped.push(name);
    at += name.length;
    if (tokens[at]?.text !== ',') break;
    at += 1;
  }
  return dropped;
}

const KINDS_OF_TABLE = ['GLOBAL', 'LOCAL', 'TEMP', 'TEMPORARY', 'UNLOGGED'];

/** The position of the name of the table that a `SELECT ... INTO` creates. */
function intoAt(tokens: readonly Token[]): number | undefined {
  for (let at = 0; at < tokens.length; at += 1) {
    if (isWord(tokens[at], 'INSERT', 'MERGE', 'REPLACE')) return undefined;
    if (tokens[at]?.text === '(') at = closingOf(tokens, at);
    else if (isWord(tokens[at], 'INTO')) {
      let name = at + 1;
      while (isWord(tokens[name], 'TABLE', ...KINDS_OF_TABLE)) name += 1;
      return name;
    }
  }
  return undefined;
}

/** The table that a statement creates. */
export function createdBy(tokens: readonly Token[]): readonly Token[] | undefined {
  const isSelect = isWord(tokens[0], 'SELECT', 'WITH');
  const into = isSelect ? intoAt(tokens) : undefined;
  if (into !== undefined) return nameAt(tokens, into);
  if (!isWord(tokens[0], 'CREATE')) return undefined;
  let at = 1;
  while (isWord(tokens[at], ...KINDS_OF_TABLE)) at += 1;
  if (!isWord(tokens[at], 'TABLE')) return undefined;
  return nameAt(tokens, isWord(tokens[at + 1], 'IF') ? at + 4 : at + 1);
}

/** A table that gets another name. */
export interface RenamedTable {
  readonly from: readonly Token[];
  readonly to: Token;
}

/** The table that a statement renames. */
export function renamedBy(tokens: readonly Token[]): RenamedTable | undefined {
  if (!isWord(tokens[0], 'ALTER') || !isWord(tokens[1], 'TABLE')) return undefined;
  let start = 2;
  while (isWord(tokens[start], 'IF', 'EXISTS', 'ONLY')) start += 1;
  const from = nameAt(tokens, start);
  const behind = start + from.length;
  const to = tokens[behind + 2];
  const isRename = isWord(tokens[behind], 'RENAME') && isWord(tokens[behind + 1], 'TO');
  return isRename && to !== undefined ? { from, to } : undefined;
}
