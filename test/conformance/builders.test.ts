import { expect } from 'chai';
import knex from 'knex';
import { withMeta } from '../../lib/index.js';
import { columnsOf, onEachEngine, pause, triggersOf } from './support.js';

onEachEngine('texts and names that programs take from Knex', (open, engine) => {
  const isSqlite = engine === 'sqlite';

  it('client.constructor.name is the dialect’s', async () => {
    const db = open();
    expect(db.client.constructor.name).to.equal(isSqlite ? 'Client_BetterSQLite3' : 'Client_PG');
    await db.transaction(async (trx) => {
      expect(trx.client.constructor.name).to.equal(db.client.constructor.name);
    });
    class Client_Ours extends knex({ client: isSqlite ? 'better-sqlite3' : 'pg', useNullAsDefault: true })
      .client.constructor {}
    const own = withMeta({ client: Client_Ours as unknown as typeof knex.Client });
    expect((own.client as unknown as { name: string }).name).to.equal('Client_Ours');
  });

  it('createTable(...).toString() is one statement that a project goes on with, and that is completed when it runs', async () => {
    const db = open();
    const builder = db.schema.createTable('t', (t) => {
      t.integer('id').primary();
      t.string('what', 9).defaultTo('a?b');
    });
    const text = builder.toString();
    expect(text).to.match(/^create table .*\)$/s);
    expect(text).to.equal(builder.toQuery());
    const end = isSqlite ? 'without rowid' : 'partition by range (id)';
    await db.raw(
      `${(isSqlite ? text : text.replaceAll('?', '\\?')).replace('create table', 'create table if not exists')} ${end}`,
    );
    if (!isSqlite) await db.raw('create table t_1 partition of t for values from (0) to (100)');
    expect(await columnsOf(db, 't')).to.have.length(7);
    expect(await triggersOf(db)).to.have.length(isSqlite ? 1 : 2);
    await db('t').insert({ id: 1 });
    const before = await db('t').first();
    expect(before.what).to.equal('a?b');
    await pause();
    await db('t').update({ id: 2 });
    expect((await db('t').first()).updated_at).to.not.deep.equal(before.updated_at);
    // The columns are marked: a project's own takes the name.
    await db.schema.alterTable('t', (t) => void t.text('notes').notNullable().defaultTo('own'));
    expect((await db('t').first()).notes).to.equal('own');
  });

  it('the texts of other builders are Knex’s', async () => {
    const db = open();
    const stock = knex({ client: isSqlite ? 'better-sqlite3' : 'pg', useNullAsDefault: true });
    await db.schema.createTable('t', (t) => void t.integer('id'));
    const made = (k: typeof db) => [
      k.schema.alterTable('t', (t) => void t.integer('notes')).toString(),
      k.schema.renameTable('t', 'u').toString(),
      k.schema.dropTable('t').toString(),
      k.schema.dropTableIfExists('t').toString(),
      k('t').where({ id: 1 }).toString(),
    ];
    expect(made(db)).to.deep.equal(made(stock as typeof db));
    const indexed = db.schema.createTable('v', (t) => void t.integer('id').index()).toString();
    expect(indexed.split(';\n')).to.have.length(2);
    await stock.destroy();
  });

  it('generateDdlCommands() gives statements that can be run', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => {
      t.increments('id');
      t.string('a');
      t.string('b');
    });
    await db('t').insert({ a: '1', b: '2' });
    const run = async (builder: object): Promise<void> => {
      const { pre, sql, post } = await (
        builder as {
          generateDdlCommands(): Promise<Record<'pre' | 'sql' | 'post', (string | { sql: string })[]>>;
        }
      ).generateDdlCommands();
      for (const each of [...pre, ...sql, ...post]) await db.raw(typeof each === 'string' ? each : each.sql);
    };
    await run(db.schema.createTable('u', (t) => void t.integer('id')));
    expect(await columnsOf(db, 'u')).to.have.length(6);
    await run(db.schema.alterTable('t', (t) => void t.string('b').notNullable().alter()));
    expect(await db('t').first()).to.include({ b: '2' });
    expect((await columnsOf(db, 't')).find(({ name }) => name === 'b')?.nullable).to.equal(false);
    await run(
      db.schema.alterTable('t', (t) => {
        t.string('a', 5).notNullable().alter();
        t.string('c').notNullable().defaultTo('new');
      }),
    );
    expect(await db('t').first()).to.include({ a: '1', c: 'new' });
    await run(db.schema.dropTable('u'));
    expect(await triggersOf(db)).to.have.length(1);
  });
});
