import { expect } from 'chai';
import type { Knex } from 'knex';
import { defineModel } from '../../lib/models/defineModel.js';
import { defineEnum, defineExtension } from '../../lib/models/defineSql.js';
import { defineMaterializedView, defineView } from '../../lib/models/defineView.js';
import { introspect } from '../support/introspection.js';
import { desiredOf } from '../support/models.js';
import { onEachEngine } from './support.js';

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

onEachEngine('names of models', (open, engine) => {
  const isSqlite = engine === 'sqlite';
  const home = isSqlite ? undefined : 'public';

  it('keeps what was called otherwise beside the schema', async () => {
    const db = open();
    const { schema, renames } = await desiredOf(db, [
      defineModel(
        'people',
        (t) => {
          t.increments().renamedFrom('key');
          t.string('full_name').notNullable().renamedFrom('name').defaultTo('x');
        },
        { renamedFrom: 'users' },
      ),
      defineView('names', 'select full_name from people', { renamedFrom: 'all_names' }),
    ]);
    expect(renames).to.deep.equal([
      { kind: 'table', schema: home, name: 'people', from: { schema: home, name: 'users' } },
      { kind: 'column', schema: home, name: 'people', column: 'id', from: 'key' },
      { kind: 'column', schema: home, name: 'people', column: 'full_name', from: 'name' },
      { kind: 'view', schema: home, name: 'names', from: { schema: home, name: 'all_names' } },
    ]);
    await db.schema.createTable('people', (t) => {
      t.increments();
      // In a migration it says nothing.
      t.string('full_name').notNullable().renamedFrom('name').defaultTo('x');
    });
    expect(schema.tables).to.deep.equal((await introspect(db)).tables);
  });

  const onlyWithTypes = isSqlite ? (): void => {} : it;
  onlyWithTypes('keeps schemas, and values of types', async () => {
    const db = open();
    const { renames } = await desiredOf(db, [
      defineModel('app.people', (t) => void t.increments('id'), { renamedFrom: 'crm.people' }),
      defineModel('posts', (t) => void t.increments('id'), { schema: 'app', renamedFrom: 'articles' }),
      defineModel('log.audit', (t) => void t.increments('id'), { renamedFrom: 'audit' }),
      defineEnum('state', ['new', 'shipped'], { renamedFrom: 'states', renamedValues: { shipped: 'sent' } }),
    ]);
    expect(renames).to.deep.equal([
      { kind: 'table', schema: 'app', name: 'people', from: { schema: 'crm', name: 'people' } },
      { kind: 'table', schema: 'app', name: 'posts', from: { schema: 'app', name: 'articles' } },
      { kind: 'table', schema: 'log', name: 'audit', from: { schema: 'public', name: 'audit' } },
      { kind: 'enum', schema: 'public', name: 'state', from: { schema: 'public', name: 'states' } },
      { kind: 'enum value', schema: 'public', name: 'state', value: 'shipped', from: 'sent' },
    ]);
  });

  it('are changed as the project’s wrapIdentifier changes them', async () => {
    const db = open(undefined, { wrapIdentifier: (name, wrap) => wrap(snake(name)) });
    const models = [
      defineModel('userAccounts', (t) => {
        t.increments('accountId');
        t.string('fullName').renamedFrom('realName').index();
        t.integer('parentId').references('accountId').inTable('userAccounts');
      }),
      defineView('accountNames', 'select full_name from user_accounts'),
    ];
    const { schema, renames } = await desiredOf(db, models);
    expect(renames).to.deep.equal([
      { kind: 'column', schema: home, name: 'user_accounts', column: 'full_name', from: 'real_name' },
    ]);
    for (const model of models)
      if (model.kind === 'table') await db.schema.createTable(model.name, (t) => model.columns(t, db));
    const actual = await introspect(db);
    expect(schema.tables).to.deep.equal(actual.tables);
    expect(schema.views.map(({ name }) => name)).to.deep.equal(['account_names']);
  });

  onlyWithTypes('in a schema that needs quotes, beside wrapIdentifier', async () => {
    const db = open(undefined, { wrapIdentifier: (name, wrap) => wrap(snake(name)) });
    const client = db.client as { customWrapIdentifier: unknown };
    const before = client.customWrapIdentifier;
    const own = (t: Knex.CreateTableBuilder): void => {
      t.increments('accountId');
      t.integer('parentId').references('accountId').inTable('order.userAccounts');
    };
    const { schema } = await desiredOf(db, [defineModel('order.userAccounts', own)]);
    expect(client.customWrapIdentifier, 'the project’s own Knex').to.equal(before);
    await db.raw('create schema "order"');
    await db.schema.withSchema('order').createTable('userAccounts', own);
    expect(schema.tables).to.deep.equal((await introspect(db, ['order'])).tables);
  });

  onlyWithTypes('refer to a schema that needs quotes and is no model’s', async () => {
    const db = open();
    await db.raw('create schema "Odd one"');
    await db.raw('create table "Odd one".people (id int primary key, name text)');
    const body = 'select people.name from "Odd one".people';
    const { schema } = await desiredOf(db, [defineView('names', body)]);
    await db.raw(`create view names as ${body}`);
    expect(schema.views).to.deep.equal((await introspect(db)).views);
  });

  it('metadata: as t.metadata() in a migration', async () => {
    const db = open({ columns: { is_flagged: false, updated_at: 'changed' }, tables: { exclude: ['no_*'] } });
    const { schema } = await desiredOf(db, [
      defineModel('a', (t) => void t.increments('id')),
      defineModel('b', (t) => void t.increments('id'), { metadata: { notes: false } }),
      defineModel('c', (t) => void t.increments('id'), { metadata: false }),
      defineModel('d', (t) => void t.increments('id').primary()),
      defineModel('no_e', (t) => void t.increments('id')),
    ]);
    const marked = schema.tables.map(({ columns, triggers }) => [
      columns.filter(({ isMetadata }) => isMetadata).map(({ name }) => name),
      triggers.map(({ stamps }) => stamps),
    ]);
    const four = ['is_active', 'notes', 'created_at', 'changed'];
    expect(marked).to.deep.equal([
      [four, ['changed']],
      [['is_active', 'created_at', 'changed'], ['changed']],
      [[], []],
      [four, ['changed']],
      [[], []],
    ]);
  });

  it('may be hostile to SQL, to patterns and to objects', async () => {
    const db = open();
    // Knex itself reads a dot and a question mark as its own.
    const hostile = [
      'Mixed Case',
      'select',
      'quo"te',
      "apo'strophe",
      'back`tick',
      'back\\\\slash',
      ':colon',
      '%_%',
      'a, (b',
    ]
      .concat(['ünï©ode 🦆', 'constructor', '__proto__', '$1', '$$', `${'é'.repeat(31)}x`])
      .map((name) => [name, `${[...name].slice(0, -3).join('')}k`] as const);
    const parents = hostile.map(
      ([name], number) =>
        [name, (t: Knex.CreateTableBuilder) => void t.integer(name).primary(`k${number}`)] as const,
    );
    const children = hostile.map(
      ([name, short], number) =>
        [
          `child_${number}`,
          (t: Knex.CreateTableBuilder) => {
            t.integer(name).references(name).inTable(name).withKeyName(`${short}${number}`);
            t.index([name], `${number}${short}`);
          },
        ] as const,
    );
    const all = [...parents, ...children];
    const models = all.map(([name, columns]) => defineModel(name, columns));
    const { schema } = await desiredOf(db, models);
    for (const [name, columns] of all) await db.schema.createTable(name, columns);
    const actual = await introspect(db);
    expect(schema.tables).to.deep.equal(actual.tables);
    expect((await desiredOf(db, models)).schema.tables, 'unchanged').to.deep.equal(actual.tables);
    const some = await desiredOf(
      db,
      children.map(([name, columns]) => defineModel(name, columns)),
      {
        actual: { ...actual, tables: actual.tables.filter(({ name }) => !name.startsWith('child_')) },
      },
    );
    const own = actual.tables.filter(({ name }) => name.startsWith('child_'));
    expect(some.schema.tables, 'with parents that have no model').to.deep.equal(own);
  });

  it('passes over what the engine does not have, and says so', async () => {
    const db = open();
    const models = [
      defineModel('users', (t) => void t.increments('id'), { schema: 'app' }),
      defineEnum('state', ['new']),
      defineExtension('plpgsql'),
      defineMaterializedView('m', 'select 1 as one'),
    ];
    const { schema, passedOver } = await desiredOf(db, models);
    expect(passedOver.map(({ kind }) => kind)).to.deep.equal(
      isSqlite ? ['enum', 'extension', 'materialized view'] : [],
    );
    expect(schema.tables.map((table) => [table.schema, table.name])).to.deep.equal([
      [isSqlite ? undefined : 'app', 'users'],
    ]);
  });

  it('a builder that throws is named with its line', async () => {
    const db = open();
    const broken = defineModel('users', (t) => {
      t.increments('id');
      (t as unknown as { strng(name: string): void }).strng('a');
    });
    const error = await desiredOf(db, [broken]).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'MODEL_BUILD_FAILED' });
    expect(String(error)).to.match(
      /The model `users` \(test\/conformance\/models-names\.test\.ts:\d+\) could not be built: .*strng is not a function/,
    );
  });

  it('what Knex would leave out without a word is refused', async () => {
    const wrong: readonly (readonly [(t: Knex.CreateTableBuilder) => unknown, RegExp])[] = [
      [
        async (t) => {
          t.increments('id');
          await Promise.resolve();
          t.string('late');
        },
        /its function returns a promise/,
      ],
      [(t) => t.integer('team_id').references('id'), /key on team_id names no table/],
      [(t) => [t.integer('a'), t.foreign(['a', 'b']).references(['a', 'b'])], /key on a, b names no table/],
    ];
    for (const [columns, message] of wrong) {
      const broken = defineModel('users', columns as (t: Knex.CreateTableBuilder) => void);
      const error = await desiredOf(open(), [broken]).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: 'MODEL_BUILD_FAILED' });
      expect(String(error)).to.match(message);
    }
  });
});
