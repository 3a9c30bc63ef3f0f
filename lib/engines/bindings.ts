import { type Token, tokenize } from './tokens.js';

/** A question mark behind backslashes: Knex takes all of them away, or reads the mark as a place for a value. */
const BEHIND_BACKSLASHES = /\\+\?/;

/** `E'a\\?'`: the mark by its number, without the backslash that only escapes it. */
function byNumber(text: string): string {
  return text.replace(/\\([\s\S])|\?/g, (found, escaped?: string) =>
    found === '?' || escaped === '?' ? '\\077' : found,
  );
}

/** `'a\?'` as two texts behind each other, which the server reads as one. */
function inParts(text: string): string {
  return text.replace(/\\(?=\?)/g, "\\'\n'");
}

function withoutBackslashes({ kind, text }: Token): string {
  if (!BEHIND_BACKSLASHES.test(text)) return text;
  if (kind === 'blank') return text.replace(/\\+(?=\?)/g, '');
  if (kind === 'name' && text.startsWith('"'))
    return `U&${text.replaceAll('\\', '\\\\').replace(/(?:\\\\)+(?=\?)/g, (all) => '\\005C'.repeat(all.length / 2))}`;
  if (kind !== 'string') return text;
  if (/^e'/i.test(text)) return byNumber(text);
  const dollar = /^\$[^$]*\$/.exec(text)?.[0];
  if (dollar === undefined) return inParts(text);
  const body = text.slice(dollar.length, -dollar.length);
  return inParts(`'${body.replaceAll("'", "''")}'`);
}

/**
 * SQL that Knex sends as it was given, where its client reads `?` as a place for a value: each `?` is escaped. Knex
 * cannot send `\?`, so a text with that is written in another way that means the same.
 *
 * @example
 * withoutBindings(`select '?'`); // select '\?'
 */
export function withoutBindings(sql: string): string {
  const said = BEHIND_BACKSLASHES.test(sql) ? tokenize(sql).map(withoutBackslashes).join('') : sql;
  return said.replaceAll('?', '\\?');
}
