import { createHash } from 'node:crypto';
import jsTokens, { type Token } from 'js-tokens';
import { withoutParents } from './revises.js';
import { BLANK, stringOf, tokensOf } from './sourceTokens.js';

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

const BOILERPLATE = /^(?:Generated|Written) by knex-meta\b.*\n*/;

/** What the comment that a migration begins with says of it: a generated file's first line is about the file. */
export function descriptionOf(text: string): {
  readonly description: string | undefined;
  readonly isGenerated: boolean;
} {
  const comment = docstringOf(text) ?? '';
  const description = comment.replace(BOILERPLATE, '').trim();
  return { description: description || undefined, isGenerated: BOILERPLATE.test(comment) };
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
