/** A piece of SQL text. `name` is a quoted identifier, `word` an unquoted one or a keyword. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'symbol' | 'blank';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * One group for each of `KINDS`; the second one of strings is the tag of a dollar quote. What stands in the brackets
 * of an ARRAY is no name.
 */
const PATTERN =
  /(\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))|("(?:[^"]|"")*"|`(?:[^`]|``)*`|(?<!\b[aA][rR][rR][aA][yY])\[[^\]]*\])|([eE]'(?:[^'\\]|''|\\[\s\S])*'|[xX]?'(?:[^']|'')*'|\$((?:[\p{L}_][\p{L}\p{N}_]*)?)\$[\s\S]*?\$\4\$)|(\d[\w.]*(?:[eE][+-]?\d+)?|\.\d+)|([\p{L}_$\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*)|([\s\S])/gu;

const KINDS = ['blank', 'name', 'string', 'string', 'number', 'word', 'symbol'] as const;

function split(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  // Thousands of definitions are read at a time: no named groups, which cost an object a token.
  for (const match of sql.matchAll(PATTERN)) {
    let group = 1;
    while (match[group] === undefined) group += 1;
    const { 0: text, index: start } = match;
    tokens.push({ kind: KINDS[group - 1] ?? 'symbol', text, start, end: start + text.length });
  }
  return tokens;
}

const SHORT = 60;
const KNOWN = 1000;
const known = new Map<string, readonly Token[]>();

/** Splits SQL into tokens whose texts put together are the SQL again. Short texts, which a schema repeats, it remembers. */
export function tokenize(sql: string): readonly Token[] {
  if (sql.length > SHORT) return split(sql);
  const before = known.get(sql);
  if (before !== undefined) return before;
  if (known.size >= KNOWN) known.clear();
  const tokens = split(sql);
  known.set(sql, tokens);
  return tokens;
}

/** The tokens that mean something: without white space and comments. */
export function significant(tokens: readonly Token[]): readonly Token[] {
  return tokens.filter(({ kind }) => kind !== 'blank');
}

/** The identifier that a token stands for, without its quotes; SQLite takes a string for a name too. */
export function identifierOf({ kind, text }: Pick<Token, 'kind' | 'text'>): string {
  if (kind === 'string') return text.slice(1, -1).replaceAll("''", "'");
  if (kind !== 'name') return text;
  const quote = text[0] ?? '';
  const inner = text.slice(1, -1);
  return quote === '[' ? inner : inner.replaceAll(quote + quote, quote);
}

/** Whether an unquoted token is this keyword. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** Whether two identifiers are the same to SQLite. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether an expression names the identifier anywhere. */
export function mentions(sql: string, name: string): boolean {
  return tokenize(sql).some(
    (token) => (token.kind === 'word' || token.kind === 'name') && sameName(identifierOf(token), name),
  );
}

/** Whether a text calls a function of this name. */
export function calls(sql: string, name: string): boolean {
  return significant(tokenize(sql)).some(
    (token, at, all) =>
      (token.kind === 'word' || token.kind === 'name') &&
      sameName(identifierOf(token), name) &&
      all[at + 1]?.text === '(',
  );
}

/** The ranges between the commas at the top level of a list of tokens. */
export function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(' || token.text === '[') depth += 1;
    if (token.text === ')' || token.text === ']') depth -= 1;
    if (token.text === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** The position of the parenthesis that closes the one at `open`. */
export function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let position = open; position < tokens.length; position += 1) {
    if (tokens[position]?.text === '(') depth += 1;
    if (tokens[position]?.text === ')') depth -= 1;
    if (depth === 0) return position;
  }
  return tokens.length;
}
