import { closingOf, significant, tokenize } from '../engines/tokens.js';
import type { ObjectName } from '../schema/names.js';
import type { Wording } from './wording.js';

/** Words that cannot stand unquoted as a name on one engine or another. */
const RESERVED = new Set(
  `abort action add after all alter always analyse analyze and any array as asc asymmetric attach authorization autoincrement
  before begin between binary both by cascade case cast check collate collation column commit concurrently conflict constraint
  create cross current current_catalog current_date current_role current_schema current_time current_timestamp current_user
  database default deferrable deferred delete desc detach distinct do drop each else end escape except exclude exclusive exists
  explain fail false fetch filter first following for foreign freeze from full generated glob grant group groups having if
  ignore ilike immediate in index indexed initially inner insert instead intersect into is isnull join key last lateral leading
  left like limit localtime localtimestamp match materialized natural no not nothing notnull null nulls of offset on only or
  order others outer over overlaps partition placing plan pragma preceding primary query raise range recursive references
  regexp reindex release rename replace restrict returning right rollback row rows savepoint select session_user set similar
  some symmetric system_user table tablesample temp temporary then ties to trailing transaction trigger true unbounded union
  unique update user using vacuum values variadic verbose view virtual when where window with without`.split(
    /\s+/,
  ),
);

/** A name in SQL, quoted only where it has to be. */
export function sqlName(name: string): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name);
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

export function sqlNames(names: readonly string[]): string {
  return names.map(sqlName).join(', ');
}

/** An object's name in SQL; the default schema goes without saying. */
export function sqlObject({ schema, name }: ObjectName, defaultSchema: string | undefined): string {
  return schema === undefined || schema === defaultSchema
    ? sqlName(name)
    : `${sqlName(schema)}.${sqlName(name)}`;
}

export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function escapeText(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** An expression without parentheses around the whole of it. */
export function bare(sql: string): string {
  const tokens = significant(tokenize(sql));
  const last = tokens.at(-1);
  if (tokens[0]?.text !== '(' || last === undefined || closingOf(tokens, 0) !== tokens.length - 1) return sql;
  return bare(sql.slice(tokens[0].end, last.start).trim());
}

/** A string of JavaScript. */
export function quote(text: string): string {
  const isDouble = text.includes("'") && !text.includes('"');
  return isDouble ? `"${escapeText(text)}"` : `'${escapeText(text).replaceAll("'", "\\'")}'`;
}

/** A value of JavaScript, with objects as a person writes them. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{ ${entries.map(([key, each]) => `${key}: ${literal(each)}`).join(', ')} }`;
}

/** SQL for Knex: where it reads bindings, `?` would be a place for one. */
export function forKnex(sql: string, { readsBindings }: Wording): string {
  return readsBindings ? sql.replaceAll('?', '\\?') : sql;
}

/** SQL for `knex.raw`. */
export function rawText(sql: string, wording: Wording, indent = ''): string {
  return codeText(forKnex(sql, wording), indent);
}

/** SQL as a text of JavaScript: on one line in quotes, or as a template. */
export function codeText(sql: string, indent = ''): string {
  if (!sql.includes('\n') && sql.length < 90) return quote(sql);
  const template = sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  // The lines of a function's or view's text are its own: only a statement of one's own can be indented.
  return indent === ''
    ? `\`${template}\``
    : `\`\n${indent}  ${template.replaceAll('\n', `\n${indent}  `)}\n${indent}\``;
}

/** A name of an object as an identifier chain of the schema builder: `knex.schema.withSchema('s')`. */
export function schemaBuilder(schema: string | undefined, defaultSchema: string | undefined): string {
  return schema === undefined || schema === defaultSchema
    ? 'knex.schema'
    : `knex.schema.withSchema(${quote(schema)})`;
}
