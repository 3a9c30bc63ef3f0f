import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { type KnexMetaError, withMeta } from '../../lib/index.js';
import { defineFunction } from '../../lib/models/defineFunction.js';
import { defineModel } from '../../lib/models/defineModel.js';
import { defineSql } from '../../lib/models/defineSql.js';
import type { AnyModel } from '../../lib/models/definition.js';
import { type Database, freshPostgres } from '../support/databases.js';
import { introspect } from '../support/introspection.js';
import { desiredOf } from '../support/models.js';

const TABLES = `create table p (id int primary key, d text);
  create index p_d on p (d);
  create table a (k int references p) partition by list (k);
  create table a1 partition of a for values in (1);
  create function z(i int) returns int language sql immutable as 'select 1';
  create function f(i int) returns int language sql immutable as 'select public.z($1)';
  create index p_f on p (f(id));
  create function rows_of_a(i int) returns setof a language plpgsql as 'begin return query select * from a where k = i; end';
  create sequence numbers;
  create view v as select id from p;
  insert into p values (1, 'x'); insert into a values (1);`;

const PARTITIONED = 'create table a (k int references p) partition by list (k)';
const p = (column = 'd') =>
  defineModel(
    'p',
    (t) => {
      t.integer('id').primary();
      t.text(column);
      t.index(['d'], 'p_d');
    },
    { metadata: false },
  );
const sql = (name: string, create: string) => defineSql(name, { create, drop: 'select 1' });

/** Models that cannot be built, and what is said of the one that is the reason. */
const WRONG: readonly (readonly [string, readonly AnyModel[], RegExp])[] = [
  [
    'a partition of a table that fails',
    [
      p('about'),
      sql('a', PARTITIONED),
      sql('a1', 'create table a1 partition of a for values in (1)'),
      sql('a2', 'create table a2 partition of public.a for values in (2)'),
      sql('a_k', 'create index a_k on a (k)'),
      sql('a own', 'create policy own on a using (true)'),
      sql('a1 off', 'alter table a1 disable trigger all'),
      sql('v v', 'create or replace view v as select id from p'),
      sql('comment', "comment on table a is 'x'"),
      sql('lock', 'do $$ begin lock table a; end $$'),
    ],
    /^The model `p` .*: column "d" does not exist$/,
  ],
  [
    'an index of the database',
    [sql('p_d', 'alter index p_d set (fillfactor = 70)')],
    /^The SQL `p_d` .* could not be built/,
  ],
  [
    'dynamic SQL',
    [sql('all', "do $$ begin execute 'alter table pub' || 'lic.p enable row level security'; end $$")],
    /^The SQL `all` .* locks \S+ of the database/,
  ],
  [
    'dynamic SQL on each table',
    [
      sql(
        'each',
        "do $$ declare n text; begin for n in select tablename from pg_tables where schemaname = 'public' loop execute format('alter table public.%I disable trigger user', n); end loop; end $$",
      ),
    ],
    /^The SQL `each` .* locks \S+ of the database/,
  ],
];

async function errorOf(act: () => Promise<unknown>): Promise<KnexMetaError> {
  try {
    await act();
  } catch (error) {
    return error as KnexMetaError;
  }
  throw new Error('nothing was refused');
}

describe('building models beside tables in use (postgresql)', () => {
  let database: Database;
  let db: Knex;
  let onlooker: Knex;

  before(async () => {
    database = await freshPostgres();
    db = knex(withMeta(database.config));
    onlooker = knex(database.config);
    await db.raw(TABLES);
  });

  after(async () => {
    await db.destroy();
    await onlooker.destroy();
  });

  for (const isUsed of [true, false])
    for (const [title, models, message] of WRONG)
      it(`${title}: the reason is named, nothing is locked${isUsed ? ', another session reads' : ''}`, async () => {
        const session = await onlooker.transaction();
        if (isUsed) await session.raw('select * from p, a, v, numbers');
        const error = await errorOf(() => desiredOf(db, models)).finally(() => session.rollback());
        expect(error.message.split('\n')[0]).to.match(message);
      });

  it('every lock of another session is respected, whatever the order of the models', async () => {
    const actual = await introspect(db);
    const models = [
      sql('a1', 'create table a1 partition of a for values in (1)'),
      sql('a k', 'create index a_k on a (k)'),
      sql('numbers', 'alter sequence numbers increment by 2'),
      defineFunction(
        'rows_of_a',
        "(i int) returns setof a language plpgsql as 'begin return query select * from a where k = i; end'",
      ),
      sql('a', PARTITIONED),
      defineModel(
        'p',
        (t) => {
          t.integer('id').primary();
          t.text('d');
          t.specificType('v', 'int');
          t.specificType('a', 'int');
        },
        { metadata: false, sql: ['create index p_f on p (f(id))'] },
      ),
      defineFunction('f', "(i int) returns int language sql immutable as 'select public.z($1)'"),
      defineFunction('z', "(i int) returns int language sql immutable as 'select 1'"),
    ];
    const session = await onlooker.transaction();
    await session.raw('lock table p, a, a1, v in access exclusive mode');
    const { schema } = await desiredOf(db, models, { actual }).finally(() => session.rollback());
    const rows = ({ functions }: typeof schema) => functions.filter(({ name }) => name === 'rows_of_a');
    expect(rows(schema)).to.deep.equal(rows(actual));
    expect(schema.tables.map(({ name }) => name)).to.deep.equal(['a', 'a1', 'p']);
  });
});
