/**
 * In a transaction that asks the catalog alone: operators, functions and types are the server's own, whatever the connection's search
 * path says, where another role could have put its own (CVE-2018-1058). Names of tables are written with their schema.
 */
export const ON_SAFE_PATH = 'set local search_path to pg_catalog, pg_temp';

/** Remembers the path of the transaction, and asks on the safe one. */
const LEAVE_PATH = `select pg_catalog.set_config('knex_meta.path', pg_catalog.current_setting('search_path'), true),
  pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)`;

/** The path as it was: an expression. */
const TAKE_PATH = "pg_catalog.set_config('search_path', pg_catalog.current_setting('knex_meta.path'), true)";

/**
 * One text of two statements whose second reads the columns. What the columns are made of is looked up on the safe path; when they
 * run the path is the connection's again, so the server writes names in expressions as that asks for.
 */
export const askedSafely = (columns: readonly string[]): string =>
  `${LEAVE_PATH};\nselect ${TAKE_PATH} as path,\n${columns.join(',\n')}`;
