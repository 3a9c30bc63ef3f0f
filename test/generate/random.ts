import fc from 'fast-check';
import type { Knex } from 'knex';
import type { Build } from '../support/loop.js';

interface ColumnSpec {
  readonly name: string;
  /** Types of one family hold each other's values. */
  readonly type: string;
  readonly required: boolean;
  readonly defaulted: boolean;
  readonly indexed: 'no' | 'index' | 'unique';
}

interface TableSpec {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly key: 'increments' | 'uuid' | 'composite';
  readonly refersTo: string | undefined;
  readonly onDelete: 'CASCADE' | 'SET NULL' | 'NO ACTION';
  readonly check: 'none' | 'positive' | 'other';
  readonly pair: 'no' | 'index' | 'unique' | 'partial' | 'expression';
  readonly metadata: boolean;
  readonly view: boolean;
}

/** A database of a few tables. */
export interface Spec {
  readonly tables: readonly TableSpec[];
  readonly values: readonly string[];
}

const TABLES = ['t1', 'Order', 'group', 't4'];
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  num: ['integer', 'bigint', 'decimal', 'double'],
  Str: ['string30', 'string255', 'text'],
  when: ['timestamp', 'plain', 'date'],
  flag: ['boolean'],
  kind: ['enum', 'string30'],
  doc: ['json', 'text'],
};

const column = (name: string): fc.Arbitrary<ColumnSpec> =>
  fc.record({
    name: fc.constant(name),
    type: fc.constantFrom(...(FAMILIES[name] ?? [])),
    required: fc.boolean(),
    defaulted: fc.boolean(),
    indexed: fc.constantFrom('no' as const, 'no' as const, 'index' as const, 'unique' as const),
  });

const table = (name: string, others: readonly string[]): fc.Arbitrary<TableSpec> =>
  fc.record({
    name: fc.constant(name),
    columns: fc
      .subarray(Object.keys(FAMILIES), { minLength: 1 })
      .chain((names) => fc.tuple(...names.map(column))),
    key: fc.constantFrom('increments' as const, 'increments' as const, 'uuid' as const, 'composite' as const),
    refersTo: fc.option(fc.constantFrom(...others), { nil: undefined }),
    onDelete: fc.constantFrom('CASCADE' as const, 'SET NULL' as const, 'NO ACTION' as const),
    check: fc.constantFrom('none' as const, 'positive' as const, 'other' as const),
    pair: fc.constantFrom(
      'no' as const,
      'index' as const,
      'unique' as const,
      'partial' as const,
      'expression' as const,
    ),
    metadata: fc.boolean(),
    view: fc.boolean(),
  });

export const spec: fc.Arbitrary<Spec> = fc.subarray(TABLES, { minLength: 1 }).chain((names) =>
  fc.record({
    tables: fc.tuple(...names.map((name) => table(name, names))),
    values: fc.constantFrom(['a', 'b'], ['a', 'b', 'c'], ['z', 'a'], ['a']),
  }),
);

/** The same tables have metadata columns, and the same key, before and after: no migration changes either. */
export function alike(before: Spec, after: Spec): Spec {
  const tables = after.tables.map((each) => {
    const old = before.tables.find(({ name }) => name === each.name);
    return old === undefined ? each : { ...each, metadata: old.metadata, key: old.key };
  });
  return { ...after, tables };
}

const isPostgres = (db: Knex) => db.client.config.client === 'pg';

function define(db: Knex, t: Knex.CreateTableBuilder, { name, type }: ColumnSpec): Knex.ColumnBuilder {
  switch (type) {
    case 'bigint':
      return t.bigInteger(name);
    case 'decimal':
      return t.specificType(name, 'numeric(10,2)');
    case 'double':
      return t.double(name);
    case 'string30':
      return t.string(name, 30);
    case 'string255':
      return t.string(name);
    case 'text':
      return t.text(name);
    case 'timestamp':
      return t.timestamp(name);
    case 'plain':
      return t.timestamp(name, { useTz: false });
    case 'date':
      return t.date(name);
    case 'boolean':
      return t.boolean(name);
    case 'json':
      return t.json(name);
    case 'enum':
      return t.specificType(name, isPostgres(db) ? 'mood' : 'varchar(30)');
    default:
      return t.integer(name);
  }
}

/** A value that every type of the family can hold, and that fulfils every check. */
const VALUES: Readonly<Record<string, string | number | boolean>> = {
  num: 7,
  Str: "it's",
  when: '2024-02-03',
  flag: true,
  kind: 'a',
  doc: '{"a": [1]}',
};

const quoted = (name: string) => `"${name}"`;

function fill(db: Knex, t: Knex.CreateTableBuilder, table: TableSpec): void {
  const { key, columns, refersTo, onDelete, check, pair, metadata, name } = table;
  if (key === 'increments') t.increments('id');
  if (key === 'uuid') t.string('id', 36).primary();
  if (key === 'composite') {
    t.integer('id').notNullable();
    t.integer('part').notNullable();
    t.primary(['id', 'part']);
  }
  for (const each of columns) {
    const built = define(db, t, each);
    if (each.required) built.notNullable();
    if (each.required || each.defaulted) built.defaultTo(VALUES[each.name] as string);
    // JSON has no order.
    if (each.type === 'json') continue;
    if (each.indexed === 'index') built.index();
    if (each.indexed === 'unique') built.unique();
  }
  const [first, second] = columns.filter(({ type }) => type !== 'json');
  if (refersTo !== undefined && refersTo === name && key === 'increments')
    t.integer('parent').references('id').inTable(name).onDelete(onDelete);
  const num = columns.find((each) => each.name === 'num');
  if (check !== 'none' && num !== undefined)
    t.check(check === 'positive' ? 'num > 0' : 'num >= 1 and num < 100', {}, `${name.toLowerCase()}_ck`);
  if (first !== undefined && second !== undefined && pair === 'index') t.index([first.name, second.name]);
  if (first !== undefined && second !== undefined && pair === 'unique') t.unique([second.name, first.name]);
  if (!metadata) t.metadata(false);
}

async function raw(db: Knex, { name, columns, pair, view }: TableSpec): Promise<void> {
  const num = columns.find((each) => each.name === 'num');
  const text = columns.find((each) => each.name === 'Str');
  const index = quoted(`${name.toLowerCase()}_raw`);
  if (num && pair === 'partial')
    await db.raw(`create index ${index} on ${quoted(name)} (num desc) where num > 3`);
  if (text && pair === 'expression') await db.raw(`create index ${index} on ${quoted(name)} (lower("Str"))`);
  const [first] = columns;
  if (view && first !== undefined)
    await db.raw(
      `create view ${quoted(`${name}_v`)} as select id, ${quoted(first.name)} from ${quoted(name)}`,
    );
}

/** Makes the database of a specification. */
export function buildSpec({ tables, values }: Spec): Build {
  return async (db) => {
    const isUsed = tables.some(({ columns }) => columns.some(({ type }) => type === 'enum'));
    if (isUsed && isPostgres(db))
      await db.raw(`create type mood as enum (${values.map((value) => `'${value}'`).join(', ')})`);
    for (const table of tables) await db.schema.createTable(table.name, (t) => fill(db, t, table));
    for (const { name, refersTo, onDelete } of tables) {
      const target = tables.find((each) => each.name === refersTo && each.key === 'increments');
      if (target === undefined || target.name === name) continue;
      await db.schema.alterTable(name, (t) => {
        t.integer('other').references('id').inTable(target.name).onDelete(onDelete);
      });
    }
    for (const table of tables) await raw(db, table);
  };
}

/** One row in every table. */
export function fillSpec({ tables }: Spec): Build {
  return async (db) => {
    for (const { name, columns, key } of tables) {
      const ids = key === 'composite' ? { id: 1, part: 2 } : key === 'uuid' ? { id: 'u' } : {};
      const values = Object.fromEntries(columns.map((each) => [each.name, VALUES[each.name]]));
      await db(name).insert({ ...ids, ...values });
    }
  };
}
