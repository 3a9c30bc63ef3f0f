import type {
  Check,
  Deferral,
  Exclusion,
  ForeignKey,
  KeyConstraint,
  ReferentialAction,
} from '../../../schema/constraints.js';
import { relationOptions } from './options.js';
import { type ColumnsOf, joinComment, readManyRows, type Scope } from './rows.js';
import { stable } from './stable.js';

export interface ConstraintRow {
  readonly relation: string;
  readonly name: string;
  readonly kind: 'p' | 'u' | 'f' | 'c' | 'x';
  /** Column numbers. */
  readonly columns?: readonly number[];
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly valid: boolean;
  readonly enforced: boolean;
  readonly period: boolean;
  readonly no_inherit: boolean;
  readonly inherited: boolean;
  readonly comment?: string;
  readonly expression?: string;
  readonly definition?: string;
  readonly index_columns?: readonly number[];
  readonly nulls_not_distinct?: boolean;
  readonly options?: readonly string[];
  readonly target_schema?: string;
  readonly target_name?: string;
  readonly target_columns?: readonly string[];
  readonly on_update: string;
  readonly on_delete: string;
  readonly on_delete_columns?: readonly number[];
  readonly match: string;
}

const CONSTRAINT: ColumnsOf<ConstraintRow> = {
  relation: true,
  name: true,
  kind: true,
  columns: true,
  deferrable: true,
  deferred: true,
  valid: true,
  enforced: true,
  period: true,
  no_inherit: true,
  inherited: true,
  comment: true,
  expression: true,
  definition: true,
  index_columns: true,
  nulls_not_distinct: true,
  options: true,
  target_schema: true,
  target_name: true,
  target_columns: true,
  on_update: true,
  on_delete: true,
  on_delete_columns: true,
  match: true,
};

/** A key's columns, of which the constraint has the first; those behind are INCLUDEd. */
export function readConstraints({ db, namespaces, version }: Scope): Promise<readonly ConstraintRow[]> {
  return readManyRows<ConstraintRow>(
    db,
    `select k.conrelid as relation, k.conname as name, k.contype as kind, k.conkey as columns, k.condeferrable as deferrable,
      k.condeferred as deferred, k.convalidated as valid, ${version >= 18 ? 'k.conenforced' : 'true'} as enforced,
      ${version >= 18 ? 'k.conperiod' : 'false'} as period, k.connoinherit as no_inherit, not k.conislocal as inherited,
      d.description as comment, pg_catalog.pg_get_expr(k.conbin, k.conrelid) as expression,
      case when k.contype = 'x' then pg_catalog.pg_get_constraintdef(k.oid) end as definition,
      case when i.indnatts > i.indnkeyatts then i.indkey::pg_catalog.int2[] end as index_columns,
      ${version >= 15 ? 'i.indnullsnotdistinct' : 'false'} as nulls_not_distinct, ${relationOptions('ic')} as options,
      tn.nspname as target_schema, t.relname as target_name, case when k.contype = 'f' then array(
        select a.attname from pg_catalog.unnest(k.confkey) with ordinality f(number, place)
        join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = f.number order by f.place)
      end as target_columns, k.confupdtype as on_update, k.confdeltype as on_delete,
      ${version >= 15 ? 'k.confdelsetcols' : 'null'} as on_delete_columns, k.confmatchtype as match
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    left join pg_catalog.pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u')
    left join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    left join pg_catalog.pg_class t on t.oid = k.confrelid
    left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    ${joinComment('pg_constraint', 'k.oid')}
    where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0 and c.relkind in ('r', 'p')
      and c.relnamespace in ${namespaces}
    order by k.conname`,
    CONSTRAINT,
  );
}

/** The names of a table's columns by their numbers. */
export type ColumnNames = ReadonlyMap<number, string>;

const ACTIONS: Readonly<Record<string, ReferentialAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

export function namesOf(numbers: readonly number[] | undefined, names: ColumnNames): readonly string[] {
  return (numbers ?? []).map((number) => names.get(number) ?? '');
}

function deferralOf({ deferrable, deferred }: ConstraintRow): Deferral {
  if (!deferrable) return 'not deferrable';
  return deferred ? 'initially deferred' : 'initially immediate';
}

export function keyOf(row: ConstraintRow, names: ColumnNames): KeyConstraint {
  const { columns = [] } = row;
  return {
    name: row.name,
    comment: row.comment,
    columns: namesOf(columns, names),
    parts: undefined,
    include: namesOf(row.index_columns?.slice(columns.length), names),
    deferral: deferralOf(row),
    nullsNotDistinct: row.nulls_not_distinct === true,
    withoutOverlaps: row.period,
    options: row.options ?? [],
    conflict: undefined,
  };
}

export function foreignKeyOf(row: ConstraintRow, names: ColumnNames): ForeignKey {
  return {
    name: row.name,
    comment: row.comment,
    columns: namesOf(row.columns, names),
    target: { schema: row.target_schema, name: row.target_name ?? '' },
    targetColumns: row.target_columns,
    onUpdate: ACTIONS[row.on_update] ?? 'no action',
    onDelete: ACTIONS[row.on_delete] ?? 'no action',
    onDeleteColumns: namesOf(row.on_delete_columns, names),
    match: row.match === 'f' ? 'full' : 'simple',
    deferral: deferralOf(row),
    isValid: row.valid,
    isEnforced: row.enforced,
    withPeriod: row.period,
  };
}

export function checkOf(row: ConstraintRow): Check {
  return {
    name: row.name,
    comment: row.comment,
    expression: stable(row.expression ?? ''),
    isValid: row.valid,
    isEnforced: row.enforced,
    isInheritable: !row.no_inherit,
    isInherited: row.inherited,
  };
}

export function exclusionOf(row: ConstraintRow): Exclusion {
  return { name: row.name, comment: row.comment, definition: stable(row.definition ?? '') };
}
