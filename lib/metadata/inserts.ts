import { closingOf, isWord, type Token } from '../engines/tokens.js';
import { nameAt, opensQuery } from './select.js';

/** An INSERT of a statement, at any depth of it. */
export interface Insert {
  readonly name: readonly Token[];
  /** The end of the token that a list of columns would stand behind. */
  readonly listAt: number;
  /** Whether it names its columns. */
  readonly isNamed: boolean;
  /** The position of the query, or VALUES, that gives the rows; undefined for DEFAULT VALUES. */
  readonly source: number | undefined;
  /** The position behind it. */
  readonly end: number;
}

const QUERY = ['SELECT', 'VALUES', 'WITH', 'TABLE'];

function endOf(tokens: readonly Token[], start: number): number {
  let at = start;
  while (at < tokens.length && tokens[at]?.text !== ')' && tokens[at]?.text !== ';')
    at = tokens[at]?.text === '(' ? closingOf(tokens, at) + 1 : at + 1;
  return at;
}

function readInsert(tokens: readonly Token[], name: readonly Token[], behind: number): Insert {
  const start = isWord(tokens[behind], 'AS') ? behind + 2 : behind;
  const isNamed = tokens[start]?.text === '(' && !opensQuery(tokens, start);
  let source = isNamed ? closingOf(tokens, start) + 1 : start;
  if (isWord(tokens[source], 'OVERRIDING')) source += 3;
  const isQuery = tokens[source]?.text === '(' || isWord(tokens[source], ...QUERY);
  return {
    name,
    listAt: tokens[start - 1]?.end ?? 0,
    isNamed,
    source: isQuery ? source : undefined,
    end: endOf(tokens, source),
  };
}

/** Every INSERT of a statement: also in common tables, the body of a trigger, and behind another statement. */
export function readInserts(tokens: readonly Token[]): readonly Insert[] {
  const merged = tokens.findIndex((token, at) => isWord(token, 'MERGE') && isWord(tokens[at + 1], 'INTO'));
  return tokens.flatMap((token, at): Insert[] => {
    if (!isWord(token, 'INSERT', 'REPLACE')) return [];
    const into = isWord(tokens[at + 1], 'OR') ? at + 3 : at + 1;
    if (isWord(tokens[into], 'INTO')) {
      const name = nameAt(tokens, into + 1);
      return [readInsert(tokens, name, into + 1 + name.length)];
    }
    // WHEN NOT MATCHED THEN INSERT VALUES (...)
    if (!isWord(tokens[at - 1], 'THEN') || merged < 0) return [];
    const target = merged + (isWord(tokens[merged + 2], 'ONLY') ? 3 : 2);
    return [readInsert(tokens, nameAt(tokens, target), at + 1)];
  });
}
