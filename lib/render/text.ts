import { closingOf, significant, tokenize } from '../engines/tokens.js';
import { sqlName } from '../operations/sqlName.js';
import type { ObjectName } from '../schema/names.js';
import type { Wording } from './wording.js';

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
