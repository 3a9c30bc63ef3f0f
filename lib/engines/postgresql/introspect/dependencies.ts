import type { Dependency } from '../../../schema/names.js';
import { groupBy } from '../../groupBy.js';
import { readRows, type Scope } from './rows.js';

interface DependencyRow {
  readonly owner: string;
  readonly kind: Dependency['kind'];
  readonly schema: string;
  readonly name: string;
  readonly identity?: string;
}

/** What names other objects: a view's rule, a function, a type, and of a table columns, defaults, checks and indexes. */
const OWNERS = `select 'pg_catalog.pg_rewrite'::pg_catalog.regclass as class, r.oid, r.ev_class as owner
    from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
    where c.relkind in ('v', 'm') and c.relnamespace in :namespaces
  union all select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.oid
    from pg_catalog.pg_proc p where p.pronamespace in :namespaces
  union all select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, b.oid, b.adrelid
    from pg_catalog.pg_attrdef b join pg_catalog.pg_class c on c.oid = b.adrelid where c.relnamespace in :namespaces
  union all select 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.conrelid
    from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
    where k.contype = 'c' and c.relnamespace in :namespaces
  union all select 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.contypid
    from pg_catalog.pg_constraint k join pg_catalog.pg_type t on t.oid = k.contypid where t.typnamespace in :namespaces
  union all select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.oid
    from pg_catalog.pg_type t where t.typtype in ('d', 'r') and t.typnamespace in :namespaces
  union all select 'pg_catalog.pg_class'::pg_catalog.regclass, t.typrelid, t.oid
    from pg_catalog.pg_type t join pg_catalog.pg_class c on c.oid = t.typrelid
    where c.relkind = 'c' and c.relnamespace in :namespaces
  union all select 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, i.indrelid
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid
    where (i.indexprs is not null or i.indpred is not null) and c.relnamespace in :namespaces
  union all select 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.oid
    from pg_catalog.pg_class c where c.relkind in ('r', 'p') and c.relnamespace in :namespaces`;

/** The first oid that is not one of the server's own objects. */
export const FIRST_USER_OID = 16384;

/**
 * The objects that views, functions and tables need, by the oid of the one that needs them: not the sequences that
 * it owns itself, and for an array its element type.
 *
 * The cast of `refobjid` keeps the server from beginning with these. In a database whose statistics are older than its tables it
 * takes them for none, and goes through everything above once for each: the time would grow with the square of the tables.
 */
export async function readDependencies({
  db,
  namespaces,
}: Scope): Promise<ReadonlyMap<string, readonly Dependency[]>> {
  const rows = await readRows<DependencyRow>(
    db,
    `select distinct o.owner, case when p.oid is not null then 'function' when u.oid is not null and r.oid is null then 'type'
        when coalesce(c.relkind, r.relkind) = 'S' then 'sequence' when coalesce(c.relkind, r.relkind) in ('v', 'm') then 'view'
        else 'table' end as kind,
      n.nspname as schema, coalesce(c.relname, p.proname, u.typname) as name,
      pg_catalog.pg_get_function_identity_arguments(p.oid) as identity
    from (${OWNERS.replaceAll(':namespaces', namespaces)}) o
    join pg_catalog.pg_depend d on d.classid = o.class and d.objid = o.oid and d.deptype = 'n'
      and d.refobjid::pg_catalog.int8 >= ${FIRST_USER_OID} and d.refobjid <> o.owner
    left join pg_catalog.pg_class c on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = d.refobjid
    left join pg_catalog.pg_proc p on d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and p.oid = d.refobjid
    left join pg_catalog.pg_type t on d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass and t.oid = d.refobjid
    left join pg_catalog.pg_type u on u.oid = case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
    left join pg_catalog.pg_class r on r.oid = u.typrelid and r.relkind <> 'c'
    join pg_catalog.pg_namespace n on n.oid = coalesce(c.relnamespace, p.pronamespace, u.typnamespace)
    where not exists (
      select from pg_catalog.pg_depend s where s.classid = d.refclassid and s.objid = d.refobjid
        and s.refobjid = o.owner and s.deptype in ('a', 'i') and c.relkind = 'S')
    order by kind, schema, name, identity`,
  );
  return new Map(
    [...groupBy(rows, ({ owner }) => owner)].map(([owner, found]) => [
      owner,
      found.map(({ kind, schema, name, identity }) => ({ kind, schema, name, identity })),
    ]),
  );
}
