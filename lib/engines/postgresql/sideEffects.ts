import { identifierOf, isWord, significant, type Token, tokenize } from '../tokens.js';

/** What may take a number of a sequence, by a default or another trigger, or do what no rollback undoes. */
const WRITING = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY', 'TRUNCATE', 'CALL', 'EXECUTE'] as const;

/** Volatile and harmless: they only answer. */
const HARMLESS: ReadonlySet<string> = new Set(
  'clock_timestamp timeofday random random_normal gen_random_uuid uuidv7 uuidv4 array_agg count'.split(' '),
);

function tokensOf(body: string): readonly Token[] {
  return significant(tokenize(body));
}

/** The names that a function's body calls, or may call. */
export function calledBy(body: string): readonly string[] {
  return tokensOf(body).flatMap((token, index, all) =>
    (token.kind === 'word' || token.kind === 'name') && all[index + 1]?.text === '('
      ? [token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token)]
      : [],
  );
}

/**
 * Whether all that a trigger's function does ends with its transaction: it writes nothing, and calls nothing that might.
 *
 * @param volatile - names of functions that may have effects
 */
export function canBeUndone(language: string, body: string, volatile: ReadonlySet<string>): boolean {
  if (language !== 'plpgsql') return false;
  const tokens = tokensOf(body);
  if (tokens.some((token) => isWord(token, ...WRITING))) return false;
  return calledBy(body).every((name) => HARMLESS.has(name) || !volatile.has(name));
}

/** Whether a text gives a value to a column: `new.c := ...`, `set c = ...`. */
export function sets(body: string, column: string): boolean {
  return tokensOf(body).some((token, index, all) => {
    if (token.kind !== 'word' && token.kind !== 'name') return false;
    const name = token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token);
    if (name !== column) return false;
    const next = all[index + 1]?.text;
    if (next === ':') return all[index + 2]?.text === '=';
    return (
      next === '=' &&
      (all[index - 1]?.text === '.' || isWord(all[index - 1], 'SET') || all[index - 1]?.text === ',')
    );
  });
}
