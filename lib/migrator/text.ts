import { createHash } from 'node:crypto';
import jsTokens, { type Token } from 'js-tokens';

const BLANK: ReadonlySet<Token['type']> = new Set([
  'WhiteSpace',
  'LineTerminatorSequence',
  'MultiLineComment',
  'SingleLineComment',
  'HashbangComment',
]);

/** A migration's text as tokens, without white space and comments. */
function tokensOf(text: string): readonly Token[] {
  return [...jsTokens(text)].filter(({ type }) => !BLANK.has(type));
}

/** `'a'` and `"a"` are one string. */
function normalised({ type, value }: Token): string {
  if (type !== 'StringLiteral' || /[\\"]/.test(value.slice(1, -1))) return value;
  return `"${value.slice(1, -1)}"`;
}

/**
 * What a migration does, as a hash: another comment, indentation, kind of quote, trailing comma, semicolon or parent
 * is no change.
 */
export function checksumOf(text: string): string {
  const tokens = withoutParents(tokensOf(text));
  const kept = tokens.filter(({ value }, index) => {
    if (value === ';') return false;
    return value !== ',' || !/^[)\]}]$/.test(tokens[index + 1]?.value ?? '');
  });
  return createHash('sha256').update(kept.map(normalised).join('\n')).digest('hex').slice(0, 32);
}

function stringOf(token: Token | undefined): string | undefined {
  return token?.type === 'StringLiteral' || token?.type === 'NoSubstitutionTemplate'
    ? token.value.slice(1, -1)
    : undefined;
}

/** What `revises` is set to: names, or `dynamic` when only running the file tells. */
export type Revises = readonly string[] | 'dynamic' | undefined;

/** Where the value of `revises` begins; undefined when the file has none. */
function valueOfRevises(tokens: readonly Token[]): number | undefined {
  for (const [index, { value }] of tokens.entries()) {
    if (value !== 'revises') continue;
    const before = tokens[index - 1]?.value;
    const next = tokens[index + 1]?.value;
    const isExport = /^(const|let|var)$/.test(before ?? '') && tokens[index - 2]?.value === 'export';
    const isMember = before === '.' && /^exports$/.test(tokens[index - 2]?.value ?? '') && next === '=';
    const isProperty = (before === '{' || before === ',') && next === ':';
    if (isProperty) return index + 2;
    if (!isExport && !isMember) continue;
    const assigned = tokens.findIndex((token, at) => at > index && token.value === '=');
    return assigned === -1 ? undefined : assigned + 1;
  }
  return undefined;
}

/** The parents that a file names with `export const revises`, read without running it. */
export function revisesOf(text: string): Revises {
  if (!text.includes('revises')) return undefined;
  const tokens = tokensOf(text);
  const at = valueOfRevises(tokens);
  if (at === undefined) return undefined;
  const first = tokens[at];
  const single = stringOf(first);
  if (single !== undefined) return [single];
  if (first?.value === 'null' || first?.value === 'undefined') return [];
  if (first?.value !== '[') return 'dynamic';
  const end = tokens.findIndex((token, index) => index > at && token.value === ']');
  const items = tokens.slice(at + 1, end).filter(({ value }) => value !== ',');
  const names = items.map(stringOf);
  return names.every((name) => name !== undefined) ? names : 'dynamic';
}

/** The tokens without the value of `revises`: another place in the history does nothing else to a database. */
function withoutParents(tokens: readonly Token[]): readonly Token[] {
  const at = valueOfRevises(tokens);
  if (at === undefined) return tokens;
  const isList = tokens[at]?.value === '[';
  const end = isList ? tokens.findIndex((token, index) => index > at && token.value === ']') : at;
  return [...tokens.slice(0, at), ...tokens.slice(end + 1)];
}

/** Replaces the value of `revises`; undefined when the file has none that can be replaced. */
export function withRevises(text: string, parents: readonly string[]): string | undefined {
  const known = revisesOf(text);
  if (known === undefined || known === 'dynamic') return undefined;
  const all = [...jsTokens(text)];
  const solid = all.map((token, index) => ({ token, index })).filter(({ token }) => !BLANK.has(token.type));
  const at = valueOfRevises(solid.map(({ token }) => token));
  if (at === undefined) return undefined;
  const start = solid[at]?.index ?? 0;
  const isList = all[start]?.value === '[';
  const end = isList ? all.findIndex((token, index) => index > start && token.value === ']') : start;
  const quoted = parents.map((name) => `'${name}'`);
  const value = quoted.length === 1 ? String(quoted[0]) : `[${quoted.join(', ')}]`;
  return [...all.slice(0, start), { value }, ...all.slice(end + 1)].map((token) => token.value).join('');
}

/** The comment that a migration begins with, without its marks; undefined when there is none. */
export function docstringOf(text: string): string | undefined {
  const lines: string[] = [];
  for (const { type, value } of jsTokens(text)) {
    if (type === 'SingleLineComment') lines.push(value.replace(/^\/\/+\s?/, ''));
    else if (type === 'MultiLineComment') lines.push(...value.replace(/^\/\*+|\*+\/$/g, '').split('\n'));
    else if (!BLANK.has(type)) break;
    if (type === 'MultiLineComment') break;
  }
  const said = lines.map((line) => line.replace(/^\s*\*?\s?/, '').trim());
  const text_ = said
    .filter((line) => !/^@|^eslint|^biome|^prettier|^ts-|^@ts/.test(line))
    .join('\n')
    .trim();
  return text_ === '' ? undefined : text_;
}

const TABLE_CALLS: ReadonlySet<string> = new Set(
  'createTable createTableIfNotExists createTableLike alterTable table dropTable dropTableIfExists renameTable into from insert update'.split(
    ' ',
  ),
);
const TABLE_IN_SQL =
  /\b(?:create|alter|drop)\s+table\s+(?:if\s+(?:not\s+)?exists\s+)?["`]?([\w.]+)|\b(?:insert\s+into|update|delete\s+from)\s+["`]?([\w.]+)/gi;

/** The tables that a migration's text names: in the builder's calls, and in its SQL. */
export function tablesOf(text: string): readonly string[] {
  const tokens = tokensOf(text);
  const names = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    const called = tokens[index - 1]?.value === '(' ? tokens[index - 2] : undefined;
    const value = stringOf(token) ?? (token.type.startsWith('Template') ? token.value : undefined);
    if (value === undefined) continue;
    const isPlain = /^[\w.]+$/.test(value);
    if (isPlain && (TABLE_CALLS.has(called?.value ?? '') || /^(knex|trx|db|k)$/.test(called?.value ?? '')))
      names.add(value);
    for (const [, defined, written] of value.matchAll(TABLE_IN_SQL)) names.add(String(defined ?? written));
  }
  return [...names].sort();
}
