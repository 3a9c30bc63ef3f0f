import { isWord, significant, type Token, tokenize } from '../engines/tokens.js';
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

/** The table that a statement creates. */
export function createdBy(tokens: readonly Token[]): readonly Token[] | undefined {
  if (!isWord(tokens[0], 'CREATE') || !isWord(tokens[1], 'TABLE')) return undefined;
  return nameAt(tokens, isWord(tokens[2], 'IF') ? 5 : 2);
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
