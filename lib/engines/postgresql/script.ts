import type { ScriptForm } from '../migrations.js';
import { quoteName, quoteText } from './identifiers.js';

/** An element of an array literal, which has quotes of its own. */
function element(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`;
  return `"${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** A value as the driver would send it, as a literal. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Date) return `'${value.toISOString()}'`;
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'::bytea`;
  if (Array.isArray(value)) return quoteText(`{${value.map(element).join(',')}}`);
  return quoteText(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

export const script: ScriptForm = {
  command: (isOneTransaction) =>
    isOneTransaction ? 'psql -1 -f <this file> <database>' : 'psql -f <this file> <database>',
  prelude: (schemas) => [
    '\\set ON_ERROR_STOP on',
    ...schemas.map((schema) => `create schema if not exists ${quoteName(schema)};`),
    ...(schemas.length === 0 ? [] : [`set search_path to ${schemas.map(quoteName).join(', ')};`]),
  ],
  begin: 'begin;',
  commit: 'commit;',
  isWrapped: true,
  now: 'current_timestamp',
  literal,
};
