import { expect } from 'chai';
import type { Rename } from '../../lib/diff/options.js';
import type { ObjectName } from '../../lib/schema/names.js';
import { eachEngine } from '../support/databases.js';
import { type LoopCase, loop } from '../support/loop.js';
import { sql } from './cases.js';

interface Case extends LoopCase {
  readonly name: string;
  /** A query on the old database, which gives the same after down. */
  readonly kept?: string;
  /** Whether it gives the same after up, too. */
  readonly keptUp?: boolean;
}

const touch = `create function touch() returns trigger language plpgsql as $$begin return new; end$$`;
const status = `create type status as enum ('a', 'b')`;
const names = (name: string, schema = 'public'): ObjectName => ({ schema, name });
const local = (name: string): ObjectName => ({ schema: undefined, name });
const moved = (from: ObjectName, to: ObjectName): Rename => ({ kind: 'table', from, to });
const called = (from: string, to: string): Rename => ({ kind: 'column', table: names('t'), from, to });
const valued = (from: string, to: string): Rename => ({ kind: 'enumValue', type: names('mood'), from, to });

const reader = `do $$begin if not exists (select from pg_roles where rolname = 'reader_of_access') then create role reader_of_access; end if; end$$`;
const open = sql(
  'revoke execute on function f(integer) from public',
  'grant execute on function f(integer) to reader_of_access with grant option',
  'revoke usage on type mood from public',
  'grant usage on type mood to reader_of_access',
  'grant usage on type amount to reader_of_access',
  'alter type amount owner to reader_of_access',
);
/** Who may use what, and who owns it. */
const ACCESS = `select array(select coalesce(p.proacl, acldefault('f', p.proowner))::text from pg_proc p where p.proname = 'f') as f,
  array(select array[t.typname, coalesce(t.typacl, acldefault('T', t.typowner))::text, pg_get_userbyid(t.typowner)] from pg_type t
    where t.typname in ('mood', 'amount') order by 1) as types`;

/** What names an enum by its functions alone, and what names that. */
const usesOfMood = [
  `create function rank_of(mood) returns integer immutable language sql as 'select length($1::text)'`,
  `create function usual() returns mood immutable language sql as $$select 'a'::mood$$`,
  'create table t (id integer primary key, x mood default usual() check (rank_of(x) > 0), c boolean generated always as (rank_of(x) > 1) stored)',
  'create table plain (id integer primary key, y text, z integer default rank_of(usual()) check (z < 7 or rank_of(usual()) > 0))',
  'create index x_ix on t (rank_of(x))',
  'create view v as select id, rank_of(usual()) as r from plain',
  'create view w as select id, r from v',
];

/** What random pairs of schemas have found on PostgreSQL, each made small. */
const CASES: readonly Case[] = [
  {
    name: 'privileges and owners of a function, an enum and a domain that are made anew',
    before: sql(
      reader,
      `create type mood as enum ('a', 'b')`,
      'create domain amount as integer',
      'create function f(integer) returns integer language sql as $$ select 1 $$',
      'create table t (id integer primary key, x mood, n amount)',
    ),
    after: sql(
      reader,
      `create type mood as enum ('b')`,
      'create domain amount as numeric(9, 2)',
      'create function f(integer) returns bigint language sql as $$ select 1::bigint $$',
      'create table t (id integer primary key, x mood, n amount)',
    ),
    rows: async (db) => {
      await open(db);
      await sql(`insert into t values (1, 'b', 2)`)(db);
    },
    kept: ACCESS,
    keptUp: true,
  },
  {
    name: 'a serial column that was made wider by hand, and its sequence not',
    before: sql(
      'create table t (id integer primary key, n serial)',
      'alter table t alter n type bigint, alter n drop not null',
      'insert into t (id) values (1), (2)',
    ),
    after: sql('create table t (id integer primary key, n serial)'),
    kept: "select id, n::text, nextval('t_n_seq') > 2 as goes_on from t order by id",
    keptUp: true,
  },
  {
    name: 'a serial column that is another one, and may not be NULL any more',
    before: sql(
      'create table t (id integer primary key, n bigserial)',
      'alter table t alter n drop not null',
      'insert into t (id) values (1), (2)',
    ),
    after: sql('create table t (id integer primary key, n serial)'),
    kept: "select id, n::text, nextval('t_n_seq') > 2 as goes_on from t order by id",
    keptUp: true,
  },
  {
    name: 'a column with a dot in its name that changes its type by a cast',
    before: sql('create table t (id integer primary key, "a.b" boolean)'),
    after: sql('create table t (id integer primary key, "a.b" bigint)'),
    rows: sql('insert into t values (1, true)'),
  },
  {
    name: 'a column with a trigger on it that changes its type while its table is renamed',
    before: sql(
      touch,
      'create table t (id integer primary key, x integer)',
      'create trigger tr before update of x on t for each row execute function touch()',
    ),
    after: sql(
      touch,
      'create table u (id integer primary key, x bigint, constraint t_pkey2 check (id > 0))',
      'create trigger tr before update of x on u for each row execute function touch()',
    ),
    rows: sql('insert into t values (1, 2)'),
    options: { leave: [], renames: [{ kind: 'table', from: names('t'), to: names('u') }] },
  },
  {
    name: 'a default of an array of an enum whose value is renamed',
    before: sql(
      `create type mood as enum ('a', 'b')`,
      `create table t (id integer primary key, x mood[] default '{a,b}')`,
    ),
    after: sql(
      `create type mood as enum ('z', 'b')`,
      `create table t (id integer primary key, x mood[] default '{z,b}')`,
    ),
    rows: sql(`insert into t values (1, '{a}')`),
    options: {
      leave: [],
      renames: [{ kind: 'enumValue', type: names('mood'), from: 'a', to: 'z' }],
    },
  },
  {
    name: 'a default of an array of an enum that loses a value',
    before: sql(
      `create type mood as enum ('a', 'b')`,
      `create table t (id integer primary key, x mood[] default '{a,b}')`,
    ),
    after: sql(
      `create type mood as enum ('a')`,
      `create table t (id integer primary key, x mood[] default '{a}')`,
    ),
    rows: sql(`insert into t values (1, '{a}')`),
  },
  {
    name: 'two tables that exchange their names, with what has its name from them',
    before: sql(
      'create table a (id serial primary key, x integer constraint a_x unique)',
      'create table b (id serial primary key, y text constraint b_x unique)',
      'create index a_ix on a (x, id)',
      'create index b_ix on b (y, id)',
    ),
    after: sql(
      'create table b (id serial primary key, x integer constraint b_x unique)',
      'create table a (id serial primary key, y text constraint a_x unique)',
      'create index b_ix on b (x, id)',
      'create index a_ix on a (y, id)',
    ),
    rows: sql('insert into a (x) values (1)', `insert into b (y) values ('one')`),
    options: { leave: [], once: [moved(names('a'), names('b')), moved(names('b'), names('a'))] },
    kept: 'select a.id, x, b.id, y from a, b',
  },
  {
    name: 'two tables that exchange their names, of which one gets a sequence by the name of the other',
    before: sql(
      'create table a (id serial primary key, x integer)',
      'create table b (id integer primary key, y text)',
    ),
    after: sql(
      'create table b (id serial primary key, x integer)',
      'create table a (id serial primary key, y text)',
    ),
    rows: sql('insert into a (x) values (1)', `insert into b values (1, 'one')`),
    options: { leave: [], once: [moved(names('a'), names('b')), moved(names('b'), names('a'))] },
    kept: `select a.id, x, b.id, y, pg_get_serial_sequence('a', 'id') from a, b`,
  },
  {
    name: 'indexes of a table that exchange their names',
    before: sql(
      'create table t (id integer primary key, x integer, y integer)',
      'create index one on t (x)',
      'create index two on t (y)',
    ),
    after: sql(
      'create table t (id integer primary key, x integer, y integer)',
      'create index two on t (x)',
      'create index one on t (y)',
    ),
  },
  {
    name: 'tables of two schemas that exchange their places, with what has its name from them',
    before: sql(
      'create schema s1',
      'create table t (id serial primary key, x integer constraint t_x unique)',
      'create table s1.t (id serial primary key, y text constraint t_x unique)',
    ),
    after: sql(
      'create schema s1',
      'create table s1.t (id serial primary key, x integer constraint t_x unique)',
      'create table t (id serial primary key, y text constraint t_x unique)',
    ),
    rows: sql('insert into t (x) values (1)', `insert into s1.t (y) values ('one')`),
    options: {
      leave: [],
      once: [moved(names('t'), names('t', 's1')), moved(names('t', 's1'), names('t'))],
    },
    kept: 'select a.id, x, b.id, y from t a, s1.t b',
  },
  {
    name: 'a table that moves into a schema where its names are taken by one that goes',
    before: sql(
      'create schema s1',
      'create table t (id serial primary key, x integer constraint t_x unique)',
      'create table s1.other (id integer constraint t_pkey primary key, y text constraint t_x unique)',
      'create sequence s1.t_id_seq owned by s1.other.id',
    ),
    after: sql(
      'create schema s1',
      'create table s1.t (id serial primary key, x integer constraint t_x unique)',
    ),
    rows: sql('insert into t (x) values (1)'),
    options: { leave: [], renames: [moved(names('t'), names('t', 's1'))] },
    kept: 'select id, x from t',
  },
  {
    name: 'a domain that becomes one of another type under a computed column',
    before: sql(
      'create domain amount as bigint',
      'create table t (id integer primary key, x amount, c numeric generated always as (abs(x)) stored)',
      'create index c_ix on t (c)',
    ),
    after: sql(
      'create domain amount as integer',
      'create table t (id integer primary key, x amount, c numeric generated always as (abs(x)) stored)',
      'create index c_ix on t (c)',
    ),
    rows: sql('insert into t values (1, -2)'),
    kept: 'select id, x, c from t',
  },
  {
    name: 'a domain that becomes one of another type under a column computed without a cast, with its table renamed',
    before: sql(
      'create domain amount as numeric',
      'create table t (id integer primary key, x amount, c boolean generated always as (x is null) stored check (c))',
    ),
    after: sql(
      'create domain amount as numeric(8,2)',
      'create table u (id integer primary key, x amount, c boolean generated always as (x is null) stored check (c))',
    ),
    rows: sql('insert into t values (1)'),
    options: { leave: [], renames: [moved(names('t'), names('u'))] },
    kept: 'select id, x, c from t',
  },
  {
    name: 'a domain of numbers that becomes one of whole numbers, on columns with a trigger',
    before: sql(
      touch,
      'create domain amount as numeric(8,2)',
      'create table t (id integer primary key, x amount default 5, y amount[])',
      'create trigger tr before update of x on t for each row execute function touch()',
    ),
    after: sql(
      touch,
      'create domain amount as integer',
      'create table t (id integer primary key, x amount default 5, y amount[])',
      'create trigger tr before update of x on t for each row execute function touch()',
    ),
    rows: sql(`insert into t (id, y) values (1, '{1,2.00}')`),
  },
  {
    name: 'an enum that gets a value by the name that another one had, with defaults and a check',
    before: sql(
      `create type mood as enum ('a', 'c')`,
      `create table t (id integer primary key, x mood default 'a', y mood[] default '{a}')`,
      `alter table t add check (x <> 'c'::mood or y is null)`,
    ),
    after: sql(
      `create type mood as enum ('b', 'c', 'a')`,
      `create table t (id integer primary key, x mood default 'b', y mood[] default '{b}')`,
      `alter table t add check (x <> 'a'::mood or y is null)`,
    ),
    rows: sql('insert into t (id) values (1)'),
    options: { leave: [], renames: [valued('a', 'b')], once: [valued('c', 'a')] },
    kept: 'select id, x::text, y::text from t',
  },
  {
    name: 'a computed column that exchanges its name with another one, while what it is computed from changes its type',
    before: sql(
      'create table t (id integer primary key, x integer, a numeric generated always as (x * 2) stored, b integer)',
    ),
    after: sql(
      'create table t (id integer primary key, x smallint, b numeric generated always as (x * 2) stored, a integer)',
    ),
    rows: sql('insert into t (id, x, b) values (1, 2, 3)'),
    options: { leave: [], once: [called('a', 'b'), called('b', 'a')] },
    kept: 'select id, x, a, b from t',
  },
  {
    name: 'a number that another sequence gives, whose table gets another name',
    before: sql('create table t (id serial primary key, x integer)'),
    after: sql('create table u (id bigserial primary key, x integer)'),
    rows: sql('insert into t (x) values (1)'),
    options: { leave: [], renames: [moved(names('t'), names('u'))] },
    kept: 'select id, x from t',
  },
  {
    name: 'a table with metadata and a semicolon in its name that moves out of a schema which goes',
    before: async (db) => {
      await db.raw('create schema s1');
      await db.schema.withSchema('s1').createTable('semi;colon', (t) => t.integer('x'));
    },
    after: (db) => db.schema.createTable('semi;colon', (t) => t.integer('x')),
    options: { leave: [], renames: [moved(names('semi;colon', 's1'), names('semi;colon'))] },
  },
  {
    name: 'a number that becomes one of a domain of whole numbers, and goes back',
    before: sql(
      'create domain amount as integer',
      'create table t (id integer primary key, x numeric(10,2))',
    ),
    after: sql('create domain amount as integer', 'create table t (id integer primary key, x amount)'),
    rows: sql('insert into t values (1, 5)'),
    kept: 'select id, x from t',
  },
  {
    name: 'a column with a dot in its name that gets a type to which nothing casts by itself',
    before: sql(`create table t (id integer primary key, "a.b" text default '1 day', "c.d" jsonb)`),
    after: sql(`create table t (id integer primary key, "a.b" interval default '1 day', "c.d" text)`),
    rows: sql(`insert into t values (1, '02:00:00', '{"a": 1}')`),
    kept: 'select * from t',
  },
  {
    name: 'a number by a sequence with a backslash in its name, whose table moves',
    before: sql('create schema s1', 'create table "a\\b" (id serial primary key)'),
    after: sql('create schema s1', 'create table s1."a\\b" (id serial primary key)'),
    rows: sql('insert into "a\\b" default values'),
    options: { leave: [], renames: [moved(names('a\\b'), names('a\\b', 's1'))] },
    kept: `select id, pg_get_serial_sequence('"a\\b"', 'id') from "a\\b"`,
  },
  {
    name: 'a text that becomes a value which its type gets by then',
    before: sql(`create type mood as enum ('a')`, 'create table t (id integer primary key, x text)'),
    after: sql(`create type mood as enum ('a', 'b')`, 'create table t (id integer primary key, x mood)'),
    rows: sql(`insert into t values (1, 'a'), (2, 'b')`),
    kept: 'select id, x from t',
  },
  {
    name: 'a value that comes to a type all of whose values a check names',
    before: sql(`create type mood as enum ('a')`, 'create table t (id integer primary key, x mood)'),
    after: sql(
      `create type mood as enum ('a', 'b')`,
      'create table t (id integer primary key, x mood check (x = any (enum_range(null::mood))))',
    ),
    rows: sql(`insert into t values (1, 'a')`),
  },
  {
    name: 'an index with another comment on a column that is made anew',
    before: sql(
      'create table t (id integer primary key, x integer, c numeric generated always as (x * 2) stored)',
      'create index c_ix on t (c)',
      `comment on index c_ix is 'old'`,
    ),
    after: sql(
      'create table t (id integer primary key, x bigint, c numeric generated always as (x * 2) stored)',
      'create index c_ix on t (c)',
      `comment on index c_ix is 'new'`,
    ),
    rows: sql('insert into t values (1, 2)'),
    kept: 'select id, x, c from t',
  },
  {
    name: 'a table that is called as its column, and gets another name',
    before: sql("create table status (id integer primary key, status text check (status <> 'b'))"),
    after: sql("create table states (id integer primary key, status text check (status <> 'b'))"),
    rows: sql(`insert into status values (1, 'a')`),
    options: { leave: [], renames: [moved(names('status'), names('states'))] },
    kept: 'select * from status',
  },
  {
    name: 'a column that is called as its type, and gets another name',
    before: sql(status, "create table t (id integer primary key, status status check (status <> 'b'))"),
    after: sql(status, "create table t (id integer primary key, state status check (state <> 'b'))"),
    rows: sql(`insert into t values (1, 'a')`),
    options: { leave: [], renames: [called('status', 'state')] },
    kept: 'select * from t',
  },
  {
    name: 'a type that is called as its column, and gets another name',
    before: sql(
      status,
      `create table t (id integer primary key, status status default 'a' check (status in ('a', 'b')))`,
    ),
    after: sql(
      status.replace('status', 'state'),
      `create table t (id integer primary key, status state default 'a' check (status in ('a', 'b')))`,
    ),
    rows: sql(`insert into t values (1, 'a')`),
    options: { leave: [], renames: [{ kind: 'type', from: names('status'), to: names('state') }] },
    kept: 'select * from t',
  },
  {
    name: 'an enum that loses a value, and gets another name for one, under a check of a list',
    before: sql(
      `create type mood as enum ('a', 'b', 'c')`,
      `create table t (id integer primary key, x mood check (x in ('a', 'b')))`,
    ),
    after: sql(
      `create type mood as enum ('a', 'z')`,
      `create table t (id integer primary key, x mood check (x in ('a', 'z')))`,
    ),
    rows: sql(`insert into t values (1, 'b')`),
    options: { leave: [], renames: [valued('b', 'z')] },
    kept: 'select id, x::text from t',
  },
  {
    name: 'a check that names a type by the name that it gets, and a value that it gets',
    before: sql(status, 'create table t (id integer primary key, x status)'),
    after: sql(
      `create type state as enum ('a', 'b', 'c')`,
      `create table t (id integer primary key, x state check (x <> 'c'))`,
    ),
    rows: sql(`insert into t values (1, 'a')`),
    options: { leave: [], renames: [{ kind: 'type', from: names('status'), to: names('state') }] },
  },
  {
    name: 'a check that comes with a name in quotes, while the type that it names loses a value',
    before: sql(`create type mood as enum ('a', 'b')`, 'create table t (id integer primary key, x mood)'),
    after: sql(
      `create type mood as enum ('a')`,
      `create table t (id integer primary key, x mood constraint "Only A" check (x = 'a'))`,
    ),
    rows: sql(`insert into t values (1, 'a')`),
  },
  {
    name: 'an enum that loses a value, of which a function takes one and gives one back',
    before: sql(
      `create type mood as enum ('a', 'b')`,
      'create table t (id integer primary key, x mood)',
      `create function same(mood) returns mood language sql as 'select $1'`,
      `comment on function same(mood) is 'the same'`,
    ),
    after: sql(
      `create type mood as enum ('a')`,
      'create table t (id integer primary key, x mood)',
      `create function same(mood) returns mood language sql as 'select $1'`,
      `comment on function same(mood) is 'the same'`,
    ),
    rows: sql(`insert into t values (1, 'a')`),
    kept: 'select id, same(x)::text from t',
  },
  {
    name: 'a type that gets another name, which functions take and give back',
    before: sql(
      status,
      `create function same(status status default 'a') returns status language sql as 'select $1'`,
      `create function all_of(x integer, variadic status[]) returns setof status language sql as 'select unnest($2)'`,
    ),
    after: sql(
      status.replace('status', 'state'),
      `create function same(status state default 'a') returns state language sql as 'select $1'`,
      `create function all_of(x integer, variadic state[]) returns setof state language sql as 'select unnest($2)'`,
    ),
    options: { leave: [], renames: [{ kind: 'type', from: names('status'), to: names('state') }] },
    kept: `select same()::text, all_of(1, 'a')::text`,
  },
  {
    name: 'an enum that loses a value, under what only a function of it names',
    before: sql(`create type mood as enum ('a', 'b')`, ...usesOfMood),
    after: sql(`create type mood as enum ('a')`, ...usesOfMood),
    rows: sql(`insert into t values (1, 'a')`, 'insert into plain (id) values (1)'),
    kept: 'select t.id, x::text, c, z from t, plain',
  },
  {
    name: 'a type that gets another name and loses a value, under a view that names neither',
    before: sql(
      `create type mood as enum ('a', 'b')`,
      'create table t (id integer primary key, x mood)',
      'create view v as select id, x is null as empty from t',
    ),
    after: sql(
      `create type feeling as enum ('a')`,
      'create table t (id integer primary key, x feeling)',
      'create view v as select id, x is null as empty from t',
    ),
    rows: sql(`insert into t values (1, 'a')`),
    options: { leave: [], renames: [{ kind: 'type', from: names('mood'), to: names('feeling') }] },
    kept: 'select id, x::text from t',
  },
  {
    name: 'an enum that loses a value, with a function, a check and an index that come with it',
    before: sql(`create type mood as enum ('a', 'b')`, 'create table t (id integer primary key, x mood)'),
    after: sql(
      `create type mood as enum ('a', 'c')`,
      `create function rank_of(mood) returns integer immutable language sql as 'select length($1::text)'`,
      'create table t (id integer primary key, x mood check (rank_of(x) > 0))',
      'create index x_ix on t (rank_of(x))',
    ),
    rows: sql(`insert into t values (1, 'a')`),
    kept: 'select id, x::text from t',
  },
  {
    name: 'a function that changes, with its comment, while the type that it takes is made anew',
    before: sql(
      `create type mood as enum ('a', 'b')`,
      `create function rank_of(mood) returns integer immutable language sql as 'select 1'`,
      'create table t (id integer primary key, x mood check (rank_of(x) > 0))',
    ),
    after: sql(
      `create type mood as enum ('b', 'a')`,
      `create function rank_of(mood) returns integer immutable language sql as 'select 2'`,
      'create table t (id integer primary key, x mood check (rank_of(x) > 0))',
      'create index x_ix on t (rank_of(x))',
      `comment on function rank_of(mood) is 'one'`,
    ),
    rows: sql(`insert into t values (1, 'a')`),
    kept: 'select id, x::text from t',
  },
  {
    name: 'a column that gets another collation, under a computed one and a policy',
    before: sql(
      'create table t (id integer primary key, x text, c text generated always as (upper(x)) stored)',
      `create policy own on t using (x <> 'y')`,
    ),
    after: sql(
      'create table t (id integer primary key, x text collate "C", c text generated always as (upper(x)) stored)',
      `create policy own on t using (x <> 'y')`,
    ),
    rows: sql(`insert into t values (1, 'a')`),
    kept: 'select * from t',
  },
  {
    name: 'a sequence that a column owns which gets another name, and goes',
    before: sql(
      'create table t (id integer primary key, x integer, y integer)',
      'create sequence s owned by t.x',
    ),
    after: sql('create table t (id integer primary key, y integer, x integer)'),
    options: { leave: [], once: [called('x', 'y'), called('y', 'x')] },
    kept: `select attname from pg_depend d join pg_attribute a on attrelid = refobjid and attnum = refobjsubid where objid = 's'::regclass`,
  },
  {
    name: 'a sequence that a column owns whose table moves, and goes or stays',
    before: sql(
      'create schema s1',
      'create table t (id integer primary key, x integer)',
      'create sequence s owned by t.x',
      'create sequence r owned by t.id',
    ),
    after: sql(
      'create schema s1',
      'create table s1.u (id integer primary key, x integer)',
      'create sequence s1.r owned by s1.u.id',
    ),
    options: { leave: [], renames: [moved(names('t'), names('u', 's1'))] },
    kept: `select attname from pg_depend d join pg_attribute a on attrelid = refobjid and attnum = refobjsubid where objid = 's'::regclass`,
  },
  {
    name: 'numbers of a sequence that may be NULL, in a column and in a table that come',
    before: sql(
      'create table t (id integer primary key)',
      'create table going (x serial, y text)',
      'alter table going alter x drop not null',
    ),
    after: sql(
      'create table t (id integer primary key, x serial, "a.b" bigserial)',
      'alter table t alter x drop not null',
      'alter table t alter "a.b" drop not null',
      'create table coming (x serial, y text)',
      'alter table coming alter x drop not null',
      'create table odd ("a.b" serial, y text)',
      'alter table odd alter "a.b" drop not null',
    ),
    rows: sql('insert into t values (1)'),
    kept: 'select * from t',
  },
  {
    name: 'numbers of a sequence that counts in its own way, in a column and in a table that come',
    before: sql('create table t (id integer primary key)'),
    after: sql(
      'create table t (id integer primary key, x serial)',
      'alter sequence t_x_seq as bigint increment by 5',
      'create sequence own start with 7',
      'create table other (id integer primary key default nextval($$own$$))',
      'alter sequence own owned by other.id',
      `create table "${'ä'.repeat(25)}" ("${'b'.repeat(40)}" serial)`,
      `do $$begin execute format('alter sequence %s increment by 7', pg_get_serial_sequence('"${'ä'.repeat(25)}"', '${'b'.repeat(40)}')); end$$`,
      'create table coming (x serial, y text)',
      'alter sequence coming_x_seq start with 1000 cache 10',
      'create table odd ("a.b" serial, y text)',
      'alter sequence "odd_a.b_seq" maxvalue 77 cycle',
    ),
    rows: sql('insert into t values (1)'),
    kept: 'select * from t',
  },
  {
    name: 'tables that come with keys to themselves, however their own keys are said',
    before: sql('create table t (id integer primary key)'),
    after: sql(
      'create table t (id integer primary key)',
      'create table one (id integer, a integer, x text, primary key (id) include (x), constraint one_a_foreign foreign key (a) references one (id))',
      'create table two (id integer, a integer, x integer not null, primary key (id, x), constraint two_id_unique unique (id), constraint two_a_foreign foreign key (a) references two (id), foreign key (a, x) references two (id, x))',
      'create table three (id integer, a integer, x text)',
      'create unique index three_id on three (id)',
      'alter table three add constraint three_a_foreign foreign key (a) references three (id)',
    ),
  },
  {
    name: 'a column that changes its type in the index of a key that others refer to',
    before: sql(
      'create table t (id integer, x varchar, y text, primary key (id) include (x), constraint t_y unique (y))',
      'create table u (id integer primary key, t integer references t (id), y text references t (y))',
    ),
    after: sql(
      'create table t (id integer, x text, y text collate "C", primary key (id) include (x), constraint t_y unique (y))',
      'create table u (id integer primary key, t integer references t (id), y text references t (y))',
    ),
    rows: sql(`insert into t values (1, 'x', 'y')`, `insert into u values (1, 1, 'y')`),
    kept: 'select * from t, u',
  },
  {
    name: 'a function that gives another type back, in use by a table and a view',
    before: sql(
      `create function twice(integer) returns integer immutable language sql as 'select $1 * 2'`,
      'create table t (id integer primary key, x integer default twice(2) check (twice(x) > 0), c numeric generated always as (twice(x)) stored)',
      'create index x_ix on t (twice(x))',
      'create view v as select id from t where twice(id) > 0',
    ),
    after: sql(
      `create function twice(integer) returns bigint immutable language sql as 'select $1 * 2::bigint'`,
      'create table t (id integer primary key, x integer default twice(2) check (twice(x) > 0), c numeric generated always as (twice(x)) stored)',
      'create index x_ix on t (twice(x))',
      'create view v as select id from t where twice(id) > 0',
    ),
    rows: sql('insert into t values (1, 2)'),
    kept: 'select * from t',
  },
  {
    name: 'a function that comes with a check, a default and an index on a table that is there',
    before: sql('create table t (id integer primary key, x integer)'),
    after: sql(
      `create function twice(integer) returns integer immutable language sql as 'select $1 * 2'`,
      'create table t (id integer primary key, x integer default twice(2) check (twice(x) > 0))',
      'create index x_ix on t (twice(x))',
    ),
    rows: sql('insert into t values (1, 2)'),
    kept: 'select * from t',
  },
  {
    name: 'a policy on a column that changes its type, gets another name, and whose table moves',
    before: sql(
      'create schema s1',
      status,
      'create table t (id integer primary key, x varchar(10), y status)',
      'alter table t enable row level security',
      'create policy own on t using (x <> current_user::text)',
      `create policy other on t for update using (y = 'a') with check (y <> 'b' or x = 't')`,
    ),
    after: sql(
      'create schema s1',
      status.replace("'a', 'b'", "'b', 'a'"),
      'create table s1.u (id integer primary key, z text, y status)',
      'alter table s1.u enable row level security',
      'create policy own on s1.u using (z <> current_user::text)',
      `create policy other on s1.u for update using (y = 'a') with check (y <> 'b' or z = 't')`,
    ),
    rows: sql(`insert into t values (1, 'a', 'a')`),
    options: {
      leave: [],
      renames: [
        moved(names('t'), names('u', 's1')),
        { kind: 'column', table: names('u', 's1'), from: 'x', to: 'z' },
      ],
    },
    kept: 'select id, x, y::text from t',
  },
  {
    name: 'statistics, a rule and a setting on a table and a column that get other names',
    before: sql(
      'create table t (id integer primary key, x text, y text)',
      'create statistics st on x, y from t',
      `create rule r as on update to t where new.x = 'n' do instead nothing`,
      'alter table t alter column x set storage external',
    ),
    after: sql(
      'create table u (id integer primary key, z text, y text)',
      'create statistics st on z, y from u',
      `create rule r as on update to u where new.z = 'n' do instead nothing`,
      'alter table u alter column z set storage external',
    ),
    rows: sql(`insert into t values (1, 'a', 'b')`),
    options: {
      leave: [],
      renames: [moved(names('t'), names('u')), { kind: 'column', table: names('u'), from: 'x', to: 'z' }],
    },
    kept: 'select t.*, pg_get_statisticsobjdef(s.oid) from t, pg_statistic_ext s',
  },
  {
    name: 'a policy that no model has, on a column that changes its type in a table that gets another name',
    before: sql(
      'create table t (id integer primary key, x varchar(10))',
      `create policy own on t using (x <> 'y')`,
    ),
    after: sql('create table u (id integer primary key, x text)'),
    rows: sql(`insert into t values (1, 'a')`),
    options: { leave: [], renames: [moved(names('t'), names('u'))] },
    kept: 'select t.*, (select polname from pg_policy) from t',
  },
  {
    name: 'tables that come and go with keys to a table whose primary key is made anew',
    before: sql(
      'create table t (id integer primary key, x text)',
      'create table going (id integer primary key, t integer references t (id))',
    ),
    after: sql(
      'create table t (id bigint, x text, num integer default 5, primary key (num, id), constraint t_id unique (id))',
      'create table coming (id integer primary key, t bigint references t (id))',
    ),
    rows: sql(`insert into t values (1, 'x')`, 'insert into going values (1, 1)'),
    kept: 'select id, x from t',
  },
  {
    name: 'a table that gets the name of one that goes, and a sequence by the name of one of that',
    before: sql(
      'create table a (id serial primary key, x integer)',
      'create table b (id integer primary key, y text)',
    ),
    after: sql('create table a (id serial primary key, y text)'),
    rows: sql(`insert into b values (1, 'one')`),
    options: { leave: [], once: [moved(names('b'), names('a'))] },
    kept: 'select id, y from b',
  },
  {
    name: 'a view of constants below a UNION, which the server writes with their names the second time only',
    before: sql('create table t (id integer primary key)'),
    after: sql(
      'create table t (id integer primary key)',
      `create view v as with a as (
        select 'x ''y''::text AS text' as q, 1::bigint as n, null::timestamp(3) with time zone as at, '{}'::varchar(5)[] as l
        union select 'y', 2, null, null
        union select 'z', '3'::bigint, null::timestamp(3) with time zone, '{}'::varchar(5)[]) select * from a`,
      `create view named as select id, 'a' || 'b'::text as text, array['a', 'b'::text] as text2, 'c'::text as text3 from t`,
    ),
  },
  {
    name: 'a column that comes, numbered in rows that are there by a sequence with a name and options of its own',
    before: sql('create table t (id integer primary key)'),
    after: sql(
      'create table t (id integer primary key, n integer not null)',
      'create sequence own_numbers as smallint increment by 10 owned by t.n',
      `alter table t alter column n set default nextval('own_numbers')`,
    ),
    rows: sql('insert into t values (1), (2)'),
    observe: async (db, stage) => {
      if (stage !== 'up') return;
      const { rows } = await db.raw('select n from t order by id');
      expect(rows).to.deep.equal([{ n: 1 }, { n: 11 }]);
    },
  },
];

/** And on SQLite. */
const SQLITE: readonly Case[] = [
  {
    name: 'a primary key that gets another column, while keys without a name refer to what it was',
    before: sql(
      'create table t (id int not null, own int references t (id), primary key (id))',
      'create table child (id integer primary key, t int references t on delete cascade)',
      'create table other (t int, u int, foreign key (t) references t (id), foreign key (u) references t (id))',
    ),
    after: sql(
      'create table t (id int not null, own int references t (id), num integer not null default 5, primary key (id, num), unique (id))',
      'create table child (id integer primary key, t int references t (id) on delete cascade)',
      'create table other (t int, u int, foreign key (t) references t (id), foreign key (u) references t (id))',
    ),
    rows: sql(
      'insert into t values (1, null), (2, 1)',
      'insert into child values (1, 1)',
      'insert into other values (1, 2)',
    ),
    kept: 'select * from t, child, other',
  },
  {
    name: 'views that say the same after renames, of other columns and another table',
    before: sql(
      'create table t (id integer primary key, x integer, y integer)',
      'create table a (id integer primary key, p text)',
      'create table b (id integer primary key, q text)',
      'create view v as select id, x from t',
      'create view w as select * from v',
      'create view z as select id from a',
    ),
    after: sql(
      'create table t (id integer primary key, x integer)',
      'create table b (id integer primary key, p text)',
      'create table a (id integer primary key, q text)',
      'create view v as select id, x from t',
      'create view w as select * from v',
      'create view z as select id from a',
    ),
    rows: sql(
      'insert into t values (1, 2, 3)',
      `insert into a values (1, 'a')`,
      `insert into b values (2, 'b')`,
    ),
    options: {
      leave: [],
      once: [
        { kind: 'column', table: local('t'), from: 'y', to: 'x' },
        moved(local('a'), local('b')),
        moved(local('b'), local('a')),
      ],
    },
    kept: 'select t.id, t.y, p, q from t, a, b',
  },
  {
    name: 'a trigger that writes into a table which gets another name, as its column does',
    before: sql(
      'create table t (id integer primary key, x integer)',
      'create table u (id integer primary key, y integer)',
      'create trigger far after delete on u begin update "t" set x = x + 1 where id = old.id; end',
    ),
    after: sql(
      'create table s (id integer primary key, z integer)',
      'create table u (id integer primary key, w integer)',
      'create trigger far after delete on u begin update "s" set z = z + 1 where id = old.id; end',
    ),
    rows: sql('insert into t values (1, 2)', 'insert into u values (1, 3)'),
    options: {
      leave: [],
      renames: [
        moved(local('t'), local('s')),
        { kind: 'column', table: local('s'), from: 'x', to: 'z' },
        { kind: 'column', table: local('u'), from: 'y', to: 'w' },
      ],
    },
    kept: 'select * from t, u',
  },
  {
    name: 'a number that is never given twice in place of a key of two columns, of the same type',
    before: sql(
      'create table t (id integer not null, num integer not null default 5, primary key (id, num), unique (id))',
    ),
    after: sql('create table t (id integer primary key autoincrement, num integer not null default 5)'),
    rows: sql('insert into t values (1, 2), (7, 2)'),
    kept: 'select * from t',
  },
  {
    name: 'a number that is never given twice in place of a key of two columns, of another type',
    before: sql(
      'create table t (id int, num integer not null default 5, primary key (id, num), unique (id))',
    ),
    after: sql('create table t (id integer primary key autoincrement, num integer default 5)'),
    rows: sql('insert into t values (1, 2), (7, 2)'),
    kept: 'select * from t',
  },
  {
    name: 'tables that come and go with keys to a table whose primary key is made anew',
    before: sql(
      'create table t (id int not null primary key, x text)',
      'create table going (id integer primary key, t int references t (id))',
    ),
    after: sql(
      'create table t (id int not null, x text, num integer not null default 5, primary key (num, id), unique (id))',
      'create table coming (id int not null, t int references t (id), unique (id), primary key (id))',
    ),
    rows: sql(`insert into t values (1, 'x')`, 'insert into going values (1, 1)'),
    kept: 'select * from t',
  },
  {
    name: 'a table without rowid whose primary key loses a column that goes, with an unnamed key',
    before: sql(
      'create table t (id int not null, num integer not null default 5, primary key (id, num), unique (id)) without rowid',
    ),
    after: sql('create table t (id int not null, primary key (id)) without rowid'),
    rows: sql('insert into t values (1, 2), (2, 2)'),
    kept: 'select id from t',
  },
  {
    name: 'a table without rowid whose primary key gets a column that comes, and whose name changes',
    before: sql('create table t (id int not null primary key, x integer) without rowid'),
    after: sql(
      'create table u (id int not null, x integer, num integer not null default 5, primary key (num, id)) without rowid',
    ),
    rows: sql('insert into t values (1, 2), (2, 2)'),
    options: { leave: [], renames: [moved(local('t'), local('u'))] },
    kept: 'select * from t',
  },
];

eachEngine('changes that random pairs have found', (engine) => {
  for (const each of engine.name === 'postgresql' ? CASES : SQLITE)
    it(each.name, async () => {
      let had: unknown;
      await loop(engine, {
        options: { leave: [] },
        ...each,
        observe: async (db, stage) => {
          await each.observe?.(db, stage);
          const isAsked = stage === 'before' || stage === 'down' || (stage === 'up' && each.keptUp === true);
          if (each.kept === undefined || !isAsked) return;
          const answer = await db.raw(each.kept);
          const rows = engine.name === 'postgresql' ? answer.rows : answer;
          if (stage === 'before') had = rows;
          else expect(rows, 'rows after down').to.deep.equal(had);
        },
      });
    });
});
