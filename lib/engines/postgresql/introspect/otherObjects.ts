import { FIRST_USER_OID } from './dependencies.js';
import { columns } from './otherRows.js';
import { classOf, functionName } from './rows.js';

/** A catalog whose objects are in a schema and have nothing else to say here. */
const plain = (kind: string, catalog: string, prefix: string, where = 'true') =>
  `${columns(`'${kind}'`, { catalog, namespace: `${prefix}namespace`, name: `${prefix}name` })}
    from pg_catalog.${catalog} where ${where}`;

/** A catalog whose objects are in no schema. */
const global = (kind: string, catalog: string, name: string) =>
  `${columns(`'${kind}'`, { catalog, namespace: 'null', name })} from pg_catalog.${catalog}`;

/** What of a relation is neither described otherwise nor in a schema by itself. With an extension's relation it comes. */
const onRelation = (
  kind: string,
  catalog: string,
  name: string,
  relation: string,
  detail: string,
  subject = 'c.oid::pg_catalog.regclass',
) =>
  `${columns(`'${kind}'`, { catalog, oid: 's.oid', namespace: 'c.relnamespace', name, relation: 'c.relname', subject, detail })}
    from pg_catalog.${catalog} s join pg_catalog.pg_class c on c.oid = s.${relation}
      and not exists (select from pg_catalog.pg_depend e where e.classid = ${classOf('pg_class')} and e.objid = c.oid
        and e.objsubid = 0 and e.deptype = 'e')`;

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
      || case when g.rngsubdiff::oid <> 0 then ', subtype_diff = ' || ${functionName('g.rngsubdiff')} else '' end end
    from pg_catalog.pg_range g join pg_catalog.pg_opclass o on o.oid = g.rngsubopc
    join pg_catalog.pg_type e on e.oid = g.rngsubtype where g.rngtypid = t.oid)`;

const OPERANDS = `case when r.oprleft = 0 then 'none' else pg_catalog.format_type(r.oprleft, null) end || ', '
    || pg_catalog.format_type(r.oprright, null)`;

/** One that is in no schema of the path is not described: a name of symbols is found by the path only. */
const OPERATOR = `case when pg_catalog.pg_operator_is_visible(r.oid) and r.oprcode::oid <> 0 then 'function = ' || ${functionName('r.oprcode')}
    || case when r.oprleft = 0 then '' else ', leftarg = ' || pg_catalog.format_type(r.oprleft, null) end
    || ', rightarg = ' || pg_catalog.format_type(r.oprright, null)
    || coalesce((select ', commutator = ' || o.oprname from pg_catalog.pg_operator o where o.oid = r.oprcom and o.oprcode::oid <> 0), '')
    || coalesce((select ', negator = ' || o.oprname from pg_catalog.pg_operator o where o.oid = r.oprnegate and o.oprcode::oid <> 0), '')
    || case when r.oprrest::oid = 0 then '' else ', restrict = ' || ${functionName('r.oprrest')} end
    || case when r.oprjoin::oid = 0 then '' else ', join = ' || ${functionName('r.oprjoin')} end
    || case when r.oprcanhash then ', hashes' else '' end || case when r.oprcanmerge then ', merges' else '' end end`;

/** Its parser, and which dictionaries look at which kinds of words. */
const CONFIGURATION = `(select '(parser = ' || r.prsnamespace::pg_catalog.regnamespace::text || '.' || pg_catalog.quote_ident(r.prsname) || ')'
    || coalesce((select pg_catalog.string_agg('; alter text search configuration ' || s.oid::pg_catalog.regconfig::text
        || ' add mapping for ' || g.words || ' with ' || g.dictionaries, '' order by g.words) from (
      select d.dictionaries, pg_catalog.string_agg(w.alias, ', ' order by w.tokid) as words from (
        select m.maptokentype, pg_catalog.string_agg(m.mapdict::pg_catalog.regdictionary::text, ', ' order by m.mapseqno) as dictionaries
        from pg_catalog.pg_ts_config_map m where m.mapcfg = s.oid group by m.maptokentype) d
      join pg_catalog.ts_token_type(s.cfgparser) w on w.tokid = d.maptokentype group by d.dictionaries) g), '')
  from pg_catalog.pg_ts_parser r where r.oid = s.cfgparser)`;

const POLICY = `'as ' || case when s.polpermissive then 'permissive' else 'restrictive' end || ' for '
    || case s.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
    || ' to ' || case when s.polroles = '{0}' then 'public' else (
      select pg_catalog.string_agg(pg_catalog.quote_ident(u.rolname), ', ' order by u.rolname)
      from pg_catalog.pg_roles u where u.oid = any (s.polroles)) end
    || coalesce(' using (' || pg_catalog.pg_get_expr(s.polqual, s.polrelid) || ')', '')
    || coalesce(' with check (' || pg_catalog.pg_get_expr(s.polwithcheck, s.polrelid) || ')', '')`;

/** Queries for what is an object by itself, or on a relation by a name of its own. */
export function objects(version: number): readonly string[] {
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
    })} from pg_catalog.pg_operator r where r.oid >= ${FIRST_USER_OID}`,
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
    `${columns("'text search configuration'", {
      catalog: 'pg_ts_config',
      oid: 's.oid',
      namespace: 's.cfgnamespace',
      name: 's.cfgname',
      subject: 's.oid::pg_catalog.regconfig',
      detail: CONFIGURATION,
    })} from pg_catalog.pg_ts_config s`,
    `${columns("'text search dictionary'", {
      catalog: 'pg_ts_dict',
      oid: 's.oid',
      namespace: 's.dictnamespace',
      name: 's.dictname',
      subject: 's.oid::pg_catalog.regdictionary',
      detail: `'template = ' || (select m.tmplnamespace::pg_catalog.regnamespace::text || '.' || pg_catalog.quote_ident(m.tmplname)
        from pg_catalog.pg_ts_template m where m.oid = s.dicttemplate) || coalesce(', ' || s.dictinitoption, '')`,
    })} from pg_catalog.pg_ts_dict s`,
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
      and not exists (select from pg_catalog.pg_depend o where o.classid = ${classOf('pg_cast')} and o.objid = c.oid and o.deptype = 'i')`,
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
