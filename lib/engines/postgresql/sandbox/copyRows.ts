import type { Knex } from 'knex';
import { KnexMetaError } from '../../../errors.js';
import type { ObjectName } from '../../../schema/names.js';
import type { Table, Trigger } from '../../../schema/table.js';
import type { KnownTable, SchemaCopier } from '../../sandbox.js';
import { quoteName, quoteText, withoutBindings } from '../identifiers.js';
import { readRows } from '../introspect/rows.js';
import { COLUMN_MARK } from '../trigger.js';

/** A table with more rows, or that takes more room, is not copied. */
const MOST_ROWS = 1000;
const MOST_BYTES = 1024 * 1024;
/** Milliseconds that one question may wait for somebody's lock, and take. */
const WAIT = 300;
const LIMIT = 5000;
/** Tables that are asked for in one turn. */
const GROUP = 40;

const quoted = ({ schema, name }: ObjectName): string =>
  [...(schema === undefined ? [] : [schema]), name].map(quoteName).join('.');
const keyOf = ({ schema, name }: ObjectName): string => `${schema ?? ''}\n${name}`;

/** Milliseconds that reading the schema may wait for the lock of a table. */
const PATIENCE = 5000;

/** See `SchemaCopier.reading`. */
export const reading: SchemaCopier['reading'] = async (live, act) => {
  const trx = await live.transaction({ readOnly: true });
  try {
    await trx.raw(`set local lock_timeout = ${PATIENCE}`);
    return await act(trx);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== '55P03') throw error;
    throw new KnexMetaError(
      'DATABASE_BUSY',
      'Another session holds a lock on a table whose definition is read.',
      {
        remedy: 'Try again when it has ended; pg_stat_activity shows it. Nothing was changed.',
        cause: error,
      },
    );
  } finally {
    await trx.rollback();
  }
};

/** See `SchemaCopier.knownTables`. */
export async function knownTables(live: Knex): Promise<readonly KnownTable[]> {
  return readRows<KnownTable>(
    live,
    `select n.nspname as schema, c.relname as name, pg_catalog.json_agg(pg_catalog.json_build_object(
        'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
        'isMetadata', coalesce(pg_catalog.col_description(a.attrelid, a.attnum) like '${COLUMN_MARK}%', false)
      ) order by a.attnum) as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema$)'
    group by n.nspname, c.relname`,
  );
}

/** Tables that hold rows by themselves, in an order in which each comes after those that its keys refer to. */
function fillable(tables: readonly Table[]): readonly Table[] {
  const open = new Map(
    tables
      .filter(({ partitionedBy, inherits, rowSecurity }) => {
        return partitionedBy === undefined && inherits.length === 0 && rowSecurity !== 'forced';
      })
      .map((table) => [keyOf(table), table] as const),
  );
  const ordered: Table[] = [];
  const done = new Set<string>();
  for (let found = true; found; ) {
    found = false;
    for (const [key, table] of open) {
      const isReady = table.foreignKeys.every(
        ({ target }) => keyOf(target) === key || done.has(keyOf(target)),
      );
      if (!isReady) continue;
      ordered.push(table);
      done.add(key);
      open.delete(key);
      found = true;
    }
  }
  return ordered;
}

/** The rows of tables as texts; of one that has too many, or that somebody has locked, undefined. */
async function readTexts(
  trx: Knex,
  tables: readonly Table[],
): Promise<ReadonlyMap<Table, readonly string[]>> {
  const found = new Map<Table, readonly string[]>();
  const read = async (some: readonly Table[]): Promise<void> => {
    const parts = some.map((table, position) => {
      const name = quoted(table);
      // Of a table that is too large there is no row, and one that says so.
      return `(select ${position} as place, knex_meta_row::text as line from only ${name} knex_meta_row
        where (select pg_catalog.pg_table_size(${quoteText(name)}::pg_catalog.regclass)) <= ${MOST_BYTES} limit ${MOST_ROWS + 1})
        union all select ${position}, null where pg_catalog.pg_table_size(${quoteText(name)}::pg_catalog.regclass) > ${MOST_BYTES}`;
    });
    await trx.raw('savepoint knex_meta_rows');
    try {
      const { rows } = await trx.raw(withoutBindings(parts.join(' union all ')));
      const lines = some.map((): string[] => []);
      const tooLarge = new Set<number>();
      for (const { place, line } of rows as readonly { place: number; line: string | null }[]) {
        if (line === null) tooLarge.add(place);
        else lines[place]?.push(line);
      }
      for (const [place, table] of some.entries()) {
        const own = lines[place] ?? [];
        if (!tooLarge.has(place) && own.length <= MOST_ROWS) found.set(table, own);
      }
      await trx.raw('release savepoint knex_meta_rows');
    } catch {
      await trx.raw('rollback to savepoint knex_meta_rows');
      // Somebody has locked one, or the role may not read it.
      if (some.length > 1) for (const table of some) await read([table]);
    }
  };
  for (let start = 0; start < tables.length; start += GROUP) await read(tables.slice(start, start + GROUP));
  return found;
}

/** Values of sequences that were used, as far as the role may see them. */
async function readSequences(trx: Knex): Promise<readonly string[]> {
  await trx.raw('savepoint knex_meta_sequences');
  try {
    const { rows } = await trx.raw(
      withoutBindings(`select pg_catalog.format('%I.%I', schemaname, sequencename) as name, last_value::text as last
        from pg_catalog.pg_sequences where last_value is not null`),
    );
    await trx.raw('release savepoint knex_meta_sequences');
    return (rows as readonly { name: string; last: string }[]).map(
      ({ name, last }) => `select pg_catalog.setval(${quoteText(name)}, ${last})`,
    );
  } catch {
    await trx.raw('rollback to savepoint knex_meta_sequences');
    return [];
  }
}

/** The statements that fill a table. Its triggers stay silent: what they did is in the rows of the others. */
function fillSql(table: Table): { readonly before: string; readonly fill: string; readonly after: string } {
  const name = quoted(table);
  const columns = table.columns
    .filter(({ generated }) => generated === undefined)
    .map((each) => quoteName(each.name));
  const values = columns.map((column) => `(line).${column}`).join(', ');
  const firing = table.triggers.filter(({ enabled, stamps }) => enabled !== 'no' && stamps === undefined);
  const word = { yes: 'enable', replica: 'enable replica', always: 'enable always', no: 'disable' } as const;
  const all = (verb: (trigger: Trigger) => string): string =>
    firing.map((each) => `alter table ${name} ${verb(each)} trigger ${quoteName(each.name)}`).join('; ');
  return {
    before: all(() => 'disable'),
    fill: `insert into ${name} (${columns.join(', ')}) overriding system value
      select ${values} from (select pg_catalog.unnest($1::pg_catalog.text[])::${name} as line offset 0) knex_meta_rows`,
    after: all(({ enabled }) => word[enabled]),
  };
}

/** See `SchemaCopier.copyRows`. */
export const copyRows: SchemaCopier['copyRows'] = async (live, copy, schema, leftOut) => {
  const own = schema.tables.filter(({ name, extension }) => !leftOut.has(name) && extension === undefined);
  const tables = fillable(own);
  await live.raw(`set local lock_timeout = ${WAIT}; set local statement_timeout = ${LIMIT}`);
  const texts = await readTexts(live, tables);
  const sequences = await readSequences(live);
  const seen = new Set<string>();
  const pool = copy.client as {
    acquireConnection(): Promise<{ query(sql: string, values?: readonly unknown[]): Promise<unknown> }>;
    releaseConnection(connection: unknown): Promise<void>;
  };
  const connection = await pool.acquireConnection();
  try {
    for (const table of tables) {
      const lines = texts.get(table);
      const isWhole = table.foreignKeys.every(
        ({ target }) => keyOf(target) === keyOf(table) || seen.has(keyOf(target)),
      );
      if (lines === undefined || !isWhole) continue;
      if (lines.length > 0 && table.columns.length > 0) {
        const { before, fill, after } = fillSql(table);
        try {
          await connection.query('begin');
          if (before !== '') await connection.query(before);
          await connection.query(fill, [lines]);
          if (after !== '') await connection.query(after);
          await connection.query('commit');
        } catch {
          await connection.query('rollback');
          continue;
        }
      }
      seen.add(keyOf(table));
    }
    for (const sql of sequences) await connection.query(sql).catch(() => {});
  } finally {
    await pool.releaseConnection(connection);
  }
  return own.filter((table) => !seen.has(keyOf(table))).map(({ schema: of, name }) => ({ schema: of, name }));
};
