import { isWord, significant, type Token, tokenize } from './tokens.js';

/** What a statement is to somebody who writes down what a migration does. */
export type StatementKind = 'read' | 'write' | 'transaction';

const READS = ['SELECT', 'SHOW', 'EXPLAIN', 'VALUES', 'TABLE', 'WITH'] as const;
/** Functions that change something, where the result is nothing to go on with. */
const EFFECTS = ['SETVAL', 'SET_CONFIG', 'PG_NOTIFY'] as const;
const CHANGES = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'INTO'] as const;

/** Whether a statement changes something, asks something, or only begins or ends a transaction. */
export function kindOfStatement(sql: string): StatementKind {
  const all = significant(tokenize(sql));
  const tokens = all.slice(all.findIndex(({ text }) => text !== '('));
  const [first, second] = tokens;
  if (isWord(first, 'BEGIN', 'COMMIT', 'ROLLBACK', 'END', 'START')) {
    // ROLLBACK TO a savepoint is a part of what the migration does.
    return isWord(second, 'TO') ? 'write' : 'transaction';
  }
  if (isWord(first, 'PRAGMA')) return tokens.some(({ text }) => text === '=') ? 'write' : 'read';
  if (!isWord(first, ...READS)) return 'write';
  const isChanging = tokens.some((token, index) => {
    // `for update`, `for no key update`: rows are locked, and not changed.
    if (isWord(token, 'UPDATE') && isWord(tokens[index - 1], 'FOR', 'KEY')) return false;
    if (isWord(token, ...EFFECTS)) return tokens[index + 1]?.text === '(';
    return isWord(token, ...CHANGES);
  });
  return isChanging && !isWord(first, 'SHOW', 'EXPLAIN') ? 'write' : 'read';
}

/** The statement with values in the places of its bindings; `isPlace` knows a place and its number. */
export function withValues(
  sql: string,
  bindings: readonly unknown[],
  placeOf: (token: Token) => number | 'next' | undefined,
  literal: (value: unknown) => string,
): string {
  if (bindings.length === 0) return sql;
  let next = 0;
  return tokenize(sql)
    .map((token) => {
      const place = placeOf(token);
      if (place === undefined) return token.text;
      const index = place === 'next' ? next++ : place;
      return index < bindings.length ? literal(bindings[index]) : token.text;
    })
    .join('');
}
