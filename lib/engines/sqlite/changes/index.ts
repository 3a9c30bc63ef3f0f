import type { BuilderCall, DefaultWord, EnumCheck } from '../../../render/wording.js';
import type { Column } from '../../../schema/column.js';
import type { ChangeEngine } from '../../contract.js';
import { closingOf, identifierOf, isWord, significant, tokenize } from '../../tokens.js';
import { convert } from './casts.js';
import { rewrite } from './rewrite.js';

/** What is left of an expression when white space, case, quotes and outer parentheses do not count. */
function foldExpression(sql: string): string {
  let tokens = significant(tokenize(sql));
  while (tokens[0]?.text === '(' && closingOf(tokens, 0) === tokens.length - 1) tokens = tokens.slice(1, -1);
  return tokens
    .map((token) =>
      token.kind === 'word' || token.kind === 'name' ? identifierOf(token).toLowerCase() : token.text,
    )
    .join(' ');
}

const foldType = (type: string) =>
  type
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/\s*([(),])\s*/g, '$1');

const METHODS: Readonly<Record<string, BuilderCall>> = {
  integer: { method: 'integer', args: [] },
  bigint: { method: 'bigInteger', args: [] },
  tinyint: { method: 'tinyint', args: [] },
  text: { method: 'text', args: [] },
  boolean: { method: 'boolean', args: [] },
  float: { method: 'float', args: [] },
  date: { method: 'date', args: [] },
  datetime: { method: 'datetime', args: [] },
  time: { method: 'time', args: [] },
  json: { method: 'json', args: [] },
  blob: { method: 'binary', args: [] },
  'char(36)': { method: 'uuid', args: [] },
};

/** The engine gives its own types in capitals, and others as their author wrote them. */
function columnCall(written: string): BuilderCall | undefined {
  const type = foldType(written);
  const [, length] = /^varchar\((\d+)\)$/.exec(type) ?? [];
  return length === undefined ? METHODS[type] : { method: 'string', args: [Number(length)] };
}

const IS_LITERAL =
  /^([-+]?[\d.]+(e[-+]?\d+)?|x?'([^']|'')*'|null|true|false|current_(time|date|timestamp))$/i;

function defaultWord({ defaultTo, type }: Column): DefaultWord | undefined {
  if (defaultTo === undefined) return undefined;
  if (/^current_timestamp$/i.test(defaultTo)) return { kind: 'now' };
  const text = /^'((?:[^']|'')*)'$/.exec(defaultTo)?.[1]?.replaceAll("''", "'");
  // Knex escapes these in a way that this engine does not read.
  if (text !== undefined && !/["\\\p{Cc}]/u.test(text)) {
    if (foldType(type) === 'boolean' && (text === '1' || text === '0'))
      return { kind: 'value', value: text === '1' };
    const isNumber = /int|float/i.test(type) && String(Number(text)) === text;
    return { kind: 'value', value: isNumber ? Number(text) : text };
  }
  return { kind: 'sql', sql: IS_LITERAL.test(defaultTo) ? defaultTo : `(${defaultTo})` };
}

function incrementsCall({ numbering, type }: Column): string | undefined {
  return numbering?.kind === 'rowid' && !numbering.reuses && foldType(type) === 'integer'
    ? 'increments'
    : undefined;
}

function enumCheck(expression: string): EnumCheck | undefined {
  const [name, isIn, open, ...rest] = significant(tokenize(expression));
  if (name === undefined || !isWord(isIn, 'IN') || open?.text !== '(' || rest.pop()?.text !== ')')
    return undefined;
  const isList = rest.every(({ kind, text }, place) =>
    place % 2 === 1 ? text === ',' : kind === 'string' && !/[\\?\n]|''/.test(text),
  );
  if (!isList || rest.length % 2 === 0) return undefined;
  const values = rest.filter(({ kind }) => kind === 'string').map(identifierOf);
  return { column: identifierOf(name), values };
}

export const changes: ChangeEngine = {
  comparison: {
    foldName: (name) => name.toLowerCase(),
    foldExpression,
    foldType,
    holdsColumns: false,
    ownExtensions: [],
  },
  wording: {
    columnCall,
    defaultWord,
    incrementsCall,
    serialName: () => undefined,
    enumCheck,
    keepsExpressions: true,
    uniqueIsIndex: true,
    namesKeys: false,
    readsBindings: false,
    defersKeys: false,
    altersWhole: true,
    aroundFunctions: undefined,
    unknownActions: {
      pattern: /^(?:modify|set|(?:add|drop) (?!column\b))/,
      note: 'SQLite has no such ALTER TABLE. knex-meta rebuilds the table, and keeps its rows, indexes and triggers.',
    },
    indexMethod: 'btree',
    defaultNulls: (descending) => (descending ? 'last' : 'first'),
  },
  hazards: {
    quote: (name) => `"${name.replaceAll('"', '""')}"`,
    isConcurrent: false,
    isMadeAnew: () => false,
    convert,
    isVolatile: () => false,
    recomputed: () => [],
    // It has no types of a project's own.
    hasValue: () => 'false',
  },
  defaultSchema: undefined,
  rewrite,
};
