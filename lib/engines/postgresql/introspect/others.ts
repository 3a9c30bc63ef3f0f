import type { OtherObject } from '../../../schema/database.js';
import { joinExtensionOf, readRows, type Scope } from './rows.js';

interface OtherRow {
  readonly kind: string;
  readonly schema?: string;
  readonly name: string;
  readonly relation?: string;
  readonly extension?: string;
  readonly definition?: string;
}

const OF = (catalog: string) => `'pg_catalog.${catalog}'::pg_catalog.regclass`;

/** A catalog whose objects are in a schema and have nothing else to say here. */
const plain = (kind: string, catalog: string, prefix: string, where = 'true') =>
  `select ${OF(catalog)}, oid, '${kind}', ${prefix}namespace, ${prefix}name, null::text, null::text
    from pg_catalog.${catalog} where ${where}`;

/** A catalog whose objects are in no schema. */
const global = (kind: string, catalog: string, name: string) =>
  `select ${OF(catalog)}, oid, '${kind}', null, ${name}, null::text, null::text from pg_catalog.${catalog}`;

/** What of a relation is neither described otherwise nor in a schema by itself. */
const onRelation = (kind: string, catalog: string, name: string, relation: string, definition: string) =>
  `select ${OF(catalog)}, s.oid, '${kind}', c.relnamespace, ${name}, c.relname::text, ${definition}
    from pg_catalog.${catalog} s join pg_catalog.pg_class c on c.oid = s.${relation}`;

const OBJECTS = [
  `select ${OF('pg_class')} as class, oid, 'foreign table' as kind, relnamespace as namespace, relname as name,
    null::text as relation, null::text as definition from pg_catalog.pg_class where relkind = 'f'`,
  `select ${OF('pg_type')}, t.oid, case t.typtype when 'c' then 'composite type' when 'r' then 'range type' else 'base type' end,
    t.typnamespace, t.typname, null::text, null::text
    from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
    where t.typtype = 'r' or t.typtype = 'c' and c.relkind = 'c' or t.typtype = 'b' and t.typcategory <> 'A'`,
  plain('aggregate', 'pg_proc', 'pro', "prokind = 'a'"),
  plain('operator', 'pg_operator', 'opr'),
  plain('operator class', 'pg_opclass', 'opc'),
  plain('operator family', 'pg_opfamily', 'opf'),
  plain('collation', 'pg_collation', 'coll'),
  plain('conversion', 'pg_conversion', 'con'),
  plain('text search configuration', 'pg_ts_config', 'cfg'),
  plain('text search dictionary', 'pg_ts_dict', 'dict'),
  plain('text search parser', 'pg_ts_parser', 'prs'),
  plain('text search template', 'pg_ts_template', 'tmpl'),
  onRelation('policy', 'pg_policy', 's.polname', 'polrelid', 'null::text'),
  `${onRelation('rule', 'pg_rewrite', 's.rulename', 'ev_class', 'pg_catalog.pg_get_ruledef(s.oid, true)')}
    where s.rulename <> '_RETURN' and s.oid >= 16384`,
  onRelation(
    'statistics',
    'pg_statistic_ext',
    's.stxname',
    'stxrelid',
    'pg_catalog.pg_get_statisticsobjdef(s.oid)',
  ),
  global('event trigger', 'pg_event_trigger', 'evtname'),
  global('publication', 'pg_publication', 'pubname'),
  global('foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdwname'),
  global('foreign server', 'pg_foreign_server', 'srvname'),
];

/** A setting of a relation beyond its definition; the relation's name is its name. */
const setting = (kind: string, where: string) =>
  `select ${OF('pg_class')}, oid, '${kind}', relnamespace, relname, relname::text, null::text from pg_catalog.pg_class
    where relkind in ('r', 'p', 'v', 'm', 'S') and not relispartition and (${where})`;

/** How a column is stored, where that is not its type's own way. */
const columnSetting = (
  version: number,
) => `select ${OF('pg_class')}, c.oid, 'column setting', c.relnamespace, a.attname,
    c.relname::text, null::text
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_type t on t.oid = a.atttypid
  where c.relkind in ('r', 'p', 'm') and not c.relispartition and a.attnum > 0 and not a.attisdropped
    and (a.attstorage <> t.typstorage or coalesce(a.attstattarget, -1) <> -1 or a.attoptions is not null
      ${version >= 14 ? "or a.attcompression <> ''" : ''})`;

const SETTINGS = [
  setting('privileges', 'relacl is not null'),
  setting(
    'replica identity',
    "relreplident not in ('d', 'n') or relreplident = 'n' and relkind in ('r', 'p')",
  ),
  setting('tablespace', 'reltablespace <> 0'),
  `select ${OF('pg_proc')}, oid, 'privileges', pronamespace, proname, null::text, null::text
    from pg_catalog.pg_proc where proacl is not null`,
  `select ${OF('pg_class')}, i.indexrelid, 'clustered index', c.relnamespace, ic.relname, c.relname::text, null::text
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid where i.indisclustered`,
];

/** What the description of the database leaves out, by name. */
export async function readOthers({ db, namespaces, version }: Scope): Promise<readonly OtherObject[]> {
  const rows = await readRows<OtherRow>(
    db,
    `select o.kind, n.nspname as schema, o.name, o.relation, x.extname as extension, o.definition
    from (${[...OBJECTS, ...SETTINGS, columnSetting(version)].join('\n    union all ')}) o
    left join pg_catalog.pg_namespace n on n.oid = o.namespace
    ${joinExtensionOf('o.class', 'o.oid')}
    where o.namespace is null or o.namespace in ${namespaces}
    order by o.kind, n.nspname, o.relation, o.name`,
  );
  return rows.map(({ kind, schema, name, relation, extension, definition }) => ({
    kind,
    schema,
    name,
    table: relation,
    extension,
    definition,
  }));
}
