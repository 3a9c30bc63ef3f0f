import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { withMeta } from '../../lib/index.js';
import { defineFunction, defineTrigger } from '../../lib/models/defineFunction.js';
import { defineModel } from '../../lib/models/defineModel.js';
import { defineEnum, defineExtension, defineSql } from '../../lib/models/defineSql.js';
import { defineMaterializedView, defineView } from '../../lib/models/defineView.js';
import type { AnyModel } from '../../lib/models/definition.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import { type Database, freshPostgres } from '../support/databases.js';
import { declarable, introspect, tableNamed } from '../support/introspection.js';
import { desiredOf } from '../support/models.js';

/** Names that need quotes, are words of SQL, or end a text. */
const SCHEMAS = ['app', 'My Schema', 'select', `o'brien "x"`, 'users', 'ünï', `${'long'.repeat(15)}`];

describe('models (postgresql)', () => {
  let database: Database;
  let opened: Knex[] = [];

  function open(config: Partial<Knex.Config> = {}): Knex {
    const db = knex(withMeta({ ...database.config, ...config }));
    opened.push(db);
    return db;
  }

  beforeEach(async () => {
    database = await freshPostgres();
  });
  afterEach(async () => {
    await Promise.all(opened.map((db) => db.destroy()));
    opened = [];
  });

  /** What the models ask for, and what the statements make, are the same, before and after; nothing is left. */
  async function expectSame(db: Knex, models: readonly AnyModel[], make: (db: Knex) => Promise<unknown>) {
    const before = await introspect(db);
    const { schema: desired } = await desiredOf(db, models);
    expect(await introspect(db), 'as it was').to.deep.equal(before);
    await make(db);
    const actual = declarable(await introspect(db));
    const named = new Set(desired.schemas.map(({ name }) => name));
    // What came with an extension is that one's.
    const own = <T extends { readonly extension: string | undefined }>(objects: readonly T[]) =>
      objects.filter(({ extension }) => extension === undefined);
    const declared: DatabaseSchema = {
      ...actual,
      functions: own(actual.functions),
      others: own(actual.others),
      schemas: actual.schemas.filter(({ name }) => named.has(name)),
      extensions: actual.extensions.filter(({ name }) =>
        desired.extensions.some((each) => each.name === name),
      ),
    };
    expect(desired).to.deep.equal(declared);
    const again = await desiredOf(db, models);
    expect(again.schema, 'beside the objects themselves').to.deep.equal(declared);
  }

  for (const schema of SCHEMAS) {
    it(`all kinds of objects in the schema ${schema}, which is not on the search path`, async () => {
      const db = open();
      const q = `"${schema.replaceAll('"', '""')}"`;
      const models = [
        defineTrigger('audit', `before update on ${q}.people for each row execute function ${q}.audit()`),
        defineMaterializedView('totals', `select mood, count(*) as n from ${q}.people group by mood`, {
          schema,
          indexes: [`create unique index totals_mood on ${q}.totals (mood)`],
          comment: "it's a total",
        }),
        defineView('names', `select p.name, o.id from ${q}.people p join ${q}.orders o on o.person = p.id`, {
          schema,
          columns: ['Name', 'order'],
          options: ['security_barrier=true'],
        }),
        defineModel(
          'orders',
          (t) => {
            t.specificType('id', 'bigint generated always as identity').primary();
            t.integer('person').references('id').inTable(`${schema}.people`);
          },
          { schema },
        ),
        defineModel(
          'people',
          (t) => {
            t.increments('id');
            t.string('name').defaultTo(db.raw(`${q}.nickname('x')`));
            t.specificType('mood', `${q}.mood`).defaultTo('ok').notNullable();
            // Knex does not quote a schema's quotation mark there.
            if (!q.includes('""')) t.enu('size', ['s', 'l'], { useNative: true, enumName: 'size' });
            t.integer('number').defaultTo(db.raw(`nextval('${q.replaceAll("'", "''")}.numbers')`));
            t.specificType('percent', `${q}.percent`);
            t.bigInteger('last_order').references('id').inTable(`${schema}.orders`);
          },
          { schema },
        ),
        defineSql('numbers', {
          create: [`create sequence ${q}.numbers`, `create domain ${q}.percent as int check (value < 101)`],
        }),
        defineFunction(
          'audit',
          `() returns trigger language plpgsql as $$ begin perform ${q}.nickname(''); return new; end $$`,
          { schema },
        ),
        defineFunction('nickname', `(name text) returns text language sql immutable as $$ select name $$`, {
          schema,
          comment: 'how friends say',
        }),
        defineEnum('mood', ['sad', "it's ok", 'ok', 'a ? b'], { schema, comment: 'of a person' }),
      ];
      await expectSame(db, models, async () => {
        await db.raw(`create schema ${q}`);
        const mood = models.find(({ kind }) => kind === 'enum');
        expect(mood?.name).to.equal('mood');
        await db.raw(`create type ${q}.mood as enum ('sad', 'it''s ok', 'ok', 'a \\? b');
          comment on type ${q}.mood is 'of a person'; create sequence ${q}.numbers;
          create domain ${q}.percent as int check (value < 101);
          create function ${q}.nickname(name text) returns text language sql immutable as $$ select name $$;
          comment on function ${q}.nickname is 'how friends say';
          create function ${q}.audit() returns trigger language plpgsql as $$ begin perform ${q}.nickname(''); return new; end $$`);
        const in_ = db.schema.withSchema(schema);
        await in_.createTable('people', (t) => {
          t.increments('id');
          t.string('name').defaultTo(db.raw(`${q}.nickname('x')`));
          t.specificType('mood', `${q}.mood`).defaultTo('ok').notNullable();
          // Knex does not quote a schema's quotation mark there.
          if (!q.includes('""')) t.enu('size', ['s', 'l'], { useNative: true, enumName: 'size' });
          t.integer('number').defaultTo(db.raw(`nextval('${q.replaceAll("'", "''")}.numbers')`));
          t.specificType('percent', `${q}.percent`);
          t.bigInteger('last_order');
        });
        await db.schema.withSchema(schema).createTable('orders', (t) => {
          t.specificType('id', 'bigint generated always as identity').primary();
          t.integer('person').references('id').inTable(`${schema}.people`);
        });
        await db.raw(`alter table ${q}.people add constraint people_last_order_foreign foreign key (last_order) references ${q}.orders (id);
          create view ${q}.names ("Name", "order") with (security_barrier=true) as select p.name, o.id from ${q}.people p join ${q}.orders o on o.person = p.id`);
        await db.raw(
          `create materialized view ${q}.totals as select mood, count(*) as n from ${q}.people group by mood`,
        );
        await db.raw(`create unique index totals_mood on ${q}.totals (mood);
          comment on materialized view ${q}.totals is 'it''s a total';
          create trigger audit before update on ${q}.people for each row execute function ${q}.audit()`);
      });
    });
  }

  it('several schemas that refer to each other, on and off the search path', async () => {
    const setup = open();
    await setup.raw('create schema a; create schema b');
    const db = open({ searchPath: ['a', 'public'] });
    const models = [
      defineModel('users', (t) => void t.increments('id')),
      defineModel('users', (t) => void t.increments('id').references('id').inTable('users'), {
        schema: 'public',
      }),
      defineModel('b.users', (t) => void t.increments('id').references('id').inTable('public.users')),
      defineModel('b.logs', (t) => void t.integer('user').references('id').inTable('b.users')),
      defineView(
        'all_users',
        'select id from users union all select id from public.users union all select id from b.users',
      ),
    ];
    await expectSame(db, models, async () => {
      await db.schema.createTable('users', (t) => void t.increments('id'));
      await db.schema
        .withSchema('public')
        .createTable('users', (t) => void t.increments('id').references('id').inTable('users'));
      await db.schema
        .withSchema('b')
        .createTable('users', (t) => void t.increments('id').references('id').inTable('public.users'));
      await db.schema
        .withSchema('b')
        .createTable('logs', (t) => void t.integer('user').references('id').inTable('b.users'));
      await db.raw(
        'create view all_users as select id from users union all select id from public.users union all select id from b.users',
      );
    });
  });

  it('extensions, present and not', async () => {
    const db = open();
    const available: readonly { name: string }[] = (
      await db.raw("select name from pg_available_extensions where name in ('citext', 'pg_trgm')")
    ).rows;
    if (available.length < 2) return;
    await db.raw('create extension pg_trgm');
    const models = [
      defineModel('users', (t) => {
        t.specificType('email', 'citext').unique();
        t.text('name');
      }),
      defineSql('by_name', { create: 'create index by_name on users using gin (name gin_trgm_ops)' }),
      defineExtension('citext'),
      defineExtension('pg_trgm'),
    ];
    await expectSame(db, models, async () => {
      await db.raw('create extension citext');
      await db.schema.createTable('users', (t) => {
        t.specificType('email', 'citext').unique();
        t.text('name');
      });
      await db.raw('create index by_name on users using gin (name gin_trgm_ops)');
    });
  });
  void tableNamed;
});
