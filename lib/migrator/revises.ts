import jsTokens, { type Token } from 'js-tokens';
import { BLANK, stringOf, tokensOf } from './sourceTokens.js';

/** What `revises` is set to: names, or `dynamic` when only running the file tells. */
export type Revises = readonly string[] | 'dynamic' | undefined;

type Tokens = readonly Token[];

/** Where a file says what it revises: from its first token to the first of the value. */
interface Place {
  readonly start: number;
  readonly value: number;
}

/** The bracket that is open at a token; -1 at the top. */
function openerOf(tokens: Tokens, index: number): number {
  let depth = 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    const value = tokens[at]?.value ?? '';
    if (value === ')' || value === ']' || value === '}') depth += 1;
    else if (value === '(' || value === '[' || value === '{') depth -= 1;
    if (depth < 0) return at;
  }
  return -1;
}

/** What the braces around a token are: the file's exports as one object, a list of exports, or anything else. */
function bracesAround(tokens: Tokens, index: number): 'object' | 'list' | undefined {
  let at = openerOf(tokens, index);
  if (tokens[at]?.value !== '{') return undefined;
  do at -= 1;
  while (tokens[at]?.value === '(');
  const [before, word] = [tokens[at - 1]?.value, tokens[at]?.value];
  if (word === 'export') return 'list';
  return (word === 'default' && before === 'export') || (word === '=' && before === 'exports')
    ? 'object'
    : undefined;
}

/** A column may be called `revises` too: what counts is what the file exports. */
function placeAt(tokens: Tokens, index: number): Place | 'dynamic' | undefined {
  const before = tokens[index - 1]?.value ?? '';
  const next = tokens[index + 1]?.value;
  if (/^(const|let|var)$/.test(before) && tokens[index - 2]?.value === 'export') {
    const assigned = tokens.findIndex(({ value }, at) => at > index && value === '=');
    return assigned === -1 ? undefined : { start: index - 2, value: assigned + 1 };
  }
  if (before === '.' && tokens[index - 2]?.value === 'exports' && next === '=') {
    const isModule = tokens[index - 3]?.value === '.';
    return { start: index - (isModule ? 4 : 2), value: index + 2 };
  }
  const around = /^[{,]$|^as$/.test(before) ? bracesAround(tokens, index) : undefined;
  if (around === 'object' && next === ':') return { start: index, value: index + 2 };
  return around === undefined ? undefined : 'dynamic';
}

function placeOf(tokens: Tokens): Place | 'dynamic' | undefined {
  for (const [index, { value }] of tokens.entries()) {
    const place = value === 'revises' ? placeAt(tokens, index) : undefined;
    if (place !== undefined) return place;
  }
  return undefined;
}

/** The last token of a value: a string, a word, or a list in brackets. */
function endOf(tokens: Tokens, value: number): number {
  if (tokens[value]?.value !== '[') return value;
  return tokens.findIndex((token, index) => index > value && token.value === ']');
}

/** The parents that a file names with `export const revises`, read without running it. */
export function revisesOf(text: string): Revises {
  if (!text.includes('revises')) return undefined;
  const tokens = tokensOf(text);
  const place = placeOf(tokens);
  if (place === undefined || place === 'dynamic') return place;
  const end = endOf(tokens, place.value);
  const after = tokens[end + 1];
  // Something is done with it: `'a' + 'b'`, `[...].concat(more)`.
  if (after?.type === 'Punctuator' && !/^[;,)}]$/.test(after.value)) return 'dynamic';
  const first = tokens[place.value];
  const single = stringOf(first);
  if (single !== undefined) return [single];
  if (first?.value === 'null' || first?.value === 'undefined') return [];
  if (first?.value !== '[') return 'dynamic';
  const items = tokens.slice(place.value + 1, end).filter(({ value }) => value !== ',');
  const names = items.map(stringOf);
  return names.every((name) => name !== undefined) ? names : 'dynamic';
}

/** The tokens without what `revises` says: another place in the history does nothing else to a database. */
export function withoutParents(tokens: Tokens): Tokens {
  const place = placeOf(tokens);
  if (place === undefined || place === 'dynamic') return tokens;
  let end = endOf(tokens, place.value) + 1;
  if (tokens[end]?.value === 'as') end += 2;
  if (tokens[end]?.value === ',') end += 1;
  return [...tokens.slice(0, place.start), ...tokens.slice(end)];
}

/** `'a'`, or `['a', 'b']`. */
export function valueFor(parents: readonly string[]): string {
  const quoted = parents.map((name) => `'${name.replace(/[\\']/g, '\\$&')}'`);
  return quoted.length === 1 ? String(quoted[0]) : `[${quoted.join(', ')}]`;
}

/** The line that says it in a file of its own kind of modules. */
export function revisesLine(isEsm: boolean, parents: readonly string[]): string {
  return `${isEsm ? 'export const revises' : 'module.exports.revises'} = ${valueFor(parents)};`;
}

/** Whether a text is an ES module, in JavaScript or TypeScript. */
export function isEsmText(text: string): boolean {
  return tokensOf(text).some(({ type, value }) => type === 'IdentifierName' && value === 'export');
}

/** The text with other parents, at its end where it named none; undefined when only running it tells them. */
export function withRevises(text: string, parents: readonly string[]): string | undefined {
  const known = revisesOf(text);
  if (known === 'dynamic') return undefined;
  if (known === undefined) return `${text.trimEnd()}\n\n${revisesLine(isEsmText(text), parents)}\n`;
  const all = [...jsTokens(text)];
  const solid = all.map((token, index) => ({ token, index })).filter(({ token }) => !BLANK.has(token.type));
  const place = placeOf(solid.map(({ token }) => token)) as Place;
  const start = solid[place.value]?.index ?? 0;
  const end = endOf(all, start);
  const value = valueFor(parents);
  return [...all.slice(0, start), { value }, ...all.slice(end + 1)].map((token) => token.value).join('');
}
