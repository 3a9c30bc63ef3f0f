import type { Column } from '../../../schema/column.js';
import { COLUMN_MARK, withoutPrecision } from '../trigger.js';
import { type ColumnsOf, joinComment, readManyRows, type Scope } from './rows.js';
import { numberingOf, type SequenceRow } from './sequences.js';
import { stable } from './stable.js';

/** What columns of several tables may have in common. */
export interface ColumnShape {
  readonly name: string;
  readonly type: string;
  readonly type_schema?: string;
  readonly type_name?: string;
  readonly required: boolean;
  readonly expression?: string;
  readonly generated: '' | 's' | 'v';
  readonly identity: '' | 'a' | 'd';
  readonly collation?: string;
  /** Absent for the default collation and for types that have none. */
  readonly collation_id?: string;
  readonly comment?: string;
  readonly inherited: boolean;
}

export interface ColumnRow {
  readonly relation: string;
  readonly number: number;
  readonly shape: ColumnShape;
  /** The column by itself, one object for each shape. */
  readonly column: Column;
}

/** A shape with the columns that have it: these two lists belong together. */
interface ShapeRow extends ColumnShape {
  readonly relations: readonly string[];
  readonly numbers: readonly number[];
}

const SHAPE: ColumnsOf<ColumnShape> = {
  name: true,
  type: true,
  type_schema: true,
  type_name: true,
  required: true,
  expression: true,
  generated: true,
  identity: true,
  collation: true,
  collation_id: true,
  comment: true,
  inherited: true,
};

/** The oid of the collation `default`. */
const DEFAULT_COLLATION = 100;

/** In the order of their numbers. Tables have much the same columns: each that differs comes once. */
export async function readColumns({ db, namespaces }: Scope): Promise<readonly ColumnRow[]> {
  const shape = Object.keys(SHAPE)
    .map((name) => `s.${name}`)
    .join(', ');
  const shapes = await readManyRows<ShapeRow>(
    db,
    `select pg_catalog.json_agg(s.relation) as relations, pg_catalog.json_agg(s.number) as numbers, ${shape} from (
    select a.attrelid as relation, a.attnum as number, a.attname as name,
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type, tn.nspname as type_schema,
      case when tn.oid is not null then u.typname end as type_name, a.attnotnull as required,
      -- With its table's number it would wait for whoever has locked that; only a computed column names others.
      pg_catalog.pg_get_expr(b.adbin, case when a.attgenerated = '' then 0 else b.adrelid end) as expression, a.attgenerated as generated, a.attidentity as identity,
      case when a.attcollation <> t.typcollation then a.attcollation::pg_catalog.regcollation::text end as collation,
      case when a.attcollation not in (0, ${DEFAULT_COLLATION}) then a.attcollation end as collation_id,
      d.description as comment, not a.attislocal or a.attinhcount > 0 and a.attgenerated <> '' and exists (
        select from pg_catalog.pg_inherits i join pg_catalog.pg_attribute p on p.attrelid = i.inhparent
        where i.inhrelid = a.attrelid and p.attname = a.attname and p.attgenerated <> '') as inherited
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_type t on t.oid = a.atttypid
    join pg_catalog.pg_type u on u.oid = case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
    left join pg_catalog.pg_namespace tn on tn.oid = u.typnamespace and tn.nspname <> 'pg_catalog'
    left join pg_catalog.pg_attrdef b on b.adrelid = a.attrelid and b.adnum = a.attnum
    ${joinComment('pg_class', 'a.attrelid', 'a.attnum')}
    where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace in ${namespaces} and a.attnum > 0 and not a.attisdropped) s
    group by ${shape}`,
    { ...SHAPE, relations: true, numbers: true },
  );
  const rows = shapes.flatMap(({ relations, numbers, ...row }) => {
    const column = columnOf(row);
    return relations.map((relation, at) => ({ relation, number: numbers[at] ?? 0, shape: row, column }));
  });
  return rows.sort((a, b) => a.number - b.number);
}

function columnOf(row: ColumnShape): Column {
  const isMetadata = row.comment?.startsWith(COLUMN_MARK) === true;
  const isGenerated = row.generated !== '';
  return {
    name: row.name,
    type: isMetadata ? withoutPrecision(row.type) : row.type,
    userType: row.type_name === undefined ? undefined : { schema: row.type_schema, name: row.type_name },
    nullable: !row.required,
    notNullConflict: undefined,
    defaultTo: isGenerated || row.expression === undefined ? undefined : stable(row.expression),
    numbering: undefined,
    generated: isGenerated
      ? { expression: stable(row.expression ?? ''), kind: row.generated === 's' ? 'stored' : 'virtual' }
      : undefined,
    collation: row.collation,
    comment: isMetadata ? undefined : row.comment,
    isMetadata,
    isInherited: row.inherited,
  };
}

/** A column of a table that may number itself, from the sequences that it owns. */
export function numbered({ shape, column }: ColumnRow, owned: readonly SequenceRow[]): Column {
  const numbering = owned.length === 0 ? undefined : numberingOf(shape, owned);
  return numbering === undefined ? column : { ...column, numbering };
}
