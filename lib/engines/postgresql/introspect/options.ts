import { columns } from './otherRows.js';

/** The kind under which options are named that are not understood. */
export const UNKNOWN_OPTION = 'unknown option';

/**
 * The options that knex-meta understands, as patterns of their names. A server keeps notes of its own in the same lists:
 * 15.20 writes `pg_attver` into every new column. Such a note is nobody's schema.
 */
const COLUMN_OPTIONS = 'n_distinct(_inherited)?';
const TABLE_OPTIONS =
  'fillfactor|toast_tuple_target|parallel_workers|user_catalog_table|(log_)?auto(vacuum|analyze)_[a-z_]+|vacuum_[a-z_]+';
const VIEW_OPTIONS = 'security_barrier|security_invoker|check_option';
const INDEX_OPTIONS =
  'fillfactor|deduplicate_items|buffering|fastupdate|gin_pending_list_limit|pages_per_range|autosummarize';

/** The server reserves the prefix for itself. */
const SERVERS_OWN = 'pg_[^.=]*';
/** Extensions bring access methods and operator classes, with options that no list can know. */
const ANYTHING_ELSE = `(?!${SERVERS_OWN}=)[^=]+`;

const hasName = (option: string, names: string): string => `${option} ~ ('^(' || ${names} || ')=')`;

/** The options of a list that are understood; NULL where there is none. `names` is an expression. */
const understood = (options: string, names: string): string =>
  `(select pg_catalog.array_agg(o.option order by o.place) from pg_catalog.unnest(${options}) with ordinality o (option, place)
      where ${hasName('o.option', names)})`;

const METHOD = (method: string, builtIn: string, names: string): string =>
  `case when (select m.amname from pg_catalog.pg_am m where m.oid = ${method}) in (${builtIn}) then '${names}' else '${ANYTHING_ELSE}' end`;

/** The names that a relation's options can have; `of` is its row of pg_class. */
const relationNames = (of: string): string =>
  `case when ${of}.relkind = 'v' then '${VIEW_OPTIONS}'
    when ${of}.relkind in ('i', 'I') then ${METHOD(`${of}.relam`, "'btree', 'hash', 'gist', 'gin', 'spgist', 'brin'", INDEX_OPTIONS)}
    when ${of}.relam = 0 or ${of}.relkind = 't' then '${TABLE_OPTIONS}' else ${METHOD(`${of}.relam`, "'heap'", TABLE_OPTIONS)} end`;

/** The options of a column of a table that are understood; `of` is its row of pg_attribute. */
export const columnOptions = (of: string): string => understood(`${of}.attoptions`, `'${COLUMN_OPTIONS}'`);

/** The options of an index's operator class that are the project's; `of` is its column's row of pg_attribute. */
export const operatorClassOptions = (of: string): string =>
  understood(`${of}.attoptions`, `'${ANYTHING_ELSE}'`);

/** The options of a relation that are understood; `of` is its row of pg_class. */
export const relationOptions = (of: string): string => understood(`${of}.reloptions`, relationNames(of));

const nameOf = (option: string): string => `pg_catalog.split_part(${option}, '=', 1)`;

/** Every option in a list, with the pattern of the names that are understood there. */
const listed = (namespaces: string): string => `
  select 'columns' as place, o.option, '${COLUMN_OPTIONS}' as names
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid, pg_catalog.unnest(a.attoptions) o (option)
    where c.relkind in ('r', 'p', 'm') and c.relnamespace in ${namespaces} and a.attnum > 0 and not a.attisdropped
  union all select case when c.relkind in ('i', 'I') then 'indexes' else 'tables' end, o.option, ${relationNames('c')}
    from pg_catalog.pg_class c, pg_catalog.unnest(c.reloptions) o (option)
    where c.relkind in ('r', 'p', 'm', 'v', 'i', 'I') and c.relnamespace in ${namespaces}`;

/** A query for the options that are not understood: each name once, not for each of a thousand columns. */
export const unknownOptions = (namespaces: string): string =>
  `${columns(`'${UNKNOWN_OPTION}'`, { catalog: 'pg_class', oid: '0::pg_catalog.oid', namespace: 'null::pg_catalog.oid', name: 'u.name' })}
    from (select distinct ${nameOf('u.option')} || ' of ' || u.place as name from (${listed(namespaces)}) u
      where not ${hasName('u.option', 'u.names')} and not ${hasName('u.option', `'${SERVERS_OWN}'`)}) u`;
