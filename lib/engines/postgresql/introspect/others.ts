import type { OtherObject } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import { FIRST_USER_OID } from './dependencies.js';
import { type OtherParts, statementsOf } from './otherTexts.js';
import { joinExtensionOf, readRows, type Scope } from './rows.js';
import { stable } from './stable.js';

interface OtherRow extends OtherParts {
  readonly id: string;
  readonly schema?: string;
  readonly relation?: string;
  readonly extension?: string;
}

const OF = (catalog: string) => `'pg_catalog.${catalog}'::pg_catalog.regclass`;

/** Class, oid, kind, namespace, name, relation, subject, quoted name, detail, way back. */
const columns = (
  kind: string,
  {
    catalog,
    oid = 'oid',
    namespace,
    name,
    relation = 'null',
    subject = 'null',
    detail = 'null',
    back = 'null',
  }: {
    readonly catalog: string;
    readonly oid?: string;
    readonly namespace: string;
    readonly name: string;
    readonly relation?: string;
    readonly subject?: string;
    readonly detail?: string;
    readonly back?: string;
  },
) => `select ${OF(catalog)} as class, ${oid} as oid, ${kind} as kind, ${namespace} as namespace, ${name}::text as name,
    ${relation}::text as relation, ${subject}::text as subject, pg_catalog.quote_ident(${name}) as quoted,
    ${detail}::text as detail, ${back}::text as back`;

/** A catalog whose objects are in a schema and have nothing else to say here. */
const plain = (kind: string, catalog: string, prefix: string, where = 'true') =>
  `${columns(`'${kind}'`, { catalog, namespace: `${prefix}namespace`, name: `${prefix}name` })}
    from pg_catalog.${catalog} where ${where}`;

/** A catalog whose objects are in no schema. */
const global = (kind: string, catalog: string, name: string) =>
  `${columns(`'${kind}'`, { catalog, namespace: 'null', name })} from pg_catalog.${catalog}`;

/** What of a relation is neither described otherwise nor in a schema by itself. */
const onRelation = (
  kind: string,
  catalog: string,
  name: string,
  relation: string,
  detail: string,
  subject = 'c.oid::pg_catalog.regclass',
) =>
  `${columns(`'${kind}'`, { catalog, oid: 's.oid', namespace: 'c.relnamespace', name, relation: 'c.relname', subject, detail })}
    from pg_catalog.${catalog} s join pg_catalog.pg_class c on c.oid = s.${relation}`;

/** The columns of a composite type. */
const ATTRIBUTES = `(select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
      || case when a.attcollation <> y.typcollation then ' collate ' || a.attcollation::pg_catalog.regcollation::text else '' end, ', ' order by a.attnum)
    from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid
    where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)`;

/** The options of a range type that go without saying are left out; one with functions of its own is not described. */
const range = (
  version: number,
) => `(select case when g.rngcanonical::oid = 0 then 'subtype = ' || pg_catalog.format_type(g.rngsubtype, null)
      || case when o.opcdefault then '' else ', subtype_opclass = ' || pg_catalog.quote_ident(o.opcname) end
      || case when g.rngcollation in (0, e.typcollation) then '' else ', collation = ' || g.rngcollation::pg_catalog.regcollation::text end
      ${
        version < 14
          ? ''
          : `|| coalesce((select ', multirange_type_name = ' || pg_catalog.format_type(m.oid, null) from pg_catalog.pg_type m
        where m.oid = g.rngmultitypid and m.typname <> case when t.typname like '%range%'
          then pg_catalog.regexp_replace(t.typname, 'range', 'multirange') else t.typname || '_multirange' end), '')`
      }
      || case when g.rngsubdiff::oid <> 0 then ', subtype_diff = ' || g.rngsubdiff::text else '' end end
    from pg_catalog.pg_range g join pg_catalog.pg_opclass o on o.oid = g.rngsubopc
    join pg_catalog.pg_type e on e.oid = g.rngsubtype where g.rngtypid = t.oid)`;

const OPERANDS = `case when r.oprleft = 0 then 'none' else pg_catalog.format_type(r.oprleft, null) end || ', '
    || pg_catalog.format_type(r.oprright, null)`;

/** One that is in no schema of the path is not described: a name of symbols is found by the path only. */
const OPERATOR = `case when pg_catalog.pg_operator_is_visible(r.oid) and r.oprcode::oid <> 0 then 'function = ' || r.oprcode::text
    || case when r.oprleft = 0 then '' else ', leftarg = ' || pg_catalog.format_type(r.oprleft, null) end
    || ', rightarg = ' || pg_catalog.format_type(r.oprright, null)
    || coalesce((select ', commutator = ' || o.oprname from pg_catalog.pg_operator o where o.oid = r.oprcom and o.oprcode::oid <> 0), '')
    || coalesce((select ', negator = ' || o.oprname from pg_catalog.pg_operator o where o.oid = r.oprnegate and o.oprcode::oid <> 0), '')
    || case when r.oprrest::oid = 0 then '' else ', restrict = ' || r.oprrest::text end
    || case when r.oprjoin::oid = 0 then '' else ', join = ' || r.oprjoin::text end
    || case when r.oprcanhash then ', hashes' else '' end || case when r.oprcanmerge then ', merges' else '' end end`;

const POLICY = `'as ' || case when s.polpermissive then 'permissive' else 'restrictive' end || ' for '
    || case s.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
    || ' to ' || case when s.polroles = '{0}' then 'public' else (
      select pg_catalog.string_agg(pg_catalog.quote_ident(u.rolname), ', ' order by u.rolname)
      from pg_catalog.pg_roles u where u.oid = any (s.polroles)) end
    || coalesce(' using (' || pg_catalog.pg_get_expr(s.polqual, s.polrelid) || ')', '')
    || coalesce(' with check (' || pg_catalog.pg_get_expr(s.polwithcheck, s.polrelid) || ')', '')`;

function objects(version: number): readonly string[] {
  const locale = version >= 17 ? 'l.colllocale' : version >= 15 ? 'l.colliculocale' : 'null';
  return [
    plain('foreign table', 'pg_class', 'rel', "relkind = 'f'"),
    `${columns(
      "case t.typtype when 'c' then 'composite type' when 'r' then 'range type' else 'base type' end",
      {
        catalog: 'pg_type',
        oid: 't.oid',
        namespace: 't.typnamespace',
        name: 't.typname',
        subject: 'pg_catalog.format_type(t.oid, null)',
        detail: `case t.typtype when 'c' then ${ATTRIBUTES} when 'r' then ${range(version)} end`,
      },
    )}
    from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
    where t.typtype = 'r' or t.typtype = 'c' and c.relkind = 'c' or t.typtype = 'b' and t.typcategory <> 'A'
      or t.typtype = 'p' and not t.typisdefined`,
    `${columns("'operator'", {
      catalog: 'pg_operator',
      oid: 'r.oid',
      namespace: 'r.oprnamespace',
      name: `r.oprname || ' (' || ${OPERANDS} || ')'`,
      subject: 'r.oprname',
      detail: OPERATOR,
      back: OPERANDS,
    })} from pg_catalog.pg_operator r`,
    plain('operator class', 'pg_opclass', 'opc'),
    plain('operator family', 'pg_opfamily', 'opf'),
    `${columns("'collation'", {
      catalog: 'pg_collation',
      oid: 'l.oid',
      namespace: 'l.collnamespace',
      name: 'l.collname',
      subject: 'l.oid::pg_catalog.regcollation',
      detail: `case l.collprovider
        when 'i' then 'provider = icu, locale = ' || pg_catalog.quote_literal(${version >= 15 ? locale : 'l.collcollate'})
        when 'c' then 'provider = libc, lc_collate = ' || pg_catalog.quote_literal(l.collcollate) || ', lc_ctype = ' || pg_catalog.quote_literal(l.collctype)
        end || case when l.collisdeterministic then '' else ', deterministic = false' end`,
    })} from pg_catalog.pg_collation l`,
    plain('conversion', 'pg_conversion', 'con'),
    plain('text search configuration', 'pg_ts_config', 'cfg'),
    plain('text search dictionary', 'pg_ts_dict', 'dict'),
    plain('text search parser', 'pg_ts_parser', 'prs'),
    plain('text search template', 'pg_ts_template', 'tmpl'),
    onRelation('policy', 'pg_policy', 's.polname', 'polrelid', POLICY),
    `${onRelation('rule', 'pg_rewrite', 's.rulename', 'ev_class', 'pg_catalog.pg_get_ruledef(s.oid, true)')}
    where s.rulename <> '_RETURN' and s.oid >= ${FIRST_USER_OID}`,
    onRelation(
      'statistics',
      'pg_statistic_ext',
      's.stxname',
      'stxrelid',
      'pg_catalog.pg_get_statisticsobjdef(s.oid)',
      "pg_catalog.quote_ident(s.stxnamespace::pg_catalog.regnamespace::text) || '.' || pg_catalog.quote_ident(s.stxname)",
    ),
    `${columns("'cast'", { catalog: 'pg_cast', namespace: 'null', name: "pg_catalog.format_type(castsource, null) || ' as ' || pg_catalog.format_type(casttarget, null)" })}
    from pg_catalog.pg_cast c where oid >= ${FIRST_USER_OID}
      -- What a range type makes for itself.
      and not exists (select from pg_catalog.pg_depend o where o.classid = ${OF('pg_cast')} and o.objid = c.oid and o.deptype = 'i')`,
    `${columns("'transform'", { catalog: 'pg_transform', oid: 'm.oid', namespace: 'null', name: "pg_catalog.format_type(m.trftype, null) || ' for ' || l.lanname" })}
    from pg_catalog.pg_transform m join pg_catalog.pg_language l on l.oid = m.trflang`,
    `${global('language', 'pg_language', 'lanname')} where oid >= ${FIRST_USER_OID}`,
    `${global('access method', 'pg_am', 'amname')} where oid >= ${FIRST_USER_OID}`,
    global('event trigger', 'pg_event_trigger', 'evtname'),
    global('publication', 'pg_publication', 'pubname'),
    global('foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdwname'),
    global('foreign server', 'pg_foreign_server', 'srvname'),
  ];
}

/** A setting of a relation beyond its definition; the relation's name is its name. */
const setting = (kind: string, where: string, detail = 'null', back = 'null') =>
  `${columns(`'${kind}'`, { catalog: 'pg_class', namespace: 'relnamespace', name: 'relname', relation: 'relname', subject: 'oid::pg_catalog.regclass', detail, back })}
    from pg_catalog.pg_class c where relkind in ('r', 'p', 'v', 'm', 'S') and (${where})`;

/** How a column is stored, where that is not its type's own way, or its parent's. */
const columnSetting = (kind: string, where: string, detail: string, back: string, inherited?: string) =>
  `${columns(`'${kind}'`, { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: 'a.attname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass', detail, back })}
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_type t on t.oid = a.atttypid
  where c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped and ${where}
    ${
      inherited === undefined
        ? ''
        : `and (not c.relispartition or not exists (select from pg_catalog.pg_inherits i join pg_catalog.pg_attribute p
      on p.attrelid = i.inhparent and p.attname = a.attname where i.inhrelid = c.oid and p.${inherited} = a.${inherited}))`
    }`;

const DEFAULT = (of: string) =>
  `(select pg_catalog.pg_get_expr(f.adbin, f.adrelid) from pg_catalog.pg_attrdef f where f.adrelid = ${of}.attrelid and f.adnum = ${of}.attnum)`;

/** Where a column is not as the parent has it that its table has it from: in what it defaults to, and in NOT NULL. */
const partitionColumn = (kind: string, where: string, detail: string, back: string) =>
  `${columns(`'${kind}'`, { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: 'a.attname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass', detail, back })}
  from pg_catalog.pg_class c join pg_catalog.pg_inherits i on i.inhrelid = c.oid
  join pg_catalog.pg_attribute a on a.attrelid = c.oid join pg_catalog.pg_attribute p on p.attrelid = i.inhparent and p.attname = a.attname
  where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and ${where}`;

const DEFAULTS = (of: string) => `coalesce('set default ' || ${DEFAULT(of)}, 'drop default')`;

const STORAGE = (letter: string) =>
  `'set storage ' || case ${letter} when 'p' then 'plain' when 'm' then 'main' when 'e' then 'external' else 'extended' end`;

const REPLICA = `case relreplident when 'f' then 'full' when 'n' then 'nothing' else 'using index ' || (
    select pg_catalog.quote_ident(ic.relname) from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisreplident) end`;

const settings = (version: number): readonly string[] => [
  setting('privileges', 'relacl is not null'),
  `${columns("'privileges'", { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: "c.relname || '.' || a.attname" })}
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid where a.attacl is not null and not a.attisdropped`,
  `${columns("'privileges'", { catalog: 'pg_type', namespace: 'typnamespace', name: 'typname' })}
    from pg_catalog.pg_type where typacl is not null`,
  `${columns("'privileges of schema'", { catalog: 'pg_namespace', namespace: 'n.oid', name: 'n.nspname' })}
    from pg_catalog.pg_namespace n where n.nspacl is not null and n.nspname <> 'public' and not exists (
      select from pg_catalog.pg_init_privs v where v.objoid = n.oid and v.classoid = ${OF('pg_namespace')})`,
  `${columns("'default privileges'", { catalog: 'pg_default_acl', namespace: 'defaclnamespace', name: 'pg_catalog.pg_get_userbyid(defaclrole)' })}
    from pg_catalog.pg_default_acl where defaclnamespace <> 0`,
  setting(
    'replica identity',
    "relreplident not in ('d', 'n') or relreplident = 'n' and relkind in ('r', 'p')",
    REPLICA,
  ),
  setting('tablespace', 'reltablespace <> 0'),
  setting(
    'access method of table',
    `relam <> 0 and relam <> (select oid from pg_catalog.pg_am where amname = 'heap')`,
  ),
  setting('type of table', 'reloftype <> 0', "'of ' || pg_catalog.format_type(reloftype, null)", "'not of'"),
  ...(version >= 15
    ? [
        setting(
          'unlogged sequence',
          `relkind = 'S' and relpersistence = 'u' and not exists (select from pg_catalog.pg_depend o
          join pg_catalog.pg_class u on u.oid = o.refobjid where o.classid = ${OF('pg_class')} and o.objid = c.oid
            and o.refclassid = ${OF('pg_class')} and o.refobjsubid > 0 and u.relpersistence = 'u')`,
          "''",
        ),
      ]
    : []),
  partitionColumn(
    'own default',
    `c.relispartition and ${DEFAULT('a')} is distinct from ${DEFAULT('p')}`,
    DEFAULTS('a'),
    DEFAULTS('p'),
  ),
  // The other way round is not possible.
  partitionColumn(
    'own not null',
    `(c.relispartition or not a.attislocal) and a.attnotnull and not p.attnotnull and not exists (
      select from pg_catalog.pg_index k where k.indrelid = c.oid and k.indisprimary and a.attnum = any (k.indkey))`,
    "'set not null'",
    "'drop not null'",
  ),
  `${columns("'trigger in partition'", { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: 'r.tgname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass' })}
    from pg_catalog.pg_trigger r join pg_catalog.pg_trigger p on p.oid = r.tgparentid
    join pg_catalog.pg_class c on c.oid = r.tgrelid where r.tgenabled <> p.tgenabled and not r.tgisinternal`,
  // Of one that numbers a column: every other sequence has its own.
  `${columns("'comment of sequence'", { catalog: 'pg_class', oid: 's.oid', namespace: 's.relnamespace', name: 's.relname', relation: 'c.relname', subject: 's.oid::pg_catalog.regclass', detail: 'pg_catalog.quote_literal(d.description)' })}
    from pg_catalog.pg_class s
    join pg_catalog.pg_description d on d.classoid = ${OF('pg_class')} and d.objoid = s.oid and d.objsubid = 0
    join pg_catalog.pg_depend o on o.classid = ${OF('pg_class')} and o.objid = s.oid and o.objsubid = 0
      and o.refclassid = ${OF('pg_class')} and o.refobjsubid > 0 and o.deptype in ('a', 'i')
    join pg_catalog.pg_class c on c.oid = o.refobjid
    where s.relkind = 'S' and (o.deptype = 'i' or exists (select from pg_catalog.pg_attrdef f where f.adrelid = o.refobjid
      and f.adnum = o.refobjsubid and pg_catalog.pg_get_expr(f.adbin, f.adrelid)
        = 'nextval(' || pg_catalog.quote_literal(s.oid::pg_catalog.regclass::text) || '::regclass)'))`,
  `${columns("'privileges'", { catalog: 'pg_proc', namespace: 'pronamespace', name: 'proname' })}
    from pg_catalog.pg_proc where proacl is not null`,
  `${columns("'clustered index'", { catalog: 'pg_class', oid: 'i.indexrelid', namespace: 'c.relnamespace', name: 'ic.relname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass', detail: "''" })}
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid where i.indisclustered`,
  columnSetting(
    'storage',
    'a.attstorage <> t.typstorage',
    STORAGE('a.attstorage'),
    STORAGE('t.typstorage'),
    'attstorage',
  ),
  columnSetting(
    'statistics target',
    'coalesce(a.attstattarget, -1) <> -1',
    "'set statistics ' || a.attstattarget",
    "'set statistics -1'",
  ),
  columnSetting(
    'column options',
    'a.attoptions is not null',
    "'set (' || pg_catalog.array_to_string(a.attoptions, ', ') || ')'",
    "'reset (' || (select pg_catalog.string_agg(pg_catalog.split_part(o, '=', 1), ', ') from pg_catalog.unnest(a.attoptions) o) || ')'",
  ),
  ...(version >= 14
    ? [
        columnSetting(
          'compression',
          "a.attcompression <> ''",
          "'set compression ' || case a.attcompression when 'l' then 'lz4' else 'pglz' end",
          "'set compression default'",
        ),
      ]
    : []),
];

/** What has a comment that neither a model nor another statement says. */
const COMMENTS = `select d.classoid as class, d.objoid as oid, 'comment of ' || i.type as kind, null::oid as namespace, i.identity as name,
    null as relation, null as subject, null as quoted, null as detail, null as back
  from pg_catalog.pg_description d, pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where d.objoid >= ${FIRST_USER_OID} and (
    d.classoid in (${['policy', 'rewrite', 'statistic_ext', 'operator', 'collation', 'cast', 'event_trigger', 'publication'].map((name) => OF(`pg_${name}`)).join(', ')})
    or d.classoid = ${OF('pg_constraint')} and exists (select from pg_catalog.pg_constraint k where k.oid = d.objoid and k.contypid <> 0)
    or d.classoid = ${OF('pg_type')} and exists (select from pg_catalog.pg_type t where t.oid = d.objoid and t.typtype not in ('e', 'd'))
    or d.classoid = ${OF('pg_class')} and exists (select from pg_catalog.pg_class c where c.oid = d.objoid and (c.relkind = 'c'
      or c.relkind in ('i', 'I') and exists (select from pg_catalog.pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x')))))`;

/** What the description of the database leaves out, by name. */
export async function readOthers(
  { db, namespaces, version }: Scope,
  dependencies: ReadonlyMap<string, readonly Dependency[]>,
): Promise<readonly OtherObject[]> {
  const rows = await readRows<OtherRow>(
    db,
    `select o.oid as id, o.kind, n.nspname as schema, o.name, o.relation, x.extname as extension, o.subject, o.quoted, o.detail, o.back
    from (${[...objects(version), ...settings(version), COMMENTS].join('\n    union all ')}) o
    left join pg_catalog.pg_namespace n on n.oid = o.namespace
    ${joinExtensionOf('o.class', 'o.oid')}
    where o.namespace is null or o.namespace in ${namespaces}
    order by o.kind, n.nspname, o.relation, o.name`,
  );
  return rows.map(({ id, schema, relation, extension, ...parts }) => {
    const needs = parts.kind.endsWith(' type') ? dependencies.get(id) : undefined;
    const { definition, drop } = statementsOf(parts);
    return {
      kind: parts.kind,
      schema,
      name: parts.name,
      table: relation,
      extension,
      definition: definition === undefined ? undefined : stable(definition),
      drop,
      ...(needs === undefined ? {} : { dependsOn: needs }),
    };
  });
}
