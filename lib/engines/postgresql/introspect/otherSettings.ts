import { columnOptions } from './options.js';
import { columns } from './otherRows.js';
import { classOf } from './rows.js';

/** A setting of a relation beyond its definition; the relation's name is its name. */
const setting = (kind: string, where: string, detail = 'null', back = 'null') =>
  `${columns(`'${kind}'`, { catalog: 'pg_class', namespace: 'relnamespace', name: 'relname', relation: 'relname', subject: 'oid::pg_catalog.regclass', detail, back })}
    from pg_catalog.pg_class c where relkind in ('r', 'p', 'v', 'm', 'S') and (${where})`;

/** A kind of setting, when a column has it, what says it and what takes it back. */
type ColumnSetting = readonly [kind: string, where: string, detail: string, back: string];

/**
 * How columns are stored, where that is not their types' own way: all columns are looked at once. A partition says it too,
 * being there before its parent says it.
 */
const columnSettings = (kinds: readonly ColumnSetting[]) =>
  `${columns('k.kind', { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: 'a.attname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass', detail: 'k.detail', back: 'k.back' })}
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_type t on t.oid = a.atttypid
  cross join lateral (values ${kinds.map(([kind, where, detail, back]) => `('${kind}', ${where}, ${detail}, ${back})`).join(', ')}) k (kind, has, detail, back)
  where c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped
    and (${kinds.map(([, where]) => where).join(' or ')}) and k.has`;

const DEFAULT = (of: string) =>
  `(select pg_catalog.pg_get_expr(f.adbin, f.adrelid) from pg_catalog.pg_attrdef f where f.adrelid = ${of}.attrelid and f.adnum = ${of}.attnum)`;

/**
 * Where a column is not as the parent has it that its table has it from: in what it defaults to, and in NOT NULL. Without
 * any inheritance no column is looked at.
 */
const ownOfColumn = (kind: string, parent: string, where: string, detail: string, back: string) =>
  `${columns(`'${kind}'`, { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: 'a.attname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass', detail, back })}
  from pg_catalog.pg_class c join pg_catalog.pg_inherits i on i.inhrelid = c.oid
  join pg_catalog.pg_attribute a on a.attrelid = c.oid join pg_catalog.pg_attribute p on p.attrelid = ${parent} and p.attname = a.attname
  where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and ${where}
    and exists (select from pg_catalog.pg_inherits)`;

const DEFAULTS = (of: string) => `coalesce('set default ' || ${DEFAULT(of)}, 'drop default')`;

const STORAGE = (letter: string) =>
  `'set storage ' || case ${letter} when 'p' then 'plain' when 'm' then 'main' when 'e' then 'external' else 'extended' end`;

const REPLICA = `case relreplident when 'f' then 'full' when 'n' then 'nothing' else 'using index ' || (
    select pg_catalog.quote_ident(ic.relname) from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisreplident) end`;

const OF_OWNER = `from pg_catalog.pg_depend o join pg_catalog.pg_class u on u.oid = o.refobjid
      where o.classid = ${classOf('pg_class')} and o.objid = c.oid and o.refclassid = ${classOf('pg_class')} and o.refobjsubid > 0`;

/** Queries for what is said of relations and columns beyond their definitions. */
export const settings = (version: number): readonly string[] => [
  setting('privileges', 'relacl is not null'),
  `${columns("'privileges'", { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: "c.relname || '.' || a.attname" })}
    from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid where a.attacl is not null and not a.attisdropped`,
  `${columns("'privileges'", { catalog: 'pg_type', namespace: 'typnamespace', name: 'typname' })}
    from pg_catalog.pg_type where typacl is not null`,
  `${columns("'privileges of schema'", { catalog: 'pg_namespace', namespace: 'n.oid', name: 'n.nspname' })}
    from pg_catalog.pg_namespace n where n.nspacl is not null and n.nspname <> 'public' and not exists (
      select from pg_catalog.pg_init_privs v where v.objoid = n.oid and v.classoid = ${classOf('pg_namespace')})`,
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
        `${columns("'unlogged sequence'", { catalog: 'pg_class', namespace: 'relnamespace', name: 'relname', subject: 'oid::pg_catalog.regclass', detail: "''" })}
    from pg_catalog.pg_class c where relkind = 'S' and relpersistence = 'u' and not exists (select ${OF_OWNER})`,
        // Otherwise than the table of its column.
        `${columns("'persistence of sequence'", { catalog: 'pg_class', namespace: 'relnamespace', name: 'relname' })}
    from pg_catalog.pg_class c where relkind = 'S' and exists (select ${OF_OWNER} and u.relpersistence <> c.relpersistence)
      and exists (select from pg_catalog.pg_class where relpersistence = 'u')`,
      ]
    : []),
  ownOfColumn(
    'own default',
    // What a partition has when it comes: those between them say theirs later.
    'pg_catalog.pg_partition_root(c.oid)',
    `c.relispartition and ${DEFAULT('a')} is distinct from ${DEFAULT('p')}`,
    DEFAULTS('a'),
    DEFAULTS('p'),
  ),
  // The other way round is not possible.
  ownOfColumn(
    'own not null',
    'i.inhparent',
    `(c.relispartition or not a.attislocal) and a.attnotnull and not p.attnotnull and not exists (
      select from pg_catalog.pg_index k where k.indrelid = c.oid and k.indisprimary and a.attnum = any (k.indkey))`,
    "'set not null'",
    "'drop not null'",
  ),
  `${columns("'trigger in partition'", { catalog: 'pg_class', oid: 'c.oid', namespace: 'c.relnamespace', name: 'r.tgname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass' })}
    from pg_catalog.pg_trigger r join pg_catalog.pg_trigger p on p.oid = r.tgparentid
    join pg_catalog.pg_class c on c.oid = r.tgrelid where r.tgenabled <> p.tgenabled and not r.tgisinternal`,
  // What the server calls the part of an index by itself begins with the partition's name, and ends as the index's kind.
  `${columns("'name of index in partition'", { catalog: 'pg_class', oid: 'x.oid', namespace: 'c.relnamespace', name: 'x.relname', relation: 'c.relname' })}
    from pg_catalog.pg_class x join pg_catalog.pg_index k on k.indexrelid = x.oid join pg_catalog.pg_class c on c.oid = k.indrelid
    where x.relispartition and x.relkind in ('i', 'I') and (not pg_catalog.starts_with(x.relname, pg_catalog.left(c.relname, 20))
      or x.relname !~ '_(idx|pkey|key|excl)[0-9]*$')`,
  // Of one that numbers a column: every other sequence has its own.
  `${columns("'comment of sequence'", { catalog: 'pg_class', oid: 's.oid', namespace: 's.relnamespace', name: 's.relname', relation: 'c.relname', subject: 's.oid::pg_catalog.regclass', detail: 'pg_catalog.quote_literal(d.description)' })}
    from pg_catalog.pg_class s
    join pg_catalog.pg_description d on d.classoid = ${classOf('pg_class')} and d.objoid = s.oid and d.objsubid = 0
    join pg_catalog.pg_depend o on o.classid = ${classOf('pg_class')} and o.objid = s.oid and o.objsubid = 0
      and o.refclassid = ${classOf('pg_class')} and o.refobjsubid > 0 and o.deptype in ('a', 'i')
    join pg_catalog.pg_class c on c.oid = o.refobjid
    where s.relkind = 'S' and (o.deptype = 'i' or exists (select from pg_catalog.pg_attrdef f where f.adrelid = o.refobjid
      and f.adnum = o.refobjsubid and case when (select a.attgenerated from pg_catalog.pg_attribute a
        where a.attrelid = f.adrelid and a.attnum = f.adnum) = '' then pg_catalog.pg_get_expr(f.adbin, 0) end
        = 'nextval(' || pg_catalog.quote_literal(s.oid::pg_catalog.regclass::text) || '::regclass)'))`,
  `${columns("'privileges'", { catalog: 'pg_proc', namespace: 'pronamespace', name: 'proname' })}
    from pg_catalog.pg_proc where proacl is not null`,
  `${columns("'clustered index'", { catalog: 'pg_class', oid: 'i.indexrelid', namespace: 'c.relnamespace', name: 'ic.relname', relation: 'c.relname', subject: 'c.oid::pg_catalog.regclass', detail: "''" })}
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid where i.indisclustered`,
  columnSettings([
    ['storage', 'a.attstorage <> t.typstorage', STORAGE('a.attstorage'), STORAGE('t.typstorage')],
    [
      'statistics target',
      'coalesce(a.attstattarget, -1) <> -1',
      "'set statistics ' || a.attstattarget",
      "'set statistics -1'",
    ],
    [
      'column options',
      `${columnOptions('a')} is not null`,
      `'set (' || pg_catalog.array_to_string(${columnOptions('a')}, ', ') || ')'`,
      `'reset (' || (select pg_catalog.string_agg(pg_catalog.split_part(o, '=', 1), ', ') from pg_catalog.unnest(${columnOptions('a')}) o) || ')'`,
    ],
    ...(version >= 14
      ? [
          [
            'compression',
            "a.attcompression <> ''",
            "'set compression ' || case a.attcompression when 'l' then 'lz4' else 'pglz' end",
            "'set compression default'",
          ] as const,
        ]
      : []),
  ]),
];
