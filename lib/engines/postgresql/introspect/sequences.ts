import type { Numbering, SequenceOptions } from '../../../schema/column.js';
import type { Sequence } from '../../../schema/database.js';
import type { ColumnShape } from './columns.js';
import { type ColumnsOf, joinComment, joinExtension, readManyRows, type Scope } from './rows.js';

export interface SequenceRow extends SequenceOptions {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  /** Schema and name as a default expression has them, quoted as text: without E, whatever is in it. */
  readonly literal: string;
  readonly comment?: string;
  readonly extension?: string;
  /** `i`: of an identity column, `a`: OWNED BY. */
  readonly ownership?: 'a' | 'i';
  readonly owner?: string;
  readonly owner_column?: number;
  readonly owner_schema?: string;
  readonly owner_name?: string;
  readonly owner_column_name?: string;
}

const SEQUENCE: ColumnsOf<SequenceRow> = {
  id: true,
  schema: true,
  name: true,
  literal: true,
  type: true,
  start: true,
  increment: true,
  minimum: true,
  maximum: true,
  cache: true,
  cycles: true,
  comment: true,
  extension: true,
  ownership: true,
  owner: true,
  owner_column: true,
  owner_schema: true,
  owner_name: true,
  owner_column_name: true,
};

export function readSequences({ db, namespaces }: Scope): Promise<readonly SequenceRow[]> {
  return readManyRows<SequenceRow>(
    db,
    `select s.seqrelid as id, n.nspname as schema, c.relname as name,
      '''' || pg_catalog.replace(s.seqrelid::pg_catalog.regclass::text, '''', '''''') || '''' as literal,
      pg_catalog.format_type(s.seqtypid, null) as type, s.seqstart::text as start, s.seqincrement::text as increment,
      s.seqmin::text as minimum, s.seqmax::text as maximum, s.seqcache::text as cache, s.seqcycle as cycles,
      d.description as comment, x.extname as extension, o.deptype as ownership, o.refobjid as owner,
      o.refobjsubid as owner_column, tn.nspname as owner_schema, t.relname as owner_name,
      (select a.attname from pg_catalog.pg_attribute a where a.attrelid = o.refobjid and a.attnum = o.refobjsubid) as owner_column_name
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_depend o on o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and o.objid = s.seqrelid
      and o.objsubid = 0 and o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and o.refobjsubid > 0
      and o.deptype in ('a', 'i')
    left join pg_catalog.pg_class t on t.oid = o.refobjid
    left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    ${joinComment('pg_class', 's.seqrelid')} ${joinExtension('pg_class', 's.seqrelid')}
    where c.relnamespace in ${namespaces}
    order by n.nspname, c.relname`,
    SEQUENCE,
  );
}

function optionsOf(row: SequenceRow): SequenceOptions {
  const { type, start, increment, minimum, maximum, cache, cycles } = row;
  return { type, start, increment, minimum, maximum, cache, cycles };
}

/** Whether the sequence is all that a column's default takes from. */
function feeds(sequence: SequenceRow, column: ColumnShape): boolean {
  return sequence.ownership === 'a' && column.expression === `nextval(${sequence.literal}::regclass)`;
}

const INTEGERS = ['smallint', 'integer', 'bigint'];

/** How a column numbers itself, from the sequences that it owns. */
export function numberingOf(column: ColumnShape, owned: readonly SequenceRow[]): Numbering | undefined {
  const sequence = owned.find((row) => row.ownership === 'i' || feeds(row, column));
  if (sequence === undefined) return undefined;
  const named = { schema: sequence.schema, name: sequence.name, ...optionsOf(sequence) };
  if (sequence.ownership === 'i')
    return { kind: 'identity', always: column.identity === 'a', sequence: named };
  return INTEGERS.includes(column.type) ? { kind: 'serial', sequence: named } : undefined;
}

/** A sequence that is an object of its own. */
export function sequenceOf(row: SequenceRow): Sequence {
  return {
    schema: row.schema,
    name: row.name,
    comment: row.comment,
    extension: row.extension,
    ...optionsOf(row),
    ownedBy:
      row.owner_name === undefined
        ? undefined
        : {
            table: { schema: row.owner_schema, name: row.owner_name },
            column: row.owner_column_name ?? '',
          },
  };
}
