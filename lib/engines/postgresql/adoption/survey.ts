import type { TableSurvey } from '../../adoption.js';
import type { Row, Session, TableFacts, TableId } from '../../contract.js';
import { quoteName, quoteText, withoutBindings } from '../identifiers.js';
import { FUNCTION_MARK } from '../keeps.js';

/** An estimate below this is looked at: the rows are counted. */
const COUNTED = 100_000;

/** What the catalog says of each table, its partitions and heirs included. */
const TABLES = `select c.oid::text as id, n.nspname as schema, c.relname as name, c.relkind as kind,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') as is_owned, pg_catalog.pg_get_userbyid(c.relowner) as owner,
    c.relrowsecurity and c.relforcerowsecurity and not (select r.rolsuper or r.rolbypassrls
      from pg_catalog.pg_roles r where r.rolname = current_user) as is_hidden,
    (select pg_catalog.sum(case when l.reltuples > 0 then l.reltuples else 0 end) from leaves x join pg_catalog.pg_class l on l.oid = x.id
      where x.root = c.oid) as estimate,
    (select pg_catalog.string_agg(l.oid::pg_catalog.regclass::text, ', ') from leaves x
      join pg_catalog.pg_class l on l.oid = x.id where x.root = c.oid and l.relkind = 'f') as foreigners,
    (select pg_catalog.string_agg(r.rulename, ', ') from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type = '2') as rules,
    (select pg_catalog.string_agg(g.tgname, ', ' order by g.tgname) from pg_catalog.pg_trigger g
      join pg_catalog.pg_proc p on p.oid = g.tgfoid
      where g.tgrelid = c.oid and not g.tgisinternal and p.prosrc not like '%${FUNCTION_MARK}%') as triggers,
    (select pg_catalog.count(*) - 1 from leaves x where x.root = c.oid) as below
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

function leavesOf(list: string): string {
  return `with recursive leaves (root, id) as (
    select c.oid, c.oid from pg_catalog.pg_class c where c.oid in (${list})
    union all select l.root, i.inhrelid from leaves l join pg_catalog.pg_inherits i on i.inhparent = l.id)`;
}

const keyOf = ({ schema, name }: TableId): string => `${schema}.${name}`;

function obstaclesOf(row: Row): readonly string[] {
  return [
    ...(row.is_owned === true
      ? []
      : [`it belongs to the role ${row.owner}: only who owns a table can alter it`]),
    ...(row.is_hidden === true ? ['its row security hides rows also from its owner'] : []),
    ...(row.foreigners === null ? [] : [`rows of it are in foreign tables (${row.foreigners})`]),
    ...(row.rules === null ? [] : [`it has rules for UPDATE (${row.rules})`]),
  ];
}

function remarksOf(row: Row): readonly string[] {
  const below = Number(row.below);
  const remark = row.kind === 'p' ? `partitioned, ${below} below it` : `${below} tables inherit from it`;
  return [
    ...(below > 0 ? [remark] : []),
    ...(row.triggers === null
      ? []
      : [`has triggers of its own (${row.triggers}), which stay silent while rows from before are filled`]),
  ];
}

/** See `AdoptionEngine.survey`. */
export async function survey(
  session: Session,
  tables: readonly TableFacts[],
  counting: 'counted' | 'uncounted' = 'counted',
): Promise<readonly TableSurvey[]> {
  if (tables.length === 0) return [];
  const run = (sql: string) => session.rows(withoutBindings(sql));
  const list = tables
    .map(({ schema = '', name }) => quoteText(`${quoteName(schema)}.${quoteName(name)}`))
    .map((text) => `${text}::pg_catalog.regclass::pg_catalog.oid`)
    .join(', ');
  const rows = await run(`${leavesOf(list)} ${TABLES} where c.oid in (${list})`);
  const parents = await run(
    `select i.inhrelid::text as id, n.nspname as schema, c.relname as name from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhparent join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where i.inhrelid in (${list})`,
  );
  const known = new Map(rows.map((row) => [`${row.schema}.${row.name}`, row]));
  const surveys: TableSurvey[] = [];
  for (const facts of tables) {
    const row = known.get(keyOf(facts));
    if (row === undefined) continue;
    const estimate = Number(row.estimate);
    const isCounted = counting === 'counted' && estimate < COUNTED;
    const quoted = `${quoteName(facts.schema ?? '')}.${quoteName(facts.name)}`;
    const [counted] =
      isCounted && obstaclesOf(row).length === 0
        ? await run(`select count(*) as n from (select from ${quoted} limit ${COUNTED}) r`)
        : [];
    surveys.push({
      facts,
      rows: counted === undefined ? estimate : Number(counted.n),
      isCounted: counted !== undefined && Number(counted.n) < COUNTED,
      obstacles: obstaclesOf(row),
      remarks: remarksOf(row),
      inheritsFrom: parents
        .filter(({ id }) => id === row.id)
        .map(({ schema, name }) => ({ schema: String(schema), name: String(name) })),
    });
  }
  return surveys;
}
