import type { Domain, EnumType } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import { type AccessRow, accessOf, selectAccess } from './access.js';
import { joinComment, joinExtension, readRows, type Scope } from './rows.js';
import { stable } from './stable.js';

interface TypeRow {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  readonly comment?: string;
  readonly extension?: string;
  readonly values?: readonly string[];
  readonly base?: string;
  readonly required: boolean;
  readonly expression?: string;
  readonly collation?: string;
  readonly checks?: readonly {
    readonly name: string;
    readonly expression: string;
    readonly valid: boolean;
  }[];
  readonly access?: AccessRow;
}

/** Enum types and domains. */
export async function readTypes(
  { db, namespaces }: Scope,
  reading: Promise<ReadonlyMap<string, readonly Dependency[]>>,
): Promise<{ readonly enums: readonly EnumType[]; readonly domains: readonly Domain[] }> {
  const rows = await readRows<TypeRow>(
    db,
    `select t.oid as id, n.nspname as schema, t.typname as name, d.description as comment, x.extname as extension, v.values,
      case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end as base, t.typnotnull as required,
      case when t.typtype = 'd' then coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault) end as expression,
      case when t.typtype = 'd' and t.typcollation <> b.typcollation then t.typcollation::pg_catalog.regcollation::text end as collation,
      h.checks, ${selectAccess('t.typacl', 't.typowner')} as access
    from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    left join pg_catalog.pg_type b on b.oid = t.typbasetype
    left join (
      select enumtypid, pg_catalog.json_agg(enumlabel order by enumsortorder) as values
      from pg_catalog.pg_enum group by enumtypid) v on v.enumtypid = t.oid
    left join (
      select contypid, pg_catalog.json_agg(pg_catalog.json_build_object('name', conname, 'expression',
        pg_catalog.pg_get_expr(conbin, 0), 'valid', convalidated) order by conname) as checks
      from pg_catalog.pg_constraint where contypid <> 0 and contype = 'c' group by contypid) h on h.contypid = t.oid
    ${joinComment('pg_type', 't.oid')} ${joinExtension('pg_type', 't.oid')}
    where t.typtype in ('e', 'd') and t.typnamespace in ${namespaces}
    order by n.nspname, t.typname`,
  );
  const dependencies = await reading;
  const objectOf = ({ schema, name, comment, extension }: TypeRow) => ({ schema, name, comment, extension });
  return {
    enums: rows
      .filter(({ base }) => base === undefined)
      .map((row) => ({ ...objectOf(row), values: row.values ?? [], access: accessOf(row.access) })),
    domains: rows.flatMap((row) => {
      const { base, required, expression, collation, checks = [] } = row;
      if (base === undefined) return [];
      return {
        ...objectOf(row),
        type: base,
        nullable: !required,
        defaultTo: expression === undefined ? undefined : stable(expression),
        collation,
        checks: checks.map(({ name, expression: check, valid }) => ({
          name,
          expression: stable(check),
          isValid: valid,
        })),
        dependsOn: dependencies.get(row.id) ?? [],
        access: accessOf(row.access),
      };
    }),
  };
}
