import { GRANTEE } from './access.js';
import { relationOptions } from './options.js';
import { joinComment, joinExtension, readRows, type Scope } from './rows.js';

/** A table, partitioned table, view or materialized view. */
export interface RelationRow {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'r' | 'p' | 'v' | 'm';
  readonly comment?: string;
  readonly extension?: string;
  readonly unlogged: boolean;
  readonly row_security: 'off' | 'on' | 'forced';
  readonly options?: readonly string[];
  readonly partition_key?: string;
  readonly bounds?: string;
  readonly parents?: readonly { readonly schema: string; readonly name: string }[];
  readonly definition?: string;
  readonly populated: boolean;
  readonly attached?: readonly string[];
}

const RELATION = "pg_catalog.format('%I.%I', n.nspname, c.relname)";
const OPTION = "case when g.is_grantable then ' with grant option' else '' end";

/** What goes with a view that is dropped, as the statements that bring it back. */
const ATTACHED = `
  select pg_catalog.format('grant %s on %s to %s%s', pg_catalog.lower(g.privilege_type), ${RELATION}, ${GRANTEE}, ${OPTION}) as sql
    from pg_catalog.aclexplode(c.relacl) g where g.grantee <> c.relowner
  union all select pg_catalog.format('grant %s (%I) on %s to %s%s', pg_catalog.lower(g.privilege_type), a.attname, ${RELATION}, ${GRANTEE}, ${OPTION})
    from pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) g where a.attrelid = c.oid and not a.attisdropped
  union all select pg_catalog.format('comment on column %s.%I is %L', ${RELATION}, a.attname, k.description)
    from pg_catalog.pg_attribute a join pg_catalog.pg_description k on k.objoid = c.oid and k.objsubid = a.attnum
      and k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass where a.attrelid = c.oid and not a.attisdropped
  union all select pg_catalog.pg_get_ruledef(w.oid, true) from pg_catalog.pg_rewrite w
    where w.ev_class = c.oid and w.rulename <> '_RETURN'
  union all select pg_catalog.format('alter %s %s owner to %I', case c.relkind when 'v' then 'view' else 'materialized view' end,
      ${RELATION}, pg_catalog.pg_get_userbyid(c.relowner))
    where pg_catalog.pg_get_userbyid(c.relowner) <> current_user`;

/** Pretty definitions: only they name a relation without its schema where that is on the search path. */
export function readRelations({ db, namespaces }: Scope): Promise<readonly RelationRow[]> {
  return readRows<RelationRow>(
    db,
    `select c.oid as id, n.nspname as schema, c.relname as name, c.relkind as kind, d.description as comment,
      x.extname as extension, c.relpersistence = 'u' as unlogged,
      case when not c.relrowsecurity then 'off' when c.relforcerowsecurity then 'forced' else 'on' end as row_security,
      nullif(coalesce(${relationOptions('c')}, '{}') || coalesce((select pg_catalog.array_agg('toast.' || o) from pg_catalog.pg_class s,
        pg_catalog.unnest(${relationOptions('s')}) o where s.oid = c.reltoastrelid), '{}'), '{}') as options, case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_key,
      case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end as bounds, h.parents,
      case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid, true) end as definition,
      c.relispopulated as populated,
      case when c.relkind in ('v', 'm') then (select pg_catalog.json_agg(s.sql) from (${ATTACHED}) s) end as attached
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join (
      select i.inhrelid, pg_catalog.json_agg(pg_catalog.json_build_object('schema', pn.nspname, 'name', p.relname)
        order by i.inhseqno) as parents
      from pg_catalog.pg_inherits i join pg_catalog.pg_class p on p.oid = i.inhparent
      join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
      group by i.inhrelid) h on h.inhrelid = c.oid
    ${joinComment('pg_class', 'c.oid')} ${joinExtension('pg_class', 'c.oid')}
    where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace in ${namespaces}
    order by n.nspname, c.relname`,
  );
}
