import { quoteName, quoteText } from './identifiers.js';

/** Stands in the body of every function of knex-meta's: how they are told from a project's own. */
export const FUNCTION_MARK = 'knex-meta';

/**
 * Whether a function `p` may be run by whoever updates a table: its owner is the current role, or one that may act as this role,
 * as the owner of the schema or as the owner of the table, which a superuser always may.
 */
export function isTrusted(schemaOwner: string, tableOwner?: string): string {
  const roles = ['current_user', schemaOwner, ...(tableOwner === undefined ? [] : [tableOwner])];
  return `(${roles.map((role) => `pg_catalog.pg_has_role(p.proowner, ${role}, 'MEMBER')`).join(' or ')})`;
}

/** A comment in a function's body. */
const COMMENT = '--[^\\n]*|/\\*([^*]|\\*+[^*/])*\\*+/';

/** ASCII signs that mean something in a regular expression of the server. */
const escaped = (text: string): string => text.replaceAll(/[ -/:-@[-^`{-~]/g, '\\$&');

const PRESENT =
  '(\\mnow\\s*\\(|\\mcurrent_timestamp\\M|\\mlocaltimestamp\\M|\\mcurrent_date\\M|\\m(clock|statement|transaction)_timestamp\\s*\\(|\\mtimeofday\\s*\\()';

/**
 * Whether a trigger with its function `p` is the project's own and keeps this column: it is enabled, goes off before
 * each row of every UPDATE, and gives the column the present instant. With a trigger like that ours is not needed.
 */
export function keepsColumn(column: string, trigger = 'g'): string {
  const quoted = escaped(quoteName(column));
  const name = column === column.toLowerCase() ? `(${escaped(column)}\\M|${quoted})` : quoted;
  const stamped = `\\mnew\\s*\\.\\s*${name}`;
  const pattern = `${stamped}\\s*:?=[^;]*${PRESENT}|${PRESENT}[^;]*\\minto\\s+(strict\\s+)?${stamped}`;
  return `(not ${trigger}.tgisinternal and ${trigger}.tgenabled in ('O', 'A') and ${trigger}.tgattr::pg_catalog.text = ''
      and ${trigger}.tgtype::pg_catalog.int4 & 19 = 19 and p.prosrc not like '%${FUNCTION_MARK}%'
      and (pg_catalog.regexp_replace(p.prosrc, ${quoteText(COMMENT)}, ' ', 'g') ~* ${quoteText(pattern)}
        or p.proname = 'moddatetime' and ${trigger}.tgargs = pg_catalog.convert_to(${quoteText(column)}, 'UTF8') || pg_catalog.decode('00', 'hex')))`;
}
