import { withoutBindings } from '../engines/bindings.js';
import { closingOf, significant, tokenize } from '../engines/tokens.js';
import { sqlName } from '../operations/sqlName.js';
import type { ObjectName } from '../schema/names.js';
import { escapeUnsafe } from './escape.js';
import type { Wording } from './wording.js';

/** How long a line of a generated file may be. */
export const LINE_WIDTH = 108;

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

const withBackslashes = (text: string): string => text.replaceAll('\\', '\\\\');

/** An expression without parentheses around the whole of it. */
export function bare(sql: string): string {
  const tokens = significant(tokenize(sql));
  const last = tokens.at(-1);
  if (tokens[0]?.text !== '(' || last === undefined || closingOf(tokens, 0) !== tokens.length - 1) return sql;
  return bare(sql.slice(tokens[0].end, last.start).trim());
}

/** A string of JavaScript in single quotes. */
export function quoteSingle(text: string): string {
  return `'${escapeUnsafe(withBackslashes(text)).replaceAll("'", "\\'")}'`;
}

/** A string of JavaScript. */
export function quote(text: string): string {
  const isDouble = text.includes("'") && !text.includes('"');
  return isDouble ? `"${escapeUnsafe(withBackslashes(text))}"` : quoteSingle(text);
}

/** A key of an object or of an object type, quoted where it has to be. */
export function propertyKey(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : quote(name);
}

/** A value of JavaScript, with objects as a person writes them. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{ ${entries.map(([key, each]) => `${propertyKey(key)}: ${literal(each)}`).join(', ')} }`;
}

/** SQL for Knex: where it reads bindings, `?` would be a place for one. */
export function forKnex(sql: string, { readsBindings }: Wording): string {
  return readsBindings ? withoutBindings(sql) : sql;
}

/** SQL for `knex.raw`. */
export function rawText(sql: string, wording: Wording, indent = ''): string {
  return codeText(forKnex(sql, wording), indent);
}

/** SQL for `knex.raw` inside a statement of the builder: Knex takes one backslash from `\?` before it sends the whole. */
export function nestedText(sql: string, wording: Wording): string {
  const sent = forKnex(sql, wording);
  return codeText(sent.includes('\\?') ? sent.replaceAll('?', '\\?') : sent);
}

/** SQL as a text of JavaScript: on one line in quotes, or as a template. */
export function codeText(sql: string, indent = ''): string {
  if (!sql.includes('\n') && sql.length < 90) return quote(sql);
  const template = escapeUnsafe(withBackslashes(sql), '\n\t').replaceAll('`', '\\`').replaceAll('${', '\\${');
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
