import type { Knex } from 'knex';
import { KnexMetaError } from '../../../errors.js';
import type { Table } from '../../../schema/table.js';
import type { KnownTable, SchemaCopier } from '../../sandbox.js';
import { quoteText, READS_CATALOG, withoutBindings } from '../identifiers.js';
import { readRows } from '../introspect/rows.js';
import { COLUMN_MARK } from '../trigger.js';
import { onConnection } from './connection.js';
import { fillable, fillTables, keyOf, quoted } from './fillTables.js';
import { sendInHalves } from './halves.js';

/** A table with more rows, or that takes more room, is not copied. */
const MOST_ROWS = 1000;
const MOST_BYTES = 1024 * 1024;
/** Milliseconds that one question may wait for somebody's lock, and take. */
const WAIT = 300;
const LIMIT = 5000;
/** Tables that are asked for in one turn, and sequences that are set in one. */
const GROUP = 100;
const SEQUENCES = 500;

/** Milliseconds that reading the schema may wait for the lock of a table. */
const PATIENCE = 5000;

/** See `SchemaCopier.reading`. */
export const reading: SchemaCopier['reading'] = async (live, act) => {
  const trx = await live.transaction({ readOnly: true });
  try {
    await trx.raw(`set local lock_timeout = ${PATIENCE}; ${READS_CATALOG}`);
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
    } catch (error) {
      // Somebody has locked one, or the role may not read it.
      await trx.raw('rollback to savepoint knex_meta_rows');
      throw error;
    }
  };
  await sendInHalves(tables, GROUP, read);
  return found;
}

/** Calls that set sequences to the values that were used, as far as the role may see them. */
async function readSequences(trx: Knex): Promise<readonly string[]> {
  await trx.raw('savepoint knex_meta_sequences');
  try {
    const { rows } = await trx.raw(
      withoutBindings(`select pg_catalog.format('%I.%I', schemaname, sequencename) as name, last_value::text as last
        from pg_catalog.pg_sequences where last_value is not null`),
    );
    await trx.raw('release savepoint knex_meta_sequences');
    return (rows as readonly { name: string; last: string }[]).map(
      ({ name, last }) => `pg_catalog.setval(${quoteText(name)}, ${last})`,
    );
  } catch {
    await trx.raw('rollback to savepoint knex_meta_sequences');
    return [];
  }
}

/** See `SchemaCopier.copyRows`. */
export const copyRows: SchemaCopier['copyRows'] = async (live, copy, schema, leftOut) => {
  const own = schema.tables.filter(({ name, extension }) => !leftOut.has(name) && extension === undefined);
  const tables = fillable(own);
  await live.raw(`set local lock_timeout = ${WAIT}; set local statement_timeout = ${LIMIT}`);
  const texts = await readTexts(live, tables);
  const sequences = await readSequences(live);
  return onConnection(copy, async (connection) => {
    const whole = await fillTables(connection, tables, texts);
    await sendInHalves(sequences, SEQUENCES, (some) => connection.query(`select ${some.join(', ')}`));
    return own
      .filter((table) => !whole.has(keyOf(table)))
      .map(({ schema: of, name }) => ({ schema: of, name }));
  });
};
