import type { Knex } from 'knex';
import type { DiffOptions } from '../../lib/diff/index.js';
import type { OperationKind } from '../../lib/operations/operation.js';
import type { Build } from '../support/loop.js';

/** One line of the acceptance list. */
export interface Case {
  readonly name: string;
  readonly before: Build;
  readonly after: Build;
  readonly rows?: Build;
  /** The engines that it applies to; both where nothing is said. */
  readonly on?: 'postgresql' | 'sqlite';
  /** The kinds of operations that are detected; none for what is unchanged. */
  readonly detects: readonly OperationKind[];
  readonly options?: DiffOptions;
  readonly leaves?: boolean;
  /** What is otherwise on SQLite, where the same models mean something else. */
  readonly sqlite?: Partial<Pick<Case, 'before' | 'after' | 'detects'>>;
}

export const isPostgres = (db: Knex): boolean => db.client.config.client === 'pg';

type Define = (t: Knex.CreateTableBuilder, db: Knex) => unknown;

/** A table `t` with an id and what is said. */
export const table =
  (define: Define, name = 't'): Build =>
  (db) =>
    db.schema.createTable(name, (t) => {
      t.increments('id');
      define(t, db);
    });

export const all =
  (...builds: readonly Build[]): Build =>
  async (db) => {
    for (const build of builds) await build(db);
  };

/** Statements, each on both engines, or one for each. */
export const sql =
  (...statements: readonly (string | { readonly postgresql?: string; readonly sqlite?: string })[]): Build =>
  async (db) => {
    for (const statement of statements) {
      const text =
        typeof statement === 'string' ? statement : isPostgres(db) ? statement.postgresql : statement.sqlite;
      if (text !== undefined) await db.raw(isPostgres(db) ? text.replaceAll('?', '\\?') : text);
    }
  };

/** Rows of `t` with these values of `x`. */
export const xs =
  (...values: readonly unknown[]): Build =>
  async (db) => {
    for (const x of values) await db('t').insert({ x });
  };

const nothing: Build = async () => {};

const column = (before: Define, after: Define) => ({ before: table(before), after: table(after) });

/** A column `x` of one type and then of another. */
const type = (
  name: string,
  before: Define,
  after: Define,
  values: readonly unknown[],
  more: Partial<Case> = {},
): Case => ({
  name: `type ${name}`,
  ...column(before, after),
  rows: xs(...values),
  detects: ['column'],
  ...more,
});

const types: readonly Case[] = [
  type(
    'Integer->BigInteger',
    (t) => t.integer('x'),
    (t) => t.bigInteger('x'),
    [1, null],
  ),
  type(
    'SmallInteger->Integer',
    (t) => t.specificType('x', 'smallint'),
    (t) => t.integer('x'),
    [1, null],
  ),
  type(
    'Integer->String',
    (t) => t.integer('x'),
    (t) => t.string('x'),
    [1, null],
  ),
  type(
    'String(30)->String(40)',
    (t) => t.string('x', 30),
    (t) => t.string('x', 40),
    ['a', null],
  ),
  type(
    'String(30)->Text',
    (t) => t.string('x', 30),
    (t) => t.text('x'),
    ['a', null],
  ),
  type(
    'Text->String(255)',
    (t) => t.text('x'),
    (t) => t.string('x', 255),
    ['a', null],
  ),
  type(
    'String(30)->String()',
    (t) => t.string('x', 30),
    (t) => t.specificType('x', 'varchar'),
    ['a'],
  ),
  type(
    'Numeric(10,2)->Numeric(12,2)',
    (t) => t.specificType('x', 'numeric(10,2)'),
    (t) => t.specificType('x', 'numeric(12,2)'),
    [1.5],
  ),
  type(
    'Numeric(10,2)->Numeric(10)',
    (t) => t.specificType('x', 'numeric(10,2)'),
    (t) => t.specificType('x', 'numeric(10)'),
    [1],
  ),
  type(
    'Numeric(10)->Numeric(10,2)',
    (t) => t.specificType('x', 'numeric(10)'),
    (t) => t.specificType('x', 'numeric(10,2)'),
    [1],
  ),
  type(
    'Float->Numeric(10,2)',
    (t) => t.float('x'),
    (t) => t.specificType('x', 'numeric(10,2)'),
    [1.5],
  ),
  type(
    'Float->DOUBLE',
    (t) => t.float('x'),
    (t) => t.specificType('x', 'double precision'),
    [1.5],
  ),
  type(
    'DateTime->DateTime(tz)',
    (t) => t.datetime('x', { useTz: false }),
    (t) => t.specificType('x', 'timestamptz'),
    ['2024-01-01 00:00:00'],
  ),
  type(
    'DateTime->Date',
    (t) => t.datetime('x', { useTz: false }),
    (t) => t.date('x'),
    ['2024-01-01 00:00:00'],
  ),
  type(
    'Boolean->Integer',
    (t) => t.boolean('x'),
    (t) => t.integer('x'),
    [true, false, null],
  ),
  type(
    'JSON->Text',
    (t) => t.json('x'),
    (t) => t.text('x'),
    ['{"a":1}'],
  ),
  type(
    'CHAR(1)->CHAR(2)',
    (t) => t.specificType('x', 'char(1)'),
    (t) => t.specificType('x', 'char(2)'),
    ['a'],
  ),
  type(
    'String->Uuid',
    (t) => t.string('x'),
    (t) => t.uuid('x'),
    ['00000000-0000-4000-8000-000000000000'],
  ),
  type(
    'JSON->JSONB',
    (t) => t.json('x'),
    (t) => t.jsonb('x'),
    ['{"a":1}'],
    { on: 'postgresql' },
  ),
  type(
    'INTEGER[]->TEXT[]',
    (t) => t.specificType('x', 'integer[]'),
    (t) => t.specificType('x', 'text[]'),
    ['{1,2}'],
    { on: 'postgresql' },
  ),
  type(
    'timestamp(3)->timestamp(6)',
    (t) => t.specificType('x', 'timestamp(3)'),
    (t) => t.specificType('x', 'timestamp(6)'),
    ['2024-01-01'],
    { on: 'postgresql' },
  ),
  type(
    'interval->interval day',
    (t) => t.specificType('x', 'interval'),
    (t) => t.specificType('x', 'interval day'),
    ['3 days'],
    { on: 'postgresql' },
  ),
  {
    name: 'collation added',
    on: 'postgresql',
    ...column(
      (t) => t.text('x'),
      (t) => t.specificType('x', 'text collate "C"'),
    ),
    rows: xs('a'),
    detects: ['column'],
  },
  {
    name: 'collation changed',
    on: 'postgresql',
    ...column(
      (t) => t.specificType('x', 'text collate "C"'),
      (t) => t.specificType('x', 'text collate "POSIX"'),
    ),
    rows: xs('a'),
    detects: ['column'],
  },
];

const native = (t: Knex.CreateTableBuilder, values: readonly string[], enumName = 'en') =>
  t.enu('x', values, { useNative: true, enumName });

/** The default of a column with a native enum is one of its values. SQLite has checks in place of the types. */
const enums: readonly Case[] = [
  {
    name: 'native enum: value added',
    sqlite: { detects: ['check'] },
    ...column(
      (t) => native(t, ['a', 'b']),
      (t) => native(t, ['a', 'b', 'c']),
    ),
    rows: xs('a', 'b'),
    detects: ['enum'],
  },
  {
    name: 'native enum: value removed',
    sqlite: { detects: ['check'] },
    ...column(
      (t) => native(t, ['a', 'b', 'c']).defaultTo('a'),
      (t) => native(t, ['a', 'b']).defaultTo('a'),
    ),
    rows: xs('a', 'b'),
    detects: ['enum'],
  },
  {
    name: 'native enum: renamed type',
    sqlite: { detects: [] },
    ...column(
      (t) => native(t, ['a', 'b']).defaultTo('a'),
      (t) => native(t, ['a', 'b'], 'en2').defaultTo('a'),
    ),
    rows: xs('a'),
    detects: ['renameType'],
    options: {
      renames: [
        { kind: 'type', from: { schema: 'public', name: 'en' }, to: { schema: 'public', name: 'en2' } },
      ],
    },
  },
  {
    name: 'enum -> string',
    ...column(
      (t) => t.enu('x', ['a', 'b'], { useNative: true, enumName: 'en' }),
      (t) => t.string('x'),
    ),
    rows: xs('a'),
    detects: [],
  },
  {
    name: 'string -> enum',
    ...column(
      (t) => t.string('x'),
      (t) => t.enu('x', ['a', 'b'], { useNative: true, enumName: 'en' }),
    ),
    rows: xs('a'),
    detects: [],
  },
  {
    name: 'enum(create_constraint) value added',
    ...column(
      (t) => t.enu('x', ['a', 'b']),
      (t) => t.enu('x', ['a', 'b', 'c']),
    ),
    rows: xs('a'),
    detects: ['check'],
  },
];

const defaults = (
  name: string,
  before: Define,
  after: Define,
  values: readonly unknown[],
  more: Partial<Case> = {},
): Case => ({
  name: `default ${name}`,
  ...column(before, after),
  rows: xs(...values),
  detects: name.includes('unchanged') ? [] : ['column'],
  ...more,
});

const same = (name: string, define: Define, values: readonly unknown[], more: Partial<Case> = {}): Case =>
  defaults(`${name} unchanged`, define, define, values, more);

const defaultCases: readonly Case[] = [
  defaults(
    "none->'x'",
    (t) => t.string('x'),
    (t) => t.string('x').defaultTo('x'),
    ['a'],
  ),
  defaults(
    "'x'->none",
    (t) => t.string('x').defaultTo('x'),
    (t) => t.string('x'),
    ['a'],
  ),
  defaults(
    "'x'->'y'",
    (t) => t.string('x').defaultTo('x'),
    (t) => t.string('x').defaultTo('y'),
    ['a'],
  ),
  same("'x'", (t) => t.string('x').defaultTo('x'), ['a']),
  same('quote in default', (t) => t.string('x').defaultTo("it's"), ['a']),
  same('empty string', (t) => t.string('x').defaultTo(''), ['a']),
  defaults(
    "none->''",
    (t) => t.string('x'),
    (t) => t.string('x').defaultTo(''),
    ['a'],
  ),
  defaults(
    'int 15->20',
    (t) => t.integer('x').defaultTo(15),
    (t) => t.integer('x').defaultTo(20),
    [1],
  ),
  same(
    'now()',
    (t, db) => t.timestamp('x').defaultTo(db.raw(isPostgres(db) ? 'now()' : "(datetime('now'))")),
    [],
  ),
  same('CURRENT_TIMESTAMP', (t, db) => t.timestamp('x').defaultTo(db.fn.now()), []),
  defaults(
    'now()->none',
    (t, db) => t.timestamp('x').defaultTo(db.raw(isPostgres(db) ? 'now()' : "(datetime('now'))")),
    (t) => t.timestamp('x'),
    [],
  ),
  defaults(
    'bool true->false',
    (t) => t.boolean('x').defaultTo(true),
    (t) => t.boolean('x').defaultTo(false),
    [true],
  ),
  same("jsonb '{}'", (t) => t.jsonb('x').defaultTo('{}'), ['{}'], { on: 'postgresql' }),
  same('gen_random_uuid()', (t, db) => t.uuid('x').defaultTo(db.raw('gen_random_uuid()')), [], {
    on: 'postgresql',
  }),
  same("json '{}'", (t) => t.json('x').defaultTo('{}'), ['{}'], { on: 'postgresql' }),
  same("array '{}'", (t) => t.specificType('x', 'integer[]').defaultTo('{}'), ['{1}'], { on: 'postgresql' }),
  same('expression 1+2', (t, db) => t.integer('x').defaultTo(db.raw('(1+2)')), [1]),
];

const identity =
  (clause: string): Define =>
  (t) =>
    t.specificType('x', `integer not null generated ${clause}`);

const numbering: readonly Case[] = [
  {
    name: 'identity added to column',
    on: 'postgresql',
    ...column((t) => t.integer('x').notNullable(), identity('always as identity')),
    rows: xs(1, 2),
    detects: ['column'],
  },
  {
    name: 'identity removed',
    on: 'postgresql',
    ...column(identity('by default as identity'), (t) => t.integer('x').notNullable()),
    rows: xs(1, 2),
    detects: ['column'],
  },
  {
    name: 'identity always->by default',
    on: 'postgresql',
    ...column(identity('always as identity'), identity('by default as identity')),
    rows: sql('insert into t default values'),
    detects: ['column'],
  },
  {
    name: 'identity increment changed',
    on: 'postgresql',
    ...column(identity('always as identity'), identity('always as identity (increment by 5)')),
    rows: sql('insert into t default values'),
    detects: ['column'],
  },
  {
    name: 'serial pk -> identity pk',
    on: 'postgresql',
    before: (db) => db.schema.createTable('t', (t) => t.increments('id')),
    after: (db) =>
      db.schema.createTable('t', (t) =>
        t.specificType('id', 'integer generated by default as identity').primary(),
      ),
    rows: sql('insert into t default values', 'insert into t default values'),
    detects: ['column'],
  },
  {
    name: 'computed added',
    ...column(
      (t) => t.integer('x'),
      (t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 2) stored')],
    ),
    rows: xs(1, 2),
    detects: ['column'],
  },
  {
    name: 'computed expr changed',
    ...column(
      (t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 2) stored')],
      (t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 3) stored')],
    ),
    rows: xs(1, 2),
    detects: ['column'],
  },
  {
    name: 'computed unchanged',
    ...column(
      (t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 2) stored')],
      (t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 2) stored')],
    ),
    rows: xs(1, 2),
    detects: [],
  },
  {
    name: 'sequence added',
    on: 'postgresql',
    before: nothing,
    after: sql('create sequence s increment by 5'),
    detects: ['sequence'],
  },
];

const rename = (table: string, from: string, to: string): DiffOptions['renames'] => [
  { kind: 'column', table: { schema: undefined, name: table }, from, to },
];

const columns: readonly Case[] = [
  { name: 'add table', before: nothing, after: table((t) => t.string('x')), detects: ['table'] },
  {
    name: 'drop table',
    before: table((t) => t.string('x')),
    after: nothing,
    rows: xs('a'),
    detects: ['table'],
  },
  {
    name: 'rename table',
    before: table((t) => t.string('x'), 't'),
    after: table((t) => t.string('x'), 'u'),
    rows: xs('a'),
    detects: ['renameTable'],
    options: {
      renames: [
        { kind: 'table', from: { schema: undefined, name: 't' }, to: { schema: undefined, name: 'u' } },
      ],
    },
  },
  {
    name: 'add column null',
    ...column(
      (t) => t.string('x'),
      (t) => [t.string('x'), t.string('y')],
    ),
    rows: xs('a'),
    detects: ['column'],
  },
  {
    name: 'add column not null, default',
    ...column(
      (t) => t.string('x'),
      (t) => [t.string('x'), t.string('y').notNullable().defaultTo('q')],
    ),
    rows: xs('a'),
    detects: ['column'],
  },
  // A table with rows has no value for it: the file says so, and it runs on one without.
  {
    name: 'add column not null, no default',
    ...column(
      (t) => t.string('x'),
      (t) => [t.string('x'), t.string('y').notNullable()],
    ),
    detects: ['column'],
  },
  {
    name: 'drop column',
    ...column(
      (t) => [t.string('x'), t.string('y').defaultTo('q')],
      (t) => t.string('x'),
    ),
    rows: xs('a'),
    detects: ['column'],
  },
  {
    name: 'rename column',
    ...column(
      (t) => t.string('x'),
      (t) => t.string('y'),
    ),
    rows: xs('a'),
    detects: ['renameColumn'],
    options: { renames: rename('t', 'x', 'y')! },
  },
  {
    name: 'column order only',
    ...column(
      (t) => [t.string('x'), t.string('y')],
      (t) => [t.string('y'), t.string('x')],
    ),
    rows: xs('a'),
    detects: [],
  },
  {
    name: 'null -> not null',
    ...column(
      (t) => t.string('x'),
      (t) => t.string('x').notNullable(),
    ),
    rows: xs('a'),
    detects: ['column'],
  },
  {
    name: 'not null -> null',
    ...column(
      (t) => t.string('x').notNullable(),
      (t) => t.string('x'),
    ),
    rows: xs('a'),
    detects: ['column'],
  },
];

const two: Define = (t) => [t.integer('x'), t.integer('y')];
const pair = (db: Knex) =>
  db('t').insert([
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ]);
const keyed = (
  name: string,
  before: Define,
  after: Define,
  detects: readonly OperationKind[],
  more: Partial<Case> = {},
): Case => ({
  name,
  before: table((t, db) => [two(t, db), before(t, db)]),
  after: table((t, db) => [two(t, db), after(t, db)]),
  rows: pair,
  detects,
  ...more,
});
/** The same with statements in place of a builder. */
const stated = (
  name: string,
  before: readonly string[],
  after: readonly string[],
  detects: readonly OperationKind[],
  more: Partial<Case> = {},
): Case => ({
  name,
  before: all(table(two), sql(...before)),
  after: all(table(two), sql(...after)),
  rows: pair,
  detects,
  ...more,
});

const none: Define = () => {};

const keys: readonly Case[] = [
  {
    name: 'pk column added (composite)',
    before: (db) =>
      db.schema.createTable('t', (t) => [
        t.integer('x').notNullable(),
        t.integer('y').notNullable(),
        t.primary(['x']),
      ]),
    after: (db) =>
      db.schema.createTable('t', (t) => [
        t.integer('x').notNullable(),
        t.integer('y').notNullable(),
        t.primary(['x', 'y']),
      ]),
    rows: pair,
    detects: ['primaryKey'],
  },
  {
    name: 'pk name changed',
    before: (db) =>
      db.schema.createTable('t', (t) => [
        t.integer('x').notNullable(),
        t.integer('y'),
        t.primary(['x'], 'pk_a'),
      ]),
    after: (db) =>
      db.schema.createTable('t', (t) => [
        t.integer('x').notNullable(),
        t.integer('y'),
        t.primary(['x'], 'pk_b'),
      ]),
    rows: pair,
    detects: ['renamePart'],
  },
  keyed('named unique added', none, (t) => t.unique(['x'], { indexName: 'uq' }), []),
  keyed('unnamed unique added', none, (t) => t.unique(['x', 'y']), []),
  {
    name: 'column unique=True added',
    ...column(
      (t) => t.integer('x'),
      (t) => t.integer('x').unique(),
    ),
    rows: xs(1, 2),
    detects: [],
  },
  keyed('unique removed', (t) => t.unique(['x']), none, []),
  keyed(
    'unique columns changed',
    (t) => t.unique(['x'], { indexName: 'uq' }),
    (t) => t.unique(['x', 'y'], { indexName: 'uq' }),
    [],
  ),
  keyed(
    'unique column order changed',
    (t) => t.unique(['x', 'y'], { indexName: 'uq' }),
    (t) => t.unique(['y', 'x'], { indexName: 'uq' }),
    [],
  ),
  keyed(
    'unique renamed',
    (t) => t.unique(['x'], { indexName: 'uq' }),
    (t) => t.unique(['x'], { indexName: 'uq2' }),
    ['renamePart'],
  ),
  keyed(
    'unique deferrable changed',
    (t) => t.unique(['x'], { indexName: 'uq' }),
    (t) => t.unique(['x'], { indexName: 'uq', deferrable: 'deferred' }),
    ['unique'],
    { on: 'postgresql' },
  ),
  stated(
    'unique nulls not distinct',
    ['alter table t add constraint uq unique (x)'],
    ['alter table t add constraint uq unique nulls not distinct (x)'],
    ['unique'],
    { on: 'postgresql' },
  ),
];

const ix = (after: string, before?: string) =>
  [
    before === undefined ? [] : [`create index ix on t ${before}`],
    [`create index ix on t ${after}`],
  ] as const;
const indexed = (name: string, before: string, after: string, more: Partial<Case> = {}): Case =>
  stated(name, ...ix(after, before), ['index'], more);
const onPostgres = { on: 'postgresql' } as const;

const indexes: readonly Case[] = [
  keyed('index added', none, (t) => t.index(['x']), ['index']),
  keyed('index removed', (t) => t.index(['x']), none, ['index']),
  stated('index unique flag', ['create index ix on t (x)'], ['create unique index ix on t (x)'], ['index']),
  stated('index renamed', ['create index ix on t (x)'], ['create index ix2 on t (x)'], ['renamePart']),
  indexed('index column added', '(x)', '(x, y)'),
  indexed('index column order', '(x, y)', '(y, x)'),
  indexed('index asc->desc', '(x)', '(x desc)'),
  stated('expression index added', [], ['create index ix on t (abs(x))'], ['index']),
  indexed('expression index changed', '(abs(x))', '((x + y))'),
  stated(
    'expression index unchanged',
    ['create index ix on t (abs(x))'],
    ['create index ix on t (abs(x))'],
    [],
  ),
  stated('partial index added', [], ['create index ix on t (x) where y > 1'], ['index']),
  indexed('partial index predicate changed', '(x) where y > 1', '(x) where y > 2'),
  indexed('partial -> full index', '(x) where y > 1', '(x)'),
  indexed('index method btree->hash', '(x)', 'using hash (x)', onPostgres),
  indexed('index include added', '(x)', '(x) include (y)', onPostgres),
  {
    name: 'index opclass changed',
    ...onPostgres,
    before: all(
      table((t) => t.text('x')),
      sql('create index ix on t (x)'),
    ),
    after: all(
      table((t) => t.text('x')),
      sql('create index ix on t (x text_pattern_ops)'),
    ),
    rows: xs('a'),
    detects: ['index'],
  },
  stated(
    'index nulls not distinct',
    ['create unique index ix on t (x)'],
    ['create unique index ix on t (x) nulls not distinct'],
    ['index'],
    onPostgres,
  ),
  indexed('index fillfactor (WITH)', '(x)', '(x) with (fillfactor = 70)', onPostgres),
  {
    name: 'index -> unique constraint',
    before: all(table(two), sql('create index ix on t (x)')),
    after: all(table((t, db) => [two(t, db), t.unique(['x'], { indexName: 'ix' })])),
    rows: pair,
    detects: ['index'],
  },
];

const target = table((t) => t.string('name'), 'target');
const child = (define: Define, name = 't'): Build =>
  all(
    target,
    table((t, db) => [t.integer('x'), define(t, db)], name),
  );
const foreign = (
  name: string,
  before: Define,
  after: Define,
  detects: readonly OperationKind[],
  more: Partial<Case> = {},
): Case => ({
  name,
  before: child(before),
  after: child(after),
  rows: async (db) => {
    await db('target').insert({ name: 'a' });
    await xs(1, null)(db);
  },
  detects,
  ...more,
});
const fk = (t: Knex.CreateTableBuilder, keyName = 'fk') =>
  t.foreign('x', keyName).references('id').inTable('target');

const keyedChild = (when: string): Build =>
  all(
    target,
    sql(
      `create table t (id integer primary key, x integer, constraint fk foreign key (x) references target (id)${when})`,
    ),
  );

const foreignKeys: readonly Case[] = [
  foreign('fk added', none, (t) => fk(t), ['foreignKey']),
  foreign('fk removed', (t) => fk(t), none, ['foreignKey']),
  foreign('unnamed fk added', none, (t) => t.foreign('x').references('id').inTable('target'), ['foreignKey']),
  foreign('unnamed fk removed', (t) => t.foreign('x').references('id').inTable('target'), none, [
    'foreignKey',
  ]),
  foreign(
    'fk ondelete CASCADE->SET NULL',
    (t) => fk(t).onDelete('CASCADE'),
    (t) => fk(t).onDelete('SET NULL'),
    ['foreignKey'],
  ),
  foreign(
    'fk ondelete added',
    (t) => fk(t),
    (t) => fk(t).onDelete('CASCADE'),
    ['foreignKey'],
  ),
  foreign(
    'fk onupdate changed',
    (t) => fk(t).onUpdate('CASCADE'),
    (t) => fk(t).onUpdate('SET NULL'),
    ['foreignKey'],
  ),
  foreign(
    'fk NO ACTION vs none',
    (t) => fk(t).onDelete('NO ACTION'),
    (t) => fk(t),
    [],
  ),
  foreign(
    'fk RESTRICT vs none',
    (t) => fk(t).onDelete('RESTRICT'),
    (t) => fk(t),
    ['foreignKey'],
  ),
  foreign(
    'fk deferrable added',
    (t) => fk(t),
    (t) => fk(t).deferrable('deferred'),
    ['foreignKey'],
    // Knex's builder leaves the word out on SQLite, which has it.
    { sqlite: { before: keyedChild(''), after: keyedChild(' deferrable initially deferred') } },
  ),
  foreign(
    'fk renamed only',
    (t) => fk(t),
    (t) => fk(t, 'fk2'),
    ['renamePart'],
  ),
  {
    name: 'fk target changed',
    before: all(
      table((t) => t.string('name'), 'other'),
      child((t) => fk(t)),
    ),
    after: all(
      table((t) => t.string('name'), 'other'),
      child((t) => t.foreign('x', 'fk').references('id').inTable('other')),
    ),
    rows: async (db) => {
      await db('target').insert({ name: 'a' });
      await db('other').insert({ name: 'a' });
      await xs(1)(db);
    },
    detects: ['foreignKey'],
  },
  {
    name: 'composite fk added',
    before: all(
      (db) => db.schema.createTable('target', (t) => [t.integer('a'), t.integer('b'), t.primary(['a', 'b'])]),
      table(two),
    ),
    after: all(
      (db) => db.schema.createTable('target', (t) => [t.integer('a'), t.integer('b'), t.primary(['a', 'b'])]),
      table((t, db) => [two(t, db), t.foreign(['x', 'y'], 'fk').references(['a', 'b']).inTable('target')]),
    ),
    rows: async (db) => {
      await db('target').insert({ a: 1, b: 2 });
      await db('t').insert({ x: 1, y: 2 });
    },
    detects: ['foreignKey'],
  },
  {
    name: 'self fk added',
    ...column(
      (t) => t.integer('x'),
      (t) => [t.integer('x'), t.foreign('x').references('id').inTable('t')],
    ),
    rows: xs(null),
    detects: ['foreignKey'],
  },
  {
    name: 'two new tables, cyclic fks',
    before: nothing,
    after: async (db) => cyclic(db),
    detects: ['table', 'foreignKey'],
  },
  {
    name: 'drop two tables, cyclic fks',
    before: async (db) => cyclic(db),
    after: nothing,
    rows: async (db) => {
      await db('a').insert({});
      await db('b').insert({ a_id: 1 });
      await db('a').update({ b_id: 1 });
    },
    detects: ['table', 'foreignKey'],
  },
  {
    name: 'new tables need ordering (child named first)',
    before: nothing,
    after: all(
      table((t) => t.string('name'), 'z_parent'),
      table((t) => t.integer('x').references('z_parent.id'), 'a_child'),
    ),
    detects: ['table'],
  },
];

async function cyclic(db: Knex): Promise<void> {
  await table((t) => t.integer('b_id'), 'a')(db);
  await table((t) => t.integer('a_id').references('id').inTable('a'), 'b')(db);
  await db.schema.alterTable('a', (t) => void t.foreign('b_id').references('id').inTable('b'));
}

const checks: readonly Case[] = [
  keyed('named check added', none, (t) => t.check('x > 0', {}, 'ck'), ['check']),
  keyed('named check removed', (t) => t.check('x > 0', {}, 'ck'), none, ['check']),
  keyed(
    'named check expr changed',
    (t) => t.check('x > 0', {}, 'ck'),
    (t) => t.check('x >= 0', {}, 'ck'),
    ['check'],
  ),
  keyed('unnamed check added', none, (t) => t.check('x > 0'), ['check']),
  stated(
    'exclude constraint added',
    [],
    ['alter table t add constraint ex exclude using btree (x with =)'],
    ['exclusion'],
    onPostgres,
  ),
  {
    name: 'table comment added',
    sqlite: { detects: [] },
    ...column(
      (t) => t.integer('x'),
      (t) => [t.integer('x'), t.comment('about t')],
    ),
    rows: xs(1),
    detects: ['comment'],
  },
  {
    name: 'column comment changed',
    sqlite: { detects: [] },
    ...column(
      (t) => t.integer('x').comment('a'),
      (t) => t.integer('x').comment("b's"),
    ),
    rows: xs(1),
    detects: ['column'],
  },
];

const inSchema =
  (define: Define): Build =>
  (db) =>
    db.schema.withSchema('s1').createTable('t', (t) => [t.increments('id'), define(t, db)]);
const s1 = sql('create schema s1');

const others: readonly Case[] = [
  {
    name: 'table in other schema added',
    ...onPostgres,
    before: s1,
    after: all(
      s1,
      inSchema((t) => t.integer('x').index()),
    ),
    detects: ['table'],
  },
  {
    name: 'column added in other schema',
    ...onPostgres,
    before: all(
      s1,
      inSchema((t) => t.integer('x')),
    ),
    after: all(
      s1,
      inSchema((t) => [t.integer('x'), t.integer('y').notNullable().defaultTo(1)]),
    ),
    rows: (db) => db.withSchema('s1').from('t').insert({ x: 1 }),
    detects: ['column'],
  },
  {
    name: 'new schema itself',
    ...onPostgres,
    before: nothing,
    after: all(
      s1,
      inSchema((t) => t.integer('x')),
    ),
    detects: ['schema', 'table'],
  },
  {
    name: 'table move to other schema',
    ...onPostgres,
    before: all(
      s1,
      table((t) => t.integer('x')),
    ),
    after: all(
      s1,
      inSchema((t) => t.integer('x')),
    ),
    rows: xs(1),
    detects: ['renameTable'],
    options: {
      renames: [{ kind: 'table', from: { schema: 'public', name: 't' }, to: { schema: 's1', name: 't' } }],
    },
  },
  {
    name: 'db has a view, model none',
    leaves: true,
    before: all(
      table((t) => t.integer('x')),
      sql('create view v as select x from t'),
    ),
    after: table((t) => t.integer('x')),
    rows: xs(1),
    detects: [],
  },
  {
    name: 'db has stray table',
    before: all(
      table((t) => t.integer('x')),
      table((t) => t.integer('x'), 'stray'),
    ),
    after: table((t) => t.integer('x')),
    rows: xs(1),
    detects: ['table'],
  },
  {
    name: 'db has stray sequence',
    leaves: true,
    ...onPostgres,
    before: sql('create sequence s'),
    after: nothing,
    detects: [],
  },
  {
    name: 'mixed-case + reserved names unchanged',
    ...(() => {
      const build = (db: Knex) =>
        db.schema.createTable('Select', (t) => {
          t.increments('Order');
          t.integer('userId').index();
          t.check(isPostgres(db) ? '"userId" > 0' : '"userId" > 0');
        });
      return { before: build, after: build };
    })(),
    rows: (db) => db('Select').insert({ userId: 1 }),
    detects: [],
  },
  {
    name: 'partitioned table in db unchanged',
    leaves: true,
    ...onPostgres,
    before: all(
      table((t) => t.integer('x')),
      sql(
        'create table pt (a int) partition by range (a)',
        'create table pt_1 partition of pt for values from (1) to (10)',
      ),
    ),
    after: table((t) => t.integer('x')),
    rows: xs(1),
    detects: [],
  },
  {
    name: 'db has a trigger, model none',
    leaves: true,
    before: all(
      table((t) => t.integer('x')),
      sql(
        { postgresql: 'create function f() returns trigger language plpgsql as $$begin return new; end$$' },
        {
          postgresql: 'create trigger tr before insert on t for each row execute function f()',
          sqlite: 'create trigger tr after insert on t begin select 1; end',
        },
      ),
    ),
    after: table((t) => t.integer('x')),
    rows: xs(1),
    detects: [],
  },
];

export const CASES: readonly Case[] = [
  ...columns,
  ...types,
  ...enums,
  ...defaultCases,
  ...numbering,
  ...keys,
  ...indexes,
  ...foreignKeys,
  ...checks,
  ...others,
];
