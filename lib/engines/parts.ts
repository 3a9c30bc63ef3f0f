/** One column or constraint of a CREATE TABLE, as its author wrote it. */
interface Part {
  readonly text: string;
  /** A comment behind the comma that follows, on the same line. */
  readonly after: string;
}

/** Where the list in parentheses of a statement stands. */
interface List {
  /** The position of its opening parenthesis. */
  readonly open: number;
  /** The position of the one that closes it; the end of a text that closes none. */
  readonly close: number;
  readonly commas: readonly number[];
  /** The end of its last comment; the opening without one. */
  readonly commented: number;
}

/** Marks that quote, each with the one that ends it. */
type Quotes = Readonly<Record<string, string>>;

export const STANDARD_QUOTES: Quotes = { "'": "'", '"': '"' };
const SQLITE_QUOTES: Quotes = { ...STANDARD_QUOTES, '`': '`', '[': ']' };

function endAfter(sql: string, closing: string, from: number): number {
  const at = sql.indexOf(closing, from);
  return at < 0 ? sql.length : at + closing.length;
}

/** The end of the comment that begins here; the position itself when none does. */
function commentEnd(sql: string, at: number): number {
  if (sql.startsWith('--', at)) return endAfter(sql, '\n', at + 2);
  return sql.startsWith('/*', at) ? endAfter(sql, '*/', at + 2) : at;
}

/** The first list in parentheses, by its characters: a schema's statements are many, and most of their tokens nobody asks for. */
export function listOf(sql: string, quotes = SQLITE_QUOTES): List | undefined {
  const commas: number[] = [];
  let [open, depth, commented] = [-1, 0, 0];
  for (let at = 0; at < sql.length; at += 1) {
    const character = sql.charAt(at);
    const closing = quotes[character];
    // A quote within is written twice: what is behind it reads as one more string.
    if (closing !== undefined) at = endAfter(sql, closing, at + 1) - 1;
    else if (character === '-' || character === '/') {
      const end = commentEnd(sql, at);
      if (end === at) continue;
      commented = end;
      at = end - 1;
    } else if (character === '(' || character === '[') {
      if (depth === 0) open = at;
      depth += 1;
    } else if (character === ')' || character === ']') {
      depth -= 1;
      if (depth === 0) return { open, close: at, commas, commented: Math.max(commented, open + 1) };
    } else if (character === ',' && depth === 1) commas.push(at);
  }
  return open < 0 ? undefined : { open, close: sql.length, commas, commented: Math.max(commented, open + 1) };
}

/** A comment that ends its line: it speaks of what stands before it, though the comma is between. */
const COMMENT_OF_LINE = /^[^\S\n]*(?:--[^\n]*|\/\*(?:(?!\*\/)[^\n])*\*\/(?=[^\S\n]*\n))/;

/** The parts between the commas of a CREATE TABLE up to `end`, each with the comment of its line. */
export function splitParts(sql: string, { open, commas }: List, end: number): readonly Part[] {
  const texts = [open, ...commas].map((at, index) => sql.slice(at + 1, commas[index] ?? end));
  const comments = texts.map((text, index) => (index === 0 ? '' : (COMMENT_OF_LINE.exec(text)?.[0] ?? '')));
  return texts.map((text, index) => ({
    text: text.slice(comments[index]?.length),
    after: comments[index + 1] ?? '',
  }));
}
