import type { ConflictAction } from '../../../schema/column.js';
import { closingOf, identifierOf, isWord, significant, type Token, tokenize } from '../../tokens.js';

/** The author's text on one line, without comments: what is in strings and names stays as it is. */
export function lineOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, text }, place) => {
      if (kind !== 'blank') return text;
      return tokens[place - 1]?.kind === 'blank' ? '' : ' ';
    })
    .join('')
    .replace(/^ +| +$/g, '');
}

/** What stands in the first parentheses of a constraint. */
export function inParentheses(text: string): string {
  const tokens = tokenize(text);
  const open = tokens.findIndex((token) => token.text === '(');
  return open < 0 ? '' : lineOf(tokens.slice(open + 1, closingOf(tokens, open)));
}

/** The position behind a list in parentheses that may stand here. */
export function afterList(tokens: readonly Token[], position: number): number {
  return tokens[position]?.text === '(' ? closingOf(tokens, position) + 1 : position;
}

const ACTIONS: readonly ConflictAction[] = ['rollback', 'abort', 'fail', 'ignore', 'replace'];

/** The action of an ON CONFLICT at the top level of a constraint. */
export function conflictOf(text: string): ConflictAction | undefined {
  if (!/conflict/i.test(text)) return undefined;
  const tokens = significant(tokenize(text));
  for (let at = 0; at < tokens.length; at = tokens[at]?.text === '(' ? afterList(tokens, at) : at + 1) {
    if (!isWord(tokens[at], 'ON') || !isWord(tokens[at + 1], 'CONFLICT')) continue;
    const action = tokens[at + 2];
    return ACTIONS.find((each) => action !== undefined && identifierOf(action).toLowerCase() === each);
  }
  return undefined;
}
