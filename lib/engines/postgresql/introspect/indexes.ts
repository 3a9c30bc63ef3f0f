import type { Index, KeyPart } from '../../../schema/tableIndex.js';
import { type ColumnNames, namesOf } from './constraints.js';
import { operatorClassOptions, relationOptions } from './options.js';
import { type ColumnsOf, joinComment, readManyRows, readRows, type Scope } from './rows.js';
import { stable } from './stable.js';

export interface IndexRow {
  readonly relation: string;
  readonly name: string;
  readonly comment?: string;
  readonly method: string;
  readonly unique: boolean;
  readonly key_count: number;
  /** Column numbers; 0 is an expression. */
  readonly columns: readonly number[];
  readonly opclasses: readonly string[];
  readonly collations: readonly string[];
  readonly orders: readonly number[];
  /** In the places of the expressions, the others empty. */
  readonly expressions?: readonly string[];
  /** By the number of the key. */
  readonly opclass_options?: Readonly<Record<string, readonly string[]>>;
  readonly predicate?: string;
  readonly nulls_not_distinct: boolean;
  readonly options?: readonly string[];
  readonly valid: boolean;
}

const INDEX: ColumnsOf<IndexRow> = {
  relation: true,
  name: true,
  comment: true,
  method: true,
  unique: true,
  key_count: true,
  columns: true,
  opclasses: true,
  collations: true,
  orders: true,
  expressions: true,
  opclass_options: true,
  predicate: true,
  nulls_not_distinct: true,
  options: true,
  valid: true,
};

/** Indexes that no constraint made, and that do not come from a partitioned table's. */
export function readIndexes({ db, namespaces, version }: Scope): Promise<readonly IndexRow[]> {
  return readManyRows<IndexRow>(
    db,
    `select i.indrelid as relation, ic.relname as name, d.description as comment, m.amname as method,
      i.indisunique as unique, i.indnkeyatts as key_count, i.indkey::pg_catalog.int2[] as columns,
      i.indclass::pg_catalog.oid[] as opclasses, i.indcollation::pg_catalog.oid[] as collations,
      i.indoption::pg_catalog.int2[] as orders,
      case when i.indexprs is not null then array(
        select case when k.number = 0 then pg_catalog.pg_get_indexdef(i.indexrelid, k.place::pg_catalog.int4, false) else '' end
        from pg_catalog.unnest(i.indkey) with ordinality k(number, place) order by k.place) end as expressions,
      o.options as opclass_options, pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
      ${version >= 15 ? 'i.indnullsnotdistinct' : 'false'} as nulls_not_distinct, ${relationOptions('ic')} as options, i.indisvalid as valid
    from pg_catalog.pg_index i
    join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid
    join pg_catalog.pg_am m on m.oid = ic.relam
    left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
    left join (
      select attrelid, pg_catalog.json_object_agg(attnum, ${operatorClassOptions('a')}) as options
      from pg_catalog.pg_attribute a where attoptions is not null group by attrelid) o on o.attrelid = i.indexrelid
    ${joinComment('pg_class', 'i.indexrelid')}
    where c.relkind in ('r', 'p', 'm') and c.relnamespace in ${namespaces} and k.oid is null and not ic.relispartition
    order by ic.relname`,
    INDEX,
  );
}

/** Names of what an index can have in place of a default. */
export interface IndexWords {
  /** Operator classes that are not the default of their type, by oid. */
  readonly opclasses: ReadonlyMap<string, string>;
  readonly collations: ReadonlyMap<string, string>;
}

interface WordRow {
  readonly kind: 'opclass' | 'collation';
  readonly id: string;
  readonly word: string;
}

export async function readIndexWords({ db }: Scope): Promise<IndexWords> {
  const rows = await readRows<WordRow>(
    db,
    `select 'opclass' as kind, o.oid as id, case when pg_catalog.pg_opclass_is_visible(o.oid) then ''
        else pg_catalog.quote_ident(n.nspname) || '.' end || pg_catalog.quote_ident(o.opcname) as word
      from pg_catalog.pg_opclass o join pg_catalog.pg_namespace n on n.oid = o.opcnamespace where not o.opcdefault
    union all
    select 'collation', l.oid, l.oid::pg_catalog.regcollation::text from pg_catalog.pg_collation l
      where l.oid in (select pg_catalog.unnest(i.indcollation::pg_catalog.oid[]) from pg_catalog.pg_index i)`,
  );
  const wordsOf = (wanted: WordRow['kind']) =>
    new Map(rows.filter(({ kind }) => kind === wanted).map(({ id, word }) => [id, word]));
  return { opclasses: wordsOf('opclass'), collations: wordsOf('collation') };
}

const DESCENDING = 1;
const NULLS_FIRST = 2;

/** What the collation of a key is without a word: its column's, or the default where its type has one. */
type ColumnCollations = ReadonlyMap<number, string>;

/** The oids that are no collation, and the default one. */
const PLAIN = ['0', '100'];

function keyPartOf(
  row: IndexRow,
  place: number,
  names: ColumnNames,
  collations: ColumnCollations,
  words: IndexWords,
): KeyPart {
  const number = row.columns[place] ?? 0;
  const order = row.orders[place] ?? 0;
  const collation = row.collations[place] ?? '0';
  const own = collations.get(number);
  const isImplied = own === undefined ? PLAIN.includes(collation) : own === collation;
  return {
    column: number === 0 ? undefined : names.get(number),
    expression: number === 0 ? stable(row.expressions?.[place] ?? '') : undefined,
    opclass: words.opclasses.get(row.opclasses[place] ?? ''),
    opclassOptions: row.opclass_options?.[place + 1] ?? [],
    collation: isImplied ? undefined : words.collations.get(collation),
    descending: (order & DESCENDING) !== 0,
    nulls: (order & NULLS_FIRST) !== 0 ? 'first' : 'last',
  };
}

export function indexOf(
  row: IndexRow,
  names: ColumnNames,
  collations: ColumnCollations,
  words: IndexWords,
): Index {
  const places = row.columns.slice(0, row.key_count).map((_, place) => place);
  return {
    name: row.name,
    comment: row.comment,
    method: row.method,
    unique: row.unique,
    keys: places.map((place) => keyPartOf(row, place, names, collations, words)),
    include: namesOf(row.columns.slice(row.key_count), names),
    predicate: row.predicate === undefined ? undefined : stable(row.predicate),
    nullsNotDistinct: row.nulls_not_distinct,
    options: row.options ?? [],
    isValid: row.valid,
  };
}
