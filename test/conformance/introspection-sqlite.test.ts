import { expect } from 'chai';
import knex from 'knex';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import type { KeyPart } from '../../lib/schema/tableIndex.js';
import { freshSqlite } from '../support/databases.js';
import {
  check,
  column,
  foreignKey,
  index,
  key,
  part,
  readBack,
  tableNamed,
} from '../support/introspection.js';

/** Reads back what the statements make in a database of their own. */
const read = async (statements: string): Promise<DatabaseSchema> => readBack(await freshSqlite(), statements);

/** To this engine NULL is the least value. */
const col = (name: string, more: Partial<KeyPart> = {}) => part({ column: name, nulls: 'first', ...more });

const to = (name: string) => ({ schema: undefined, name });

describe('introspection of SQLite', () => {
  it('columns: types, defaults, collations, generated ones, the number of the row', async () => {
    const schema = await read(`
      create table "T" (
        id integer primary key autoincrement,
        \`label\` varchar(30) not null on conflict ignore default 'it''s', -- a comment, with a comma
        [price] numeric(10, 2) default -1.5 /* another */,
        untyped,
        "at" datetime default (strftime('%Y, ?', 'now')),
        body text collate nocase default "x",
        empty text default null,
        joined text generated always as (label || ', (' || body) stored,
        twice as (price * 2) not null
      );
      create table plain (id integer primary key, n int);
      create table descending (id integer primary key desc);
      create table text_key (id text primary key);
      create table own_order (id integer primary key) without rowid`);
    expect(tableNamed(schema, 'T').columns).to.deep.equal([
      column('id', 'INTEGER', { nullable: false, numbering: { kind: 'rowid', reuses: false } }),
      column('label', 'varchar(30)', {
        nullable: false,
        notNullConflict: 'ignore',
        defaultTo: "'it''s'",
      }),
      column('price', 'numeric(10, 2)', { defaultTo: '-1.5' }),
      column('untyped', ''),
      column('at', 'datetime', { defaultTo: "strftime('%Y, ?', 'now')" }),
      column('body', 'TEXT', { collation: 'nocase', defaultTo: "'x'" }),
      column('empty', 'TEXT'),
      column('joined', 'TEXT', { generated: { expression: "label || ', (' || body", kind: 'stored' } }),
      column('twice', '', { nullable: false, generated: { expression: 'price * 2', kind: 'virtual' } }),
    ]);
    expect(tableNamed(schema, 'plain').columns[0]?.numbering).to.deep.equal({ kind: 'rowid', reuses: true });
    expect(tableNamed(schema, 'plain').columns[1]?.type).to.equal('INT');
    expect(tableNamed(schema, 'descending').columns[0]).to.deep.equal(column('id', 'INTEGER'));
    expect(tableNamed(schema, 'own_order').columns[0]).to.deep.equal(
      column('id', 'INTEGER', { nullable: false }),
    );
    expect(tableNamed(schema, 'text_key').columns[0]).to.deep.equal(column('id', 'TEXT'));
  });

  it('keys: inline, of the table, named, with collation, direction and conflict clause', async () => {
    const schema = await read(`
      create table a (id int constraint "the key" primary key on conflict replace, b text unique, c text,
        constraint two unique (C, 'b') on conflict rollback, unique (c collate nocase desc, b));
      create table b (x int, y text, primary key (y, x desc)) without rowid, strict;
      create table c (x int primary key desc)`);
    const a = tableNamed(schema, 'a');
    expect(a.primaryKey).to.deep.equal(key('the key', ['id'], { conflict: 'replace' }));
    expect(a.uniques).to.deep.equal([
      key(undefined, ['b']),
      key('two', ['c', 'b'], { conflict: 'rollback' }),
      key(undefined, ['c', 'b'], {
        parts: [col('c', { collation: 'nocase', descending: true, nulls: 'last' }), col('b')],
      }),
    ]);
    const b = tableNamed(schema, 'b');
    expect([b.isWithoutRowid, b.isStrict, a.isWithoutRowid, a.isStrict]).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect(b.primaryKey?.parts).to.deep.equal([col('y'), col('x', { descending: true, nulls: 'last' })]);
    expect(b.columns.map(({ nullable }) => nullable)).to.deep.equal([false, false]);
    expect(tableNamed(schema, 'c').primaryKey?.parts).to.deep.equal([
      col('x', { descending: true, nulls: 'last' }),
    ]);
  });

  it('foreign keys: inline and of the table, actions, deferral, without columns', async () => {
    const schema = await read(`
      create table p (id integer primary key, x int, y int, unique (x, y));
      create table c (
        a int references p,
        b int constraint named references "p" ("id") on delete set null on update cascade not null,
        c int references p (id) match full on delete set default deferrable initially deferred default 1,
        d int references p (id) not deferrable initially deferred,
        e int references p (id) not null check (e > 0) deferrable initially deferred,
        foreign key (a, B) references p (x, y) on update restrict deferrable,
        constraint "self" foreign key (a) references c (a) on delete no action)`);
    expect(tableNamed(schema, 'c').foreignKeys).to.deep.equal([
      foreignKey(undefined, ['a'], to('p'), { targetColumns: undefined }),
      foreignKey('named', ['b'], to('p'), { onDelete: 'set null', onUpdate: 'cascade' }),
      foreignKey(undefined, ['c'], to('p'), { onDelete: 'set default', deferral: 'initially deferred' }),
      foreignKey(undefined, ['d'], to('p')),
      foreignKey(undefined, ['e'], to('p'), { deferral: 'initially deferred' }),
      foreignKey(undefined, ['a', 'b'], to('p'), {
        targetColumns: ['x', 'y'],
        onUpdate: 'restrict',
        deferral: 'initially immediate',
      }),
      foreignKey('self', ['a'], to('c'), { targetColumns: ['a'] }),
    ]);
    expect(tableNamed(schema, 'c').columns[1]?.nullable).to.equal(false);
    expect(tableNamed(schema, 'c').columns[2]?.defaultTo).to.equal('1');
  });

  it('checks by expression', async () => {
    const schema = await read(`
      create table t (a int check (a > 0) constraint low check (a < length(')')),
        b text not null check(b in ('x', 'y -- no comment')),
        constraint both check (a > 1 -- why
          or b <> 'z'))`);
    expect(tableNamed(schema, 't').checks).to.deep.equal([
      check(undefined, 'a > 0'),
      check('low', "a < length(')')"),
      check(undefined, "b in ('x', 'y -- no comment')"),
      check('both', "a > 1 or b <> 'z'"),
    ]);
  });

  it('indexes: unique, expressions, collation, order, WHERE', async () => {
    const schema = await read(`
      create table t (id integer primary key, "On" text, b text collate nocase, "a b" int, c int);
      create index plain on t (c);
      create unique index if not exists "ix (1)" on t ("a b" desc, 'b' collate nocase, c asc);
      create index exprs on t (lower("On"), c + 1 desc, b collate binary, (b || ',') collate rtrim desc);
      create index part on "t" (c) where c > 5 and "On" is not 'where'`);
    expect(tableNamed(schema, 't').indexes).to.deep.equal([
      index('exprs', [
        part({ expression: 'lower("On")', nulls: 'first' }),
        part({ expression: 'c + 1', descending: true }),
        col('b', { collation: 'binary' }),
        part({ expression: "(b || ',')", collation: 'rtrim', descending: true }),
      ]),
      index('ix (1)', [col('a b', { descending: true, nulls: 'last' }), col('b'), col('c')], {
        unique: true,
      }),
      index('part', [col('c')], { predicate: `c > 5 and "On" is not 'where'` }),
      index('plain', [col('c')]),
    ]);
  });

  it('views and triggers, with what a view is made of', async () => {
    const schema = await read(
      `
      create table t (id integer primary key, b text);
      create table audit (b text);
      create view v (one, "two 2") as select t.id, b from main.T where b <> 'audit?';
      create view w as with x as (select * from v) select one as t2 from x join "audit" on one = audit.b;
      create trigger on_t after update of b on t when new.b <> old.b begin insert into audit values (new.b); select 1; end;
      create trigger on_v instead of insert on V begin select 1; end`.replaceAll(
        'select 1; end',
        'select 1;end',
      ),
    );
    const trigger = (name: string, definition: string) => ({
      name,
      comment: undefined,
      definition,
      calls: undefined,
      enabled: 'yes',
      stamps: undefined,
    });
    expect(
      schema.views.map(({ name, columns, definition, dependsOn }) => ({
        name,
        columns: columns.map((each) => each.name),
        definition,
        dependsOn: dependsOn.map(({ kind, name: on }) => `${kind} ${on}`),
      })),
    ).to.deep.equal([
      {
        name: 'v',
        columns: ['one', 'two 2'],
        definition: "select t.id, b from main.T where b <> 'audit?'",
        dependsOn: ['table t'],
      },
      {
        name: 'w',
        columns: [],
        definition: 'with x as (select * from v) select one as t2 from x join "audit" on one = audit.b',
        dependsOn: ['view v', 'table audit'],
      },
    ]);
    expect(schema.views[0]?.triggers).to.deep.equal([
      trigger('on_v', 'CREATE TRIGGER on_v instead of insert on V begin select 1;end'),
    ]);
    expect(tableNamed(schema, 't').triggers).to.deep.equal([
      trigger(
        'on_t',
        'CREATE TRIGGER on_t after update of b on t when new.b <> old.b begin insert into audit values (new.b); select 1;end',
      ),
    ]);
  });

  it('names virtual tables and those that belong to them', async () => {
    const schema = await read(`
      create table t (id integer primary key autoincrement);
      create virtual table docs using fts5 (body)`);
    expect(schema.tables.map(({ name }) => name)).to.deep.equal(['t']);
    expect(schema.others.map(({ kind, name, table }) => [kind, name, table])).to.deep.equal([
      ['virtual table', 'docs', undefined],
      ['shadow table', 'docs_config', 'docs'],
      ['shadow table', 'docs_content', 'docs'],
      ['shadow table', 'docs_data', 'docs'],
      ['shadow table', 'docs_docsize', 'docs'],
      ['shadow table', 'docs_idx', 'docs'],
    ]);
    expect(schema.others[0]?.definition).to.equal('CREATE VIRTUAL TABLE docs using fts5 (body)');
  });

  it('reads past a view that no longer works', async () => {
    const schema = await read(`
      create table t (a int);
      create table gone (a int);
      create view broken as select a from gone;
      drop table gone`);
    expect(schema.tables.map(({ name }) => name)).to.deep.equal(['t']);
    expect(schema.views.map(({ name, dependsOn }) => [name, dependsOn])).to.deep.equal([['broken', []]]);
  });

  it('agrees with the engine’s own pragmas on tables that Knex and ALTER TABLE made', async () => {
    const database = await freshSqlite();
    const db = knex(database.config);
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('email').unique();
      t.enu('kind', ['a', 'b, c']).defaultTo('a');
      t.integer('boss').references('id').inTable('users').onDelete('SET NULL');
      t.decimal('x').checkPositive();
    });
    await db.schema.createTable('posts', (t) => {
      t.integer('a').notNullable();
      t.integer('b');
      t.integer('author').references('users.id').onDelete('CASCADE').withKeyName('author_key');
      t.primary(['b', 'a']);
      t.unique(['b', 'author']);
    });
    await db.raw('alter table posts add column late int default 7 references users(id) check (late > 0)');
    await db.raw('alter table posts rename column b to "b 2"');
    await db.raw('alter table users rename to people');
    await db.raw('create table copied as select id, email from people');
    const keys: Record<string, unknown>[] = await db.raw(
      `select m.name as child, f."table" as parent, f."from" as own, f."to" as other, on_delete as action
       from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table' order by m.name, f.id desc, f.seq`,
    );
    await db.destroy();
    const schema = await readBack(database, '');
    const read = schema.tables.flatMap((table) =>
      table.foreignKeys.map((each) => ({
        child: table.name,
        parent: each.target.name,
        own: each.columns[0],
        other: each.targetColumns?.[0],
        action: each.onDelete.toUpperCase(),
      })),
    );
    expect(read.length).to.equal(3);
    expect(keys).to.have.deep.members(read);
    const posts = tableNamed(schema, 'posts');
    expect(posts.primaryKey?.columns).to.deep.equal(['b 2', 'a']);
    expect(posts.foreignKeys.map(({ name }) => name)).to.deep.equal([undefined, 'author_key']);
    expect(posts.checks).to.deep.equal([check(undefined, 'late > 0')]);
    expect(tableNamed(schema, 'people').checks.map(({ expression }) => expression)).to.deep.equal([
      "`kind` in ('a', 'b, c')",
      '`x` > 0',
    ]);
    expect(tableNamed(schema, 'copied').columns.map(({ name }) => name)).to.deep.equal(['id', 'email']);
  });
});
