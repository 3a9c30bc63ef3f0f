import { eachEngine } from '../support/databases.js';
import { type LoopCase, loop } from '../support/loop.js';
import { sql } from './cases.js';

interface Case extends LoopCase {
  readonly name: string;
}

const touch = `create function touch() returns trigger language plpgsql as $$begin return new; end$$`;
const names = (name: string) => ({ schema: 'public', name });

/** What random pairs of schemas have found on PostgreSQL, each made small. */
const CASES: readonly Case[] = [
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
];

eachEngine('changes that random pairs have found', (engine) => {
  for (const each of CASES)
    if (engine.name === 'postgresql')
      it(each.name, async () => {
        await loop(engine, { options: { leave: [] }, ...each });
      });
});
