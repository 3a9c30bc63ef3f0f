import { expect } from 'chai';
import type { Knex } from 'knex';
import { eachEngine } from '../support/databases.js';
import { type LoopCase, loop } from '../support/loop.js';
import { all, isPostgres, sql, table, xs } from './cases.js';

interface Case extends LoopCase {
  readonly name: string;
  readonly on?: 'postgresql' | 'sqlite';
  /** What the file says, and what it does not. */
  readonly says?: readonly (string | RegExp)[];
  readonly never?: readonly (string | RegExp)[];
}

const ALL = { leave: [] } as const;
const pg = { on: 'postgresql', options: ALL } as const;
const lite = { on: 'sqlite', options: ALL } as const;
const own = (db: Knex) => (isPostgres(db) ? 'public' : undefined);

const mood = (...values: readonly string[]) =>
  sql(`create type mood as enum (${values.map((v) => `'${v}'`).join(', ')})`);
const moody = (defaultTo?: string) =>
  table((t) => {
    const column = t.specificType('x', 'mood');
    if (defaultTo !== undefined) column.defaultTo(defaultTo);
  });

const ENUMS: readonly Case[] = [
  {
    name: 'an enum value renamed',
    ...pg,
    before: all(mood('a', 'b'), moody('a')),
    after: all(mood('z', 'b'), moody('z')),
    rows: xs('a', 'b'),
    options: {
      leave: [],
      renames: [{ kind: 'enumValue', type: { schema: 'public', name: 'mood' }, from: 'a', to: 'z' }],
    },
    says: ["alter type mood rename value 'a' to 'z'"],
  },
  {
    name: 'an enum value renamed while others come and go, and an index on it changes',
    ...pg,
    before: all(mood('a', 'b', 'c'), moody('a'), sql("create index ix on t (id) where x = 'b'")),
    after: all(mood('z', 'e', 'a'), moody('z'), sql("create index ix on t (id desc) where x = 'z'")),
    rows: xs('a', 'b'),
    options: {
      leave: [],
      renames: [{ kind: 'enumValue', type: { schema: 'public', name: 'mood' }, from: 'b', to: 'z' }],
    },
  },
  {
    name: 'a column with values that becomes computed is a loss',
    ...pg,
    before: table((t) => [t.integer('x'), t.integer('y')]),
    after: table((t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 2) stored')]),
    rows: (db) => db('t').insert([{ x: 1, y: 7 }]),
    says: ['DATA LOSS: the values of t.y are gone'],
  },
  {
    name: 'an enum value renamed while another goes, under an index that stays',
    ...pg,
    before: all(mood('a', 'b', 'c'), moody('a'), sql("create index ix on t (id) where x = 'b'")),
    after: all(mood('a', 'z'), moody('a'), sql("create index ix on t (id) where x = 'z'")),
    rows: xs('a', 'b'),
    options: {
      leave: [],
      renames: [{ kind: 'enumValue', type: { schema: 'public', name: 'mood' }, from: 'b', to: 'z' }],
    },
  },
  {
    name: 'an enum value added and used at once',
    ...pg,
    before: all(mood('a'), moody('a')),
    after: all(mood('a', 'new'), moody('new')),
    rows: xs('a'),
  },
  {
    name: 'an enum value removed that checks, indexes and views know',
    ...pg,
    before: all(
      mood('a', 'b', 'c'),
      moody('c'),
      sql(
        "alter table t add constraint ck check (x <> 'b')",
        "create index ix on t (id) where x = 'a'",
        "create view v as select id from t where x = 'a'",
      ),
    ),
    after: all(
      mood('a', 'b'),
      moody('a'),
      sql(
        "alter table t add constraint ck check (x <> 'b')",
        "create index ix on t (id) where x = 'a'",
        "create view v as select id from t where x = 'a'",
      ),
    ),
    rows: xs('a'),
  },
  {
    name: 'an enum in an array',
    ...pg,
    before: all(
      mood('a', 'b'),
      table((t) => t.specificType('x', 'mood[]').defaultTo('{a}')),
    ),
    after: all(
      mood('b', 'a'),
      table((t) => t.specificType('x', 'mood[]').defaultTo('{a}')),
    ),
    rows: xs('{a,b}'),
  },
  {
    name: 'an enum value with a quote',
    ...pg,
    before: all(mood("it''s"), moody()),
    after: all(mood("it''s", "o''clock"), moody()),
    rows: xs("it's"),
  },
];

const viewed = (define: Parameters<typeof table>[0], ...views: readonly string[]) =>
  all(table(define), sql(...views));

const VIEWS: readonly Case[] = [
  {
    name: 'a column under a chain of views',
    ...pg,
    before: viewed(
      (t) => t.integer('x'),
      'create view v as select id, x from t',
      'create view w as select x from v',
      'create materialized view m as select x from w',
      'create index mi on m (x)',
    ),
    after: viewed(
      (t) => t.bigInteger('x'),
      'create view v as select id, x from t',
      'create view w as select x from v',
      'create materialized view m as select x from w',
      'create index mi on m (x)',
    ),
    rows: xs(1),
  },
  {
    name: 'a view that changes under another',
    options: ALL,
    before: viewed(
      (t) => t.integer('x'),
      'create view v as select id, x from t',
      'create view w as select x from v',
    ),
    after: viewed(
      (t) => t.integer('x'),
      'create view v as select id, x, x + 1 as y from t',
      'create view w as select x, y from v',
    ),
    rows: xs(1),
  },
  {
    name: 'a view over a renamed column',
    options: ALL,
    before: viewed((t) => t.integer('x'), 'create view v as select x from t'),
    after: viewed((t) => t.integer('y'), 'create view v as select y from t'),
    rows: xs(1),
  },
  {
    name: 'a dropped column that a view had',
    options: ALL,
    before: viewed((t) => [t.integer('x'), t.integer('y')], 'create view v as select x, y from t'),
    after: viewed((t) => t.integer('x'), 'create view v as select x from t'),
    rows: xs(1),
  },
  {
    name: 'a view that is left alone under a change',
    on: 'postgresql',
    leaves: true,
    before: viewed((t) => t.integer('x'), 'create view v as select x from t'),
    after: table((t) => t.bigInteger('x')),
    rows: xs(1),
  },
  {
    name: 'a view comes and goes with its trigger',
    ...pg,
    before: table((t) => t.integer('x')),
    after: viewed(
      (t) => t.integer('x'),
      'create view v as select id, x from t',
      'create function f() returns trigger language plpgsql as $$begin return null; end$$',
      'create trigger tr instead of insert on v for each row execute function f()',
    ),
    rows: xs(1),
  },
];

const body = (text: string) =>
  `create function f() returns trigger language plpgsql as $$begin ${text} return new; end$$`;
const trigger = 'create trigger tr before insert on t for each row execute function f()';
const domain = (check: string) =>
  `create domain amount as integer constraint positive check (value ${check})`;

const OBJECTS: readonly Case[] = [
  {
    name: 'functions and triggers come',
    ...pg,
    before: table((t) => t.integer('x')),
    after: viewed((t) => t.integer('x'), body('/* a */'), trigger),
    rows: xs(1),
  },
  {
    name: 'a function changes',
    ...pg,
    before: viewed((t) => t.integer('x'), body('/* a */'), trigger),
    after: viewed((t) => t.integer('x'), body('/* b `$\u007bx} ` ? */'), trigger),
    rows: xs(1),
    says: ['create or replace function f()'],
  },
  {
    name: 'a function with another result',
    ...pg,
    before: sql('create function g(a int) returns int language sql as $$select 1$$'),
    after: sql('create function g(a int) returns text language sql as $$select null::text$$'),
  },
  {
    name: 'a function that a check and a default need',
    ...pg,
    before: table((t) => t.integer('x')),
    after: all(
      sql('create function g(a int) returns int immutable language sql as $$select 1$$'),
      table((t) => t.integer('x')),
      sql('create table u (a int default g(2) check (g(a) > 0))'),
    ),
    rows: xs(1),
  },
  {
    name: 'a trigger of statements comes and changes',
    ...lite,
    before: viewed(
      (t) => t.integer('x'),
      'create trigger tr after insert on t begin update t set x = 1 where id = new.id; end',
    ),
    after: viewed(
      (t) => t.integer('x'),
      'create trigger tr after insert on t begin update t set x = 2 where id = new.id; end',
    ),
    rows: xs(5),
  },
  {
    name: 'a trigger on a column that changes its type',
    ...pg,
    before: viewed(
      (t) => t.integer('x'),
      body(''),
      'create trigger tr before update of x on t for each row when (new.x > 1) execute function f()',
    ),
    after: viewed(
      (t) => t.bigInteger('x'),
      body(''),
      'create trigger tr before update of x on t for each row when (new.x > 1) execute function f()',
    ),
    rows: xs(1),
  },
  {
    name: 'a domain changes',
    ...pg,
    before: all(
      sql(domain('> 0')),
      table((t) => t.specificType('x', 'amount')),
    ),
    after: all(
      sql(domain('> 1')),
      table((t) => t.specificType('x', 'amount')),
    ),
    rows: xs(5),
  },
  {
    name: 'a domain comes and goes',
    ...pg,
    before: all(
      sql('create domain old as text'),
      table((t) => t.specificType('x', 'old')),
    ),
    after: all(
      sql(domain('> 1')),
      table((t) => [t.text('x'), t.specificType('y', 'amount')]),
    ),
    rows: xs('a'),
  },
  {
    name: 'a sequence changes',
    ...pg,
    before: sql('create sequence s'),
    after: sql('create sequence s increment by 3 minvalue 0 start 0'),
  },
];

const SEVERAL: readonly Case[] = [
  {
    name: 'many changes of one table',
    options: ALL,
    before: all(
      table((t) => t.string('name'), 'other'),
      table((t, db) => [
        t.integer('x').notNullable(),
        t.string('gone').index(),
        t.string('s', 10),
        t.integer('k'),
        t.check('x > 0', {}, 'ck'),
        t.foreign('k', 'fk').references('id').inTable('other'),
        db,
      ]),
    ),
    after: all(
      table((t) => t.string('name'), 'other'),
      table((t) => [
        t.bigInteger('x'),
        t.string('s', 20).notNullable().defaultTo('q'),
        t.boolean('fresh').notNullable().defaultTo(false),
        t.integer('k').index(),
        t.check('x > 1', {}, 'ck'),
        t.unique(['x', 's'], { indexName: 'uq' }),
      ]),
    ),
    rows: (db) => db('t').insert({ x: 5, s: 'a', gone: 'g' }),
  },
  {
    name: 'a table and its columns renamed, with keys to it',
    before: all(
      table((t) => [t.string('x').unique('ux'), t.check("x <> ''", {}, 'ck')], 'parent'),
      table((t) => t.string('px').references('x').inTable('parent').withKeyName('fk'), 'kid'),
    ),
    after: all(
      table((t) => [t.string('y').unique('ux'), t.check("y <> ''", {}, 'ck')], 'elder'),
      table((t) => t.string('px').references('y').inTable('elder').withKeyName('fk'), 'kid'),
    ),
    rows: async (db) => {
      await db('parent').insert({ x: 'a' });
      await db('kid').insert({ px: 'a' });
    },
  },
  {
    name: 'a key of another type on both sides',
    before: all(
      (db) => db.schema.createTable('parent', (t) => t.integer('id').primary()),
      table((t) => t.integer('x').references('id').inTable('parent')),
    ),
    after: all(
      (db) => db.schema.createTable('parent', (t) => t.string('id', 40).primary()),
      table((t) => t.string('x', 40).references('id').inTable('parent')),
    ),
    rows: async (db) => {
      await db('parent').insert({ id: 1 });
      await db('t').insert({ x: 1 });
    },
  },
  {
    name: 'serial becomes bigserial',
    ...pg,
    before: (db) => db.schema.createTable('t', (t) => [t.increments('id'), t.integer('x')]),
    after: (db) => db.schema.createTable('t', (t) => [t.bigIncrements('id'), t.integer('x')]),
    rows: xs(1, 2),
  },
  {
    name: 'a column that is computed from one that changes',
    ...pg,
    before: table((t) => [
      t.integer('x'),
      t.specificType('y', 'bigint generated always as (x * 2) stored').index(),
    ]),
    after: table((t) => [
      t.bigInteger('x'),
      t.specificType('y', 'bigint generated always as (x * 2) stored').index(),
    ]),
    rows: xs(1),
  },
  {
    name: 'a table without metadata',
    before: table((t) => t.integer('x'), 'a'),
    after: all(
      table((t) => t.integer('x'), 'a'),
      table((t) => t.metadata(false).integer('x'), 'b'),
    ),
    says: ['t.metadata(false)'],
  },
  {
    name: 'a project’s own updated_at and notes',
    before: table((t) => t.integer('x'), 'a'),
    after: table((t) => [t.integer('x'), t.string('notes', 20)], 'a'),
    says: [/t\.string\('notes', 20\)/],
  },
  {
    name: 'a project’s own column goes',
    before: table((t) => [t.integer('x'), t.string('notes', 20), t.timestamps(true, true)], 'a'),
    after: table((t) => t.integer('x'), 'a'),
  },
  {
    name: 'a column of a few values',
    before: async () => {},
    after: table((t) => [
      t.enu('x', ['a', 'b, c']).notNullable().defaultTo('a'),
      t.check("id > 0 and x <> 'q'", {}, 'ck'),
    ]),
    says: [/t\.enu\('x', \['a', 'b, c'\]\)\.notNullable\(\)\.defaultTo\('a'\);/],
  },
  {
    name: 'a table that cannot be made in one with its keys',
    before: async () => {},
    after: all(
      table((t) => [
        t.integer('x').references('id').inTable('t').onDelete('CASCADE').index(),
        t.string('s').notNullable().unique(),
      ]),
    ),
    says: [/\.references\('id'\)/, /\.unique\(\)/],
    never: ['is_active', 'updated_at', 'create trigger'],
  },
];

const odd = (define: (t: Knex.CreateTableBuilder, db: Knex) => unknown) => (db: Knex) =>
  db.schema.createTable('Odd "Name\' $', (t) => {
    t.increments('i d');
    define(t, db);
  });

const HOSTILE: readonly Case[] = [
  {
    name: 'hostile names',
    before: async () => {},
    after: odd((t) => [
      t.integer("a'b").index(),
      t.string('Select').unique(),
      t.integer('`tick').references('i d').inTable('Odd "Name\' $'),
    ]),
  },
  {
    name: 'hostile names in an alteration',
    before: odd((t) => t.integer("a'b")),
    after: odd((t) => [t.bigInteger("a'b").notNullable().defaultTo(1), t.string('x "y').index()]),
  },
  {
    name: 'hostile texts',
    before: table((t) => t.text('x')),
    after: table((t, db) => [
      t.text('x').defaultTo("a'b"),
      t.text('q').defaultTo('what? $\u007bx} `y`'),
      t.text('b').defaultTo(db.raw("'back\\slash'")),
      t.check("x <> '?' and x <> 'it''s'", {}, 'ck'),
      ...(isPostgres(db) ? [t.text('c').comment('is it? `no` $\u007bnever}'), t.comment('t?')] : []),
    ]),
    rows: xs('a'),
  },
  {
    name: 'hostile text in a line of its own',
    before: table((t) => t.text('x')),
    after: table((t, db) => [t.text('x'), t.text('n').defaultTo(db.raw("'two\nlines'"))]),
    rows: xs('a'),
  },
  {
    name: 'names of 63 bytes',
    before: async () => {},
    after: table(
      (t) => [
        t.integer('a_column_with_a_rather_long_name').index(),
        t.integer('another_column_with_a_long_name').unique(),
        t.integer('c').references('id').inTable('a_table_with_a_name_that_is_nearly_as_long_as_it_can_be'),
      ],
      'a_table_with_a_name_that_is_nearly_as_long_as_it_can_be',
    ),
  },
];

const HAZARDS: readonly Case[] = [
  {
    name: 'NOT NULL without a default is said',
    before: table((t) => t.integer('x')),
    after: table((t) => [t.integer('x'), t.integer('y').notNullable()]),
    says: [/CAN FAIL: t\.y is NOT NULL without a default/, /Give it a default/],
  },
  {
    name: 'what is lost is said, and not where it only goes again',
    before: table((t) => [t.integer('x'), t.integer('y')]),
    after: table((t) => [t.integer('x'), t.integer('z').unique()]),
    says: [/DATA LOSS: the values of t\.y are gone/],
    never: ['the values of t.z'],
  },
  {
    name: 'each of two that are alike is said by its name',
    ...lite,
    before: table((t) => [t.integer('x'), t.integer('w'), t.integer('y'), t.integer('z')]),
    after: table((t) => [
      t.integer('a'),
      t.integer('b'),
      t.integer('y').references('id').inTable('t'),
      t.integer('z').references('id').inTable('t'),
    ]),
    options: {
      renames: [
        { kind: 'column', table: { schema: undefined, name: 't' }, from: 'x', to: 'a' },
        { kind: 'column', table: { schema: undefined, name: 't' }, from: 'w', to: 'b' },
      ],
    },
    says: [/every y of t has/, /every z of t has/, /the name t\.x fails/, /the name t\.w fails/],
  },
  {
    name: 'values of a check as one writes them',
    on: 'postgresql',
    before: table((t) => t.enu('x', ['a', 'b'])),
    after: table((t) => t.enu('x', ['a', 'b c', 'd'])),
    says: ["x in ('a', 'b c', 'd')", "x in ('a', 'b')"],
    never: ['ANY'],
  },
  {
    name: 'a cast that can fail and a long lock are said',
    on: 'postgresql',
    before: table((t) => t.text('x')),
    after: table((t) => t.integer('x').index()),
    rows: xs('1'),
    says: [
      /CAN FAIL: t\.x changes from text to integer/,
      /LONG LOCK: t\.x/,
      /CREATE INDEX\s+(\/\/ )?CONCURRENTLY/,
    ],
  },
  {
    name: 'a new table has no hazards',
    before: async () => {},
    after: table((t) => [t.integer('x').notNullable().unique().references('id').inTable('t')]),
    never: ['CAN FAIL', 'LONG LOCK', 'DATA LOSS: the values'],
  },
];

const LITE: readonly Case[] = [
  {
    name: 'constraints without names in the text',
    ...lite,
    before: sql(
      'create table t (id integer primary key, x integer unique check (x > 0), y text, unique (x, y), check (y <> x))',
    ),
    after: sql('create table t (id integer primary key, x integer, y text collate nocase, check (y <> x))'),
    rows: (db) => db('t').insert({ x: 1, y: 'a' }),
  },
  {
    name: 'strict tables and tables without rowid come',
    ...lite,
    before: async () => {},
    after: sql(
      'create table t (id integer primary key, x text) strict',
      'create table u (a text primary key, b int) without rowid',
    ),
  },
  {
    name: 'a number of the row that does not say NOT NULL, in a table beyond the builder, comes',
    ...lite,
    before: async () => {},
    after: sql('create table t (id integer primary key, "a.b" text)'),
    never: [/id INTEGER not null/i],
  },
  {
    name: 'a table that gets a name with a dollar and a number, and whose trigger has its name from it',
    ...lite,
    before: (db) => db.schema.createTable('t', (t) => t.integer('x')),
    after: (db) => db.schema.createTable('a$1', (t) => t.integer('x')),
    rows: (db) => db('t').insert({ x: 1 }),
    options: {
      leave: [],
      renames: [
        {
          kind: 'table',
          from: { schema: undefined, name: 't' },
          to: { schema: undefined, name: 'a$1' },
        },
      ],
    },
  },
  {
    name: 'keys with directions and conflicts',
    ...lite,
    before: sql('create table t (a text, b text)'),
    after: sql(
      'create table t (a text, b text, primary key (a desc, b), unique (b collate nocase) on conflict replace)',
    ),
    rows: (db) => db('t').insert({ a: 'a', b: 'b' }),
  },
  {
    name: 'AUTOINCREMENT comes',
    ...lite,
    before: sql('create table t (id integer primary key, x text)'),
    after: sql('create table t (id integer primary key autoincrement, x text)'),
    rows: xs('a'),
  },
  {
    name: 'a virtual computed column',
    ...lite,
    before: table((t) => t.integer('x')),
    after: table((t) => [t.integer('x'), t.specificType('y', 'integer generated always as (x * 2) virtual')]),
    rows: xs(1),
  },
  {
    name: 'spelling alone is no change',
    ...lite,
    leaves: true,
    before: sql(
      'create table t (id INTEGER PRIMARY KEY, x VARCHAR (30) DEFAULT (1+2), CHECK ("x"<>\'A\'))',
      'create index ix on t(x) where ("x" IS NOT NULL)',
    ),
    after: sql(
      'create table "t" (`id` integer primary key, [x] varchar(30) default ( 1 + 2 ), check ((x <> \'A\')))',
      'create index ix on t (`x`) where x is not null',
    ),
    never: ['knex.raw', 'knex.schema'],
  },
  {
    name: 'NULLs in a foreign key that says more',
    ...lite,
    before: sql('create table p (id integer primary key)', 'create table t (id integer primary key, x int)'),
    after: sql(
      'create table p (id integer primary key)',
      'create table t (id integer primary key, x int references p deferrable initially deferred)',
    ),
    rows: xs(null),
  },
];

const CASES = [...ENUMS, ...VIEWS, ...OBJECTS, ...SEVERAL, ...HOSTILE, ...HAZARDS, ...LITE];

const RENAMES: Readonly<Record<string, readonly (readonly [string, string, string?])[]>> = {
  'a table and its columns renamed, with keys to it': [
    ['parent', 'elder'],
    ['x', 'y', 'elder'],
  ],
  'a view over a renamed column': [['x', 'y', 't']],
};

eachEngine('changes beyond the acceptance list', (engine) => {
  for (const { name, on, says = [], never = [], ...test } of CASES) {
    if (on !== undefined && on !== engine.name) continue;
    it(name, async () => {
      const schema =
        engine.name === 'postgresql' ? own({ client: { config: { client: 'pg' } } } as Knex) : undefined;
      const renames = (RENAMES[name] ?? []).map(([from, to, of]) =>
        of === undefined
          ? { kind: 'table' as const, from: { schema, name: from }, to: { schema, name: to } }
          : { kind: 'column' as const, table: { schema, name: of }, from, to },
      );
      const options = renames.length === 0 ? test.options : { ...test.options, renames };
      const { text } = await loop(engine, { ...test, ...(options === undefined ? {} : { options }) });
      for (const part of says)
        expect(text).to.match(part instanceof RegExp ? part : new RegExp(part.replace(/[()$?.]/g, '\\$&')));
      for (const part of never) expect(text.includes(String(part)), text).to.equal(false);
    });
  }
});
