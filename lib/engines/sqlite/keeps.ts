import { identifierOf, isWord, sameName, significant, type Token, tokenize } from '../tokens.js';
import { TRIGGER_MARK } from './trigger.js';

const isPresent = (token: Token): boolean =>
  isWord(token, 'CURRENT_TIMESTAMP', 'CURRENT_DATE', 'UNIXEPOCH') ||
  (token.kind === 'string' && identifierOf(token).toLowerCase() === 'now');

const isNamed = (token: Token | undefined, name: string): boolean =>
  token !== undefined && token.kind !== 'symbol' && sameName(identifierOf(token), name);

/** Whether the SET of an UPDATE, which begins here, gives the column the present instant. */
function stamps(tokens: readonly Token[], set: number, column: string): boolean {
  let isStamp = false;
  let depth = 0;
  for (let at = set; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined || token.text === ';' || (depth === 0 && isWord(token, 'WHERE', 'FROM')))
      return false;
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    const isStart = depth === 0 && (isWord(token, 'SET') || token.text === ',');
    if (isStart) isStamp = isNamed(tokens[at + 1], column) && tokens[at + 2]?.text === '=';
    else if (isStamp && isPresent(token)) return true;
  }
  return false;
}

/**
 * Whether a trigger is the project's own and keeps this column of its table: it goes off with every UPDATE and gives the column
 * the present instant. With a trigger like that ours is not needed.
 */
export function keepsColumn(sql: string, table: string, column: string): boolean {
  if (sql.includes(TRIGGER_MARK)) return false;
  const tokens = significant(tokenize(sql));
  const begin = tokens.findIndex((token) => isWord(token, 'BEGIN'));
  const event = tokens.findIndex((token) => isWord(token, 'UPDATE'));
  if (event === -1 || event > begin || isWord(tokens[event + 1], 'OF')) return false;
  return tokens.some((token, at) => {
    if (at < begin || !isWord(token, 'UPDATE')) return false;
    const name = isWord(tokens[at + 1], 'OR') ? at + 3 : at + 1;
    return (
      isNamed(tokens[name], table) && isWord(tokens[name + 1], 'SET') && stamps(tokens, name + 1, column)
    );
  });
}
