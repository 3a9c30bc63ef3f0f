import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { type KnexMetaError, withMeta } from '../../lib/index.js';
import { defineFunction, defineTrigger } from '../../lib/models/defineFunction.js';
import { defineModel } from '../../lib/models/defineModel.js';
import { defineEnum, defineSql } from '../../lib/models/defineSql.js';
import { defineView } from '../../lib/models/defineView.js';
import { type Database, freshPostgres } from '../support/databases.js';
import { introspect, tableNamed } from '../support/introspection.js';
import { desiredOf } from '../support/models.js';

const LEGACY = `create schema crm;
  create type crm.state as enum ('a', 'b');
  create domain crm.percent as int check (value < 101);
  create table crm.customers (id bigint primary key, code text collate "C" unique, state crm.state not null default 'a', share crm.percent, old timestamp(3));
  create unique index customers_state on crm.customers (state, share);
  create table legacy (id serial primary key, name varchar(20) not null);
  create view legacy_names as select id, name from legacy;
  create sequence counter;
  create function next_code(c crm.state) returns text language sql as $$ select 'x' $$;
  create function own_trigger() returns trigger language plpgsql as $$ begin return new; end $$`;

/** Models that refer to what is in the database and has no model. */
const MODELS = [
  defineModel('orders', (t) => {
    t.increments('id');
    t.bigInteger('customer').references('id').inTable('crm.customers');
    t.string('customer_code').references('code').inTable('crm.customers');
    t.integer('legacy_id').references('id').inTable('legacy');
    t.specificType('state', 'crm.state').defaultTo('b');
    t.enu('other_state', [], { useNative: true, existingType: true, enumName: 'state', schemaName: 'crm' });
    t.specificType('share', 'crm.percent');
  }),
  defineModel('numbers', (t) => {
    t.specificType('n', "bigint default nextval('counter')");
    t.specificType('code', "text default next_code('a')");
  }),
  defineView(
    'named',
    'select l.name, c.code, c.share from legacy_names l join legacy using (id), crm.customers c',
  ),
  defineTrigger('own', 'before insert on orders for each row execute function own_trigger()'),
  defineFunction('of', `(c crm.customers) returns crm.state language sql as $$ select c.state $$`, {
    schema: 'crm',
  }),
];

describe('building models (postgresql)', () => {
  let database: Database;
  let opened: Knex[] = [];

  function open(config: Partial<Knex.Config> = {}): Knex {
    const db = knex(withMeta({ ...database.config, ...config }));
    opened.push(db);
    return db;
  }

  async function createAll(db: Knex): Promise<void> {
    for (const model of MODELS.slice(0, 2))
      if (model.kind === 'table') await db.schema.createTable(model.name, (t) => model.columns(t, db));
    await db.raw(
      `create view named as select l.name, c.code, c.share from legacy_names l join legacy using (id), crm.customers c`,
    );
    await db.raw('create trigger own before insert on orders for each row execute function own_trigger()');
    await db.raw(
      'create function crm.of(c crm.customers) returns crm.state language sql as $$ select c.state $$',
    );
  }

  async function errorOf(act: () => Promise<unknown>): Promise<KnexMetaError> {
    try {
      await act();
    } catch (error) {
      return error as KnexMetaError;
    }
    throw new Error('it did not throw');
  }

  const schemasOf = async (db: Knex): Promise<readonly string[]> =>
    (await db.raw("select nspname from pg_namespace where nspname ilike 'knex_meta%'")).rows;

  beforeEach(async () => {
    database = await freshPostgres();
  });
  afterEach(async () => {
    await Promise.all(opened.map((db) => db.destroy()));
    opened = [];
  });

  /** The objects of the models alone. */
  async function expectOwn(db: Knex, options: { readonly shadow?: Knex } = {}) {
    const { schema } = await desiredOf(db, MODELS, options);
    await createAll(db);
    const actual = await introspect(db);
    expect(schema.tables.map(({ name }) => name)).to.deep.equal(['numbers', 'orders']);
    for (const table of schema.tables) expect(table).to.deep.equal(tableNamed(actual, table.name));
    expect(schema.views).to.deep.equal(actual.views.filter(({ name }) => name === 'named'));
    const own = ({ name, isMetadata }: { readonly name: string; readonly isMetadata: boolean }) =>
      isMetadata || name === 'of';
    expect(schema.functions).to.deep.equal(actual.functions.filter(own));
    expect([schema.enums, schema.domains, schema.sequences, schema.others]).to.deep.equal([[], [], [], []]);
  }

  it('refers to what the database has and no model declares', async () => {
    const db = open();
    await db.raw(LEGACY);
    await expectOwn(db);
  });

  it('locks no table of the database', async () => {
    const db = open();
    await db.raw(LEGACY);
    await createAll(db);
    const actual = await introspect(db);
    const other = await open().transaction();
    await other.raw(
      'lock table legacy, crm.customers, orders, numbers, legacy_names in access exclusive mode',
    );
    const slow = open({
      pool: {
        min: 0,
        max: 1,
        afterCreate: (connection: { query: (sql: string, done: () => void) => void }, done: () => void) =>
          connection.query("set lock_timeout to '2s'", done),
      },
    });
    const { schema } = await desiredOf(slow, MODELS, { actual });
    expect(schema.tables.length).to.equal(2);
    await other.rollback();
  });

  it('leaves nothing when the connection is cut in the middle', async () => {
    const db = open();
    const watcher = open();
    const cut = desiredOf(db, [
      defineModel('users', (t) => void t.increments('id')),
      defineSql('slow', { create: ['create table slow (id int)', 'select pg_sleep(30)'] }),
    ]).then(
      () => 'built',
      () => 'cut',
    );
    for (let ended = 0, tries = 0; ended === 0 && tries < 500; tries += 1) {
      const { rows } = await watcher.raw(
        "select pg_terminate_backend(pid) from pg_stat_activity where query = 'select pg_sleep(30)' and datname = current_database()",
      );
      ended = rows.length;
    }
    expect(await cut).to.equal('cut');
    expect(await schemasOf(watcher)).to.deep.equal([]);
    expect((await introspect(watcher)).tables).to.deep.equal([]);
  });

  it('two at a time do not wait for each other', async () => {
    const db = open();
    await db.raw(LEGACY);
    const results = await Promise.all([1, 2, 3].map(() => desiredOf(db, MODELS)));
    expect(results[1]?.schema).to.deep.equal(results[0]?.schema);
    expect(await schemasOf(db)).to.deep.equal([]);
  });

  it('a role that may create no schema is told of --shadow, and a shadow database works', async () => {
    const admin = open();
    await admin.raw(LEGACY);
    const role = `r_${Date.now()}`;
    await admin.raw(`create role ${role} login; grant usage on schema crm to ${role}`);
    const asRole = new URL(database.url);
    asRole.username = role;
    const db = open({ connection: asRole.href });
    const error = await errorOf(() => desiredOf(db, MODELS));
    expect([error.code, error.message, error.remedy].join('\n')).to.match(
      /^SCRATCH_REFUSED\n.*permission denied.*\n.*`--shadow <url>`/,
    );
    const shadowDatabase = await freshPostgres();
    const shadow = open(shadowDatabase.config);
    const { schema } = await desiredOf(db, MODELS, { shadow });
    const { schema: built } = await desiredOf(admin, MODELS);
    expect(schema).to.deep.equal(built);
    expect(await schemasOf(shadow)).to.deep.equal([]);
    await admin.raw(`drop owned by ${role}; drop role ${role}`);
  });

  it('a shadow database serves for what it does not have', async () => {
    const db = open();
    await db.raw(LEGACY);
    const shadow = open((await freshPostgres()).config);
    await expectOwn(db, { shadow });
  });

  it('a session that only reads is told the same', async () => {
    const db = open({ connection: `${database.url}?options=-c%20default_transaction_read_only%3Don` });
    const error = await errorOf(() => desiredOf(db, [defineModel('users', (t) => void t.increments('id'))]));
    expect([error.code, error.remedy].join(' ')).to.match(/^SCRATCH_REFUSED .*--shadow/);
  });

  it('a schema that is not there yet', async () => {
    const db = open({ searchPath: ['vesibia_schema'] });
    const models = [
      defineModel('users', (t) => void t.increments('id')),
      defineModel(
        'other.logs',
        (t) => void t.integer('user').references('id').inTable('vesibia_schema.users'),
      ),
      defineEnum('state', ['a'], { schema: 'third' }),
    ];
    const { schema } = await desiredOf(db, models);
    expect(schema.schemas.map(({ name }) => name)).to.deep.equal(['other', 'third', 'vesibia_schema']);
    expect(
      schema.tables.map((table) => [table.schema, table.name, table.foreignKeys[0]?.target]),
    ).to.deep.equal([
      ['other', 'logs', { schema: 'vesibia_schema', name: 'users' }],
      ['vesibia_schema', 'users', undefined],
    ]);
  });

  it('SQL may create what is in no schema, and what the database has already', async () => {
    const db = open();
    const role = `m_${Date.now()}`;
    const models = [
      defineModel('users', (t) => void t.increments('id')),
      defineSql('extra', {
        create: [
          'create schema extra',
          'create table extra.x (id int)',
          'create view extra.v as select id from extra.x',
        ],
      }),
      defineSql('role', {
        create: [
          `create role ${role}`,
          'alter table users enable row level security',
          `create policy p on users to ${role} using (true)`,
        ],
      }),
      defineSql('published', { create: 'create publication changes for all tables' }),
    ];
    const { schema } = await desiredOf(db, models);
    for (const model of models.slice(1))
      if (model.kind === 'sql')
        for (const sql of model.create.filter((each) => !/users/.test(each))) await db.raw(sql);
    await db.schema.createTable('users', (t) => void t.increments('id'));
    await db.raw(
      `alter table users enable row level security; create policy p on users to ${role} using (true)`,
    );
    const actual = await introspect(db);
    for (const each of [schema, (await desiredOf(db, models)).schema]) {
      expect(each.tables).to.deep.equal(actual.tables);
      expect(each.views).to.deep.equal(actual.views);
      expect(each.others.filter(({ kind }) => kind === 'policy')).to.deep.equal(
        actual.others.filter(({ kind }) => kind === 'policy'),
      );
    }
    await db.raw(`drop policy p on users; drop role ${role}`);
  });

  it('takes a policy for that of the model, and never does anything to a table of the database, in any order', async () => {
    const db = open();
    const table = `create schema late; create sequence late.counter; create domain odd as integer;
      create table "To do" (id bigint default nextval('late.counter'), n odd);`;
    const policies = `create policy own on "To do" using (id > 0); create rule calm as on delete to "To do" do instead nothing`;
    await db.raw(`${table} ${policies}`);
    const actual = await introspect(db);
    const models = [
      defineSql('policy own', {
        create: 'create policy own on "To do" using (id > 0)',
        drop: 'drop policy own on "To do"',
      }),
      defineSql('rule calm', { create: 'create rule calm as on delete to "To do" do instead nothing' }),
      defineModel(
        'To do',
        (t) => {
          t.specificType('id', "bigint default nextval('late.counter')");
          t.specificType('n', 'odd');
        },
        { metadata: false },
      ),
      defineSql('late.counter', { create: 'create sequence late.counter' }),
      // What nobody sees in the text.
      defineSql('odd one', { create: `do $$ begin execute 'create dom' || 'ain odd as integer'; end $$` }),
    ];
    const { schema } = await desiredOf(db, models, { actual });
    const onTable = ({ others }: typeof schema) => others.filter((each) => each.table === 'To do');
    expect(onTable(actual)).to.have.length(2);
    expect(onTable(schema)).to.deep.equal(onTable(actual));
    await db.raw('drop table "To do"; drop domain odd; drop schema late cascade');
  });

  it('says that names were cut where two of them are the same then', async () => {
    const long = 'a_very_long_name_of_a_table_that_says_all_about_it';
    const model = defineModel(long, (t) => {
      for (const name of ['the_first_column', 'the_first_column_too']) t.integer(name).index();
    });
    const error = await errorOf(() => desiredOf(open(), [model]));
    expect(error.message).to.match(/"[a-z_]{63}" already exists$/);
    expect(error.remedy).to.match(/^The server cuts names after 63 bytes/);
  });

  it('says which model the server refuses, where it stands, and nothing of the scratch schema', async () => {
    const db = open();
    const wrong = [
      defineModel('app.users', (t) => void t.integer('x').references('id').inTable('app.nowhere')),
      defineModel('app.users', (t) => void t.specificType('x', 'no_type')),
      defineModel('app.users', (t) => void t.specificType('x', 'int default app.users(1)')),
      defineModel('app.users', (t) => {
        t.integer('x');
        t.index(['y']);
      }),
    ];
    for (const model of wrong) {
      const fine = defineModel('fine', (t) => void t.increments('id'));
      const error = await errorOf(() => desiredOf(db, [fine, model]));
      expect(error.code).to.equal('MODEL_BUILD_FAILED');
      expect(error.message).to.match(
        /^The model `app\.users` \(test\/conformance\/models-scratch\.test\.ts:\d+\) could not be built: \S.* does not exist$/,
      );
      expect(`${error.message}${JSON.stringify(error.details)}`).not.to.match(/knex_meta_/i);
      const isTyped = / (type|function) /.test(error.message);
      expect(error.remedy.includes("defineExtension('citext')"), error.message).to.equal(isTyped);
    }
  });
});
