import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { defineTrigger } from '../../lib/models/defineFunction.js';
import { defineModel } from '../../lib/models/defineModel.js';
import { defineSql } from '../../lib/models/defineSql.js';
import { defineView } from '../../lib/models/defineView.js';
import { declarable, introspect } from '../support/introspection.js';
import { desiredOf, readDesiredOf } from '../support/models.js';
import { onEachEngine } from './support.js';

type Columns = (t: Knex.CreateTableBuilder) => void;

const users: Columns = (t) => {
  t.increments('id');
  t.string('email', 255).notNullable().unique();
  t.string('name').defaultTo(`it's a ? \\ "name"`).comment('a ? comment');
  t.enu('role', ['admin', 'user']).defaultTo('user');
  t.boolean('wants_mail').defaultTo(true);
  t.json('settings');
  t.timestamp('seen_at');
  t.integer('parent').references('id').inTable('users').onDelete('set null').onUpdate('cascade');
  t.index(['name', 'role'], 'by_name');
  t.comment('who may sign in');
};
const accounts: Columns = (t) => {
  t.bigIncrements('id');
  t.integer('owner').references('id').inTable('users').onDelete('cascade').index();
  t.decimal('amount', 12, 3).notNullable().defaultTo(0);
  t.unique(['owner', 'amount'], { indexName: 'one_amount' });
  t.check('?? >= 0', ['amount'], 'positive');
};
const pairs: Columns = (t) => {
  t.integer('a');
  t.integer('b');
  t.primary(['a', 'b']);
  t.foreign(['b', 'a']).references(['a', 'b']).inTable('pairs');
};

onEachEngine('models', (open, engine) => {
  it('that fail when nobody waits for them any more leave the error of the database', async () => {
    const db = open();
    await db.destroy();
    const late = setTimeout(50).then(() => {
      throw new Error('late');
    });
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const failure = await readDesiredOf(db, late).catch((error: Error) => error);
      expect(String(failure)).to.match(/Unable to acquire a connection/);
      await late.catch(() => {});
      await setTimeout(0);
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('are what migrations of the same tables make, whatever comes first', async () => {
    const db = open();
    const models = [
      defineModel('accounts', accounts),
      defineModel('pairs', pairs, { metadata: false }),
      defineModel('users', users),
    ];
    const { schema: desired } = await desiredOf(db, models);
    expect((await introspect(db)).tables, 'nothing is left').to.deep.equal([]);
    await db.schema.createTable('users', users);
    await db.schema.createTable('accounts', accounts);
    await db.schema.createTable('pairs', (t) => {
      pairs(t);
      t.metadata(false);
    });
    const actual = await introspect(db);
    expect(desired).to.deep.equal({ ...declarable(actual), extensions: [] });
    const again = await desiredOf(db, models);
    expect(again.schema, 'beside the tables themselves').to.deep.equal(desired);
    expect(await introspect(db), 'as it was').to.deep.equal(actual);
  });

  it('may refer to each other in a circle', async () => {
    const db = open();
    const a: Columns = (t) => void t.increments('id').primary();
    const reference =
      (column: string, table: string): Columns =>
      (t) =>
        void t.integer(column).references('id').inTable(table);
    const models = [
      defineModel('a', (t) => {
        a(t);
        reference('b_id', 'b')(t);
      }),
      defineModel('b', (t) => {
        a(t);
        reference('a_id', 'a')(t);
      }),
    ];
    const { schema } = await desiredOf(db, models);
    const targets = schema.tables.map(({ name, foreignKeys }) => [name, foreignKeys[0]?.target.name]);
    expect(targets).to.deep.equal([
      ['a', 'b'],
      ['b', 'a'],
    ]);
  });

  it('views and triggers come after what they are on', async () => {
    const db = open();
    const isSqlite = engine === 'sqlite';
    const body = isSqlite
      ? 'after insert on users begin update users set name = new.email where id = new.id; end'
      : 'after insert on users for each row execute function pg_catalog.suppress_redundant_updates_trigger()';
    const models = [
      defineView('a_names', "select name from b_users where name <> '?'"),
      defineTrigger('a_trigger', body),
      defineView('b_users', 'select * from users;'),
      defineSql('an_index', {
        create: 'create index an_index on users (lower(name))',
        drop: 'drop index an_index',
      }),
      defineModel('users', users),
    ];
    const { schema: desired } = await desiredOf(db, models);
    await db.schema.createTable('users', users);
    await db.raw('create view b_users as select * from users');
    await db.raw(
      "create view a_names as select name from b_users where name <> '\\?'".replace(
        '\\',
        isSqlite ? '' : '\\',
      ),
    );
    await db.raw(`create trigger a_trigger ${body}`);
    await db.raw('create index an_index on users (lower(name))');
    const actual = await introspect(db);
    const columns = (schema: typeof actual) =>
      schema.views.map(({ name, columns: all, dependsOn }) => [name, all, dependsOn]);
    expect(columns(desired)).to.deep.equal(columns(actual));
    expect(desired.tables[0]?.triggers.map(({ name }) => name)).to.deep.equal(
      actual.tables[0]?.triggers.map(({ name }) => name),
    );
    expect(desired.tables[0]?.indexes).to.deep.equal(actual.tables[0]?.indexes);
  });
});
