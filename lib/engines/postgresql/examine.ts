import type { Knex } from 'knex';
import { ownRows } from '../../metadata/session.js';
import type { Examination, ExaminedTable, WantedMetadata } from '../checks.js';
import type { ColumnFacts, Row } from '../contract.js';
import { groupBy } from '../groupBy.js';
import {
  keptByOf,
  namesCalled,
  othersOf,
  stampTypeOf,
  triggerOf,
  triggersQuery,
  VOLATILE,
} from './examineTriggers.js';
import { expectedColumns } from './expected.js';
import { OWN_DATABASE, READS_CATALOG, withoutBindings } from './identifiers.js';
import { FUNCTION_MARK, isTrusted } from './keeps.js';
import { OBSTACLES, obstacleOf } from './obstacles.js';
import { ON_SAFE_PATH } from './safePath.js';
import { readSilencers } from './silencers.js';
import { COLUMN_MARK, withoutPrecision } from './trigger.js';

/** The named schema; when none is named the connection's own, and elsewhere the tables that carry our mark. */
const IN_SCHEMA = `(n.nspname = :home
    or cast(:schema as text) is null and n.nspname not like 'pg\\_%' and exists (select from pg_catalog.pg_description m
      where m.objoid = c.oid and m.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid and m.objsubid > 0
        and m.description like '${COLUMN_MARK}%'))`;

const IS_TABLE = `c.relkind in ('r', 'p') and not c.relispartition
    and not exists (select from pg_catalog.pg_depend e where e.objid = c.oid and e.deptype = 'e'
      and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid)`;

/** The server writes out a default only for who gets a lock of the table. */
const IS_LOCKED = `exists (select from pg_catalog.pg_locks k where k.relation = c.oid and k.granted
    and k.mode = 'AccessExclusiveLock' and k.pid <> pg_catalog.pg_backend_pid()
    and k.database = ${OWN_DATABASE})`;

const LOCKED = `select c.oid::text as id, n.nspname as schema, c.relname as name
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${IS_TABLE} and ${IN_SCHEMA} and ${IS_LOCKED} order by 2, 3`;

const IN_SCOPE = `${IN_SCHEMA} and c.oid <> all(cast(:locked as pg_catalog.oid[]))`;

const COLUMNS = `select c.oid::text as id, n.nspname as schema, c.relname as name, a.attname as column_name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as default_to,
    coalesce(pg_catalog.col_description(c.oid, a.attnum) like '${COLUMN_MARK}%', false) as is_metadata
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where ${IS_TABLE} and ${IN_SCOPE}
  order by n.nspname, c.relname, a.attnum`;

const INDEXES = `select i.indrelid::text as id, x.relname as name, a.attname as column_name,
    i.indisvalid and i.indisready as is_valid
  from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
  join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
  where a.attname = any(cast(:names as text[])) and ${IN_SCOPE}`;

/** The project's own functions that have the names of ours, and those of roles that are not to be trusted. */
const FUNCTIONS = `select n.nspname as schema, p.proname as name
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.pronargs = 0 and p.proname like 'set\\_%' 
    and (p.prosrc not like '%${FUNCTION_MARK}%' or not ${isTrusted('n.nspowner')})`;

function columnFacts(row: Row): ColumnFacts {
  return {
    name: String(row.column_name),
    type: row.is_metadata === true ? withoutPrecision(String(row.type)) : String(row.type),
    nullable: row.nullable === true,
    defaultTo: row.default_to === null ? undefined : String(row.default_to),
    isMetadata: row.is_metadata === true,
  };
}

const byTable = (rows: readonly Row[]) => groupBy(rows, ({ id }) => id);

async function read(
  trx: Knex.Transaction,
  wanted: WantedMetadata,
  schema: string | undefined,
): Promise<Examination> {
  await trx.raw(`set local lock_timeout = '2s'; ${READS_CATALOG}`);
  const [{ home } = { home: null }] = await ownRows(trx, 'select pg_catalog.current_schema() as home');
  const expected = await expectedColumns(trx, wanted);
  await trx.raw(ON_SAFE_PATH);
  const wantedSchema = { schema: schema ?? null, home: schema ?? home };
  const locked = await ownRows(trx, LOCKED, wantedSchema);
  const scope = { ...wantedSchema, locked: `{${locked.map(({ id }) => id).join(',')}}` };
  const rows = async (sql: string, more: object = {}): Promise<readonly Row[]> =>
    await ownRows(trx, sql, { ...scope, ...more });
  const indexed = wanted.columns.filter(({ index }) => index).map(({ name }) => name);
  const columns = byTable(await rows(COLUMNS));
  const indexes = byTable(indexed.length === 0 ? [] : await rows(INDEXES, { names: indexed }));
  const triggers = byTable(await rows(withoutBindings(triggersQuery(IN_SCOPE, wanted.updatedAt))));
  const called = namesCalled([...triggers.values()].flat());
  const volatile = new Set(
    called.length === 0 ? [] : (await rows(VOLATILE, { names: called })).map(({ name }) => String(name)),
  );
  const functions: readonly Row[] = await ownRows(trx, FUNCTIONS);
  const silencers = await readSilencers(trx);
  const obstacles = await ownRows(trx, OBSTACLES);
  const tables = [...columns].map(([id, own]): ExaminedTable => {
    const facts = own.filter((row) => row.column_name !== null).map(columnFacts);
    const stamped = facts.find(({ name }) => name === wanted.updatedAt);
    const on = triggers.get(id) ?? [];
    return {
      schema: String(own[0]?.schema),
      name: String(own[0]?.name),
      columns: facts,
      expected,
      indexes: (indexes.get(id) ?? []).map((row) => ({
        name: String(row.name),
        column: String(row.column_name),
        isValid: row.is_valid === true,
      })),
      trigger: triggerOf(on, stamped, wanted),
      keptBy: keptByOf(on),
      stamped,
      canStamp: stamped !== undefined && stampTypeOf(stamped) !== undefined,
      others: othersOf(on, stamped, wanted, volatile),
      takenNames: functions
        .filter((row) => row.schema === own[0]?.schema)
        .map(({ name: taken }) => String(taken)),
      obstacle: obstacleOf(obstacles.find((row) => row.schema === own[0]?.schema)),
    };
  });
  return {
    tables,
    locked: locked.map((row) => ({ schema: String(row.schema), name: String(row.name) })),
    silencers,
  };
}

/** See `CheckEngine.examine`: in one transaction that is rolled back. */
export async function examine(db: Knex, wanted: WantedMetadata, schema?: string): Promise<Examination> {
  const trx = await db.transaction();
  try {
    return await read(trx, wanted, schema);
  } finally {
    await trx.rollback();
  }
}
