import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { KnexMetaError, withMeta } from '../../lib/index.js';
import { HOOKED } from '../../lib/metadata/hook.js';
import { columnsOf, migrate, onEachEngine, triggersOf } from './support.js';

/** The eleven traps that running Knex showed; the others stand in the tests that are named here. */
onEachEngine('traps of the extension point', (open, engine) => {
  it('1: a transaction’s client, made from the prototype alone, has the hook', async () => {
    const db = open({ columns: { notes: false } });
    const provider = db.transactionProvider();
    const trx = await provider();
    await trx.schema.createTable('t', (t) => void t.string('label'));
    await trx.commit();
    expect((await columnsOf(db, 't')).map(({ name }) => name)).to.not.include('notes');
    expect((await columnsOf(db, 't')).map(({ name }) => name)).to.include('updated_at');
  });

  it('2: Knex’s own tables get neither columns nor trigger, whatever they are called', async () => {
    const db = open();
    const migrationSource = {
      getMigrations: async () => [],
      getMigrationName: String,
      getMigration: async () => ({}),
    };
    await db.migrate.latest({ migrationSource } as never);
    await db.migrate.latest({ migrationSource, tableName: 'other_name' } as never);
    for (const table of ['knex_migrations', 'other_name']) {
      expect((await columnsOf(db, table)).map(({ name }) => name)).to.deep.equal([
        'id',
        'name',
        'batch',
        'migration_time',
      ]);
      expect((await columnsOf(db, `${table}_lock`)).map(({ name }) => name)).to.deep.equal([
        'index',
        'is_locked',
      ]);
    }
    expect(await triggersOf(db)).to.deep.equal([]);
  });

  it('3: createTableIfNotExists over a table without updated_at leaves its UPDATE working', async () => {
    const db = open({}, { log: { warn: () => {} } });
    await db.raw('create table t (label varchar(9))');
    await db.schema.createTableIfNotExists('t', (t) => void t.string('label'));
    await db('t').insert({ label: 'a' });
    expect(await db('t').update({ label: 'b' })).to.equal(1);
    expect(await triggersOf(db)).to.deep.equal([]);
  });

  it('4: after a rename, a new table of the old name has a trigger too', async () => {
    const db = open();
    await db.schema.createTable('b', (t) => void t.string('label'));
    await db.schema.renameTable('b', 'b2');
    await db.schema.createTable('b', (t) => void t.string('label'));
    expect((await triggersOf(db)).map(({ table }) => table)).to.deep.equal(['b', 'b2']);
  });

  it('5: createTableLike keeps primary key, NOT NULL and defaults, and has a trigger', async () => {
    const db = open();
    await db.schema.createTable('a', (t) => {
      t.string('id').primary();
      t.string('label').notNullable().defaultTo('x');
    });
    await db.schema.createTableLike('c', 'a');
    await db('c').insert({ id: '1' });
    expect((await db('c').first()).label).to.equal('x');
    expect((await columnsOf(db, 'c')).map(({ name }) => name)).to.deep.equal(
      (await columnsOf(db, 'a')).map(({ name }) => name),
    );
    expect((await triggersOf(db)).map(({ table }) => table)).to.deep.equal(['a', 'c']);
  });

  it('6: what a schema statement really executes shows in the query events', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => {
      t.string('label');
      t.string('gone');
    });
    const executed: string[] = [];
    db.on('query', ({ sql }: { sql: string }) => executed.push(sql.toLowerCase()));
    await db.schema.alterTable('t', (t) => t.dropColumn('gone'));
    expect(executed.some((sql) => /drop column|create table|alter table/.test(sql))).to.equal(true);
  });

  it('8: a project’s updatedAt that wrapIdentifier makes updated_at is one column', async () => {
    const snake = (value: string) => value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const db = open({}, { wrapIdentifier: (value, wrap) => wrap(snake(value)) });
    await db.schema.createTable('t', (t) => void t.timestamp('updatedAt'));
    expect((await columnsOf(db, 't')).filter(({ name }) => name === 'updated_at')).to.have.length(1);
  });

  it('9: raw SQL goes past the hook: such a table has no metadata', async () => {
    const db = open();
    await db.schema.raw('create table t (label varchar(9))');
    expect((await columnsOf(db, 't')).map(({ name }) => name)).to.deep.equal(['label']);
  });

  it('10: client.config.client stays the string, in transactions and migrations too', async () => {
    const db = open();
    const clientOf = (instance: Knex): unknown =>
      (instance.client as { config: { client: unknown } }).config.client;
    const expected = engine === 'sqlite' ? 'better-sqlite3' : 'pg';
    const seen: unknown[] = [clientOf(db)];
    await db.transaction(async (trx) => {
      seen.push(clientOf(trx));
      await trx.transaction(async (nested) => void seen.push(clientOf(nested)));
    });
    for (const transaction of [true, false]) {
      const content = {
        up: async (trx: Knex) => void seen.push(clientOf(trx)),
        down: async () => {},
        config: { transaction },
      };
      await migrate(db, {
        [`m_${transaction}`]: content,
        ...(transaction ? {} : { m_true: content }),
      }).latest();
    }
    expect(seen).to.have.length(5);
    expect(new Set(seen)).to.deep.equal(new Set([expected]));
  });

  it('10: driverName and dialect stay intact', async () => {
    const { client } = open() as unknown as { client: { driverName: string; dialect: string } };
    expect([client.driverName, client.dialect]).to.deep.equal(
      engine === 'sqlite' ? ['better-sqlite3', 'sqlite3'] : ['pg', 'postgresql'],
    );
  });

  it('11: both transaction settings, views, and a batch of mixed migrations', async () => {
    const db = open();
    const migrations = {
      a: {
        up: (trx: Knex) => trx.schema.createTable('t', (t) => void t.string('label')),
        down: (trx: Knex) => trx.schema.dropTable('t'),
      },
      b: {
        up: (trx: Knex) => trx.schema.createTable('u', (t) => void t.string('label')),
        down: (trx: Knex) => trx.schema.dropTable('u'),
        config: { transaction: false },
      },
      c: {
        up: (trx: Knex) => trx.schema.createView('v', (view) => void view.as(trx('t').select('label'))),
        down: (trx: Knex) => trx.schema.dropView('v'),
      },
    };
    await migrate(db, migrations).latest();
    expect((await triggersOf(db)).map(({ table }) => table)).to.deep.equal(['t', 'u']);
    await migrate(db, migrations).rollback();
    expect(await triggersOf(db)).to.deep.equal([]);
  });
});

describe('withMeta', () => {
  const codeOf = (config: object): string | undefined => {
    try {
      withMeta(config);
    } catch (error) {
      return error instanceof KnexMetaError ? error.code : String(error);
    }
    return undefined;
  };

  it('returns a wrapped configuration as it is', () => {
    const once = withMeta({ client: 'pg' });
    expect(withMeta(once)).to.equal(once);
    expect((once.client as unknown as { [HOOKED]: boolean })[HOOKED]).to.equal(true);
  });

  it('wraps a class of the project’s own', () => {
    const Own = class extends (knex({ client: 'pg' }).client.constructor as {
      new (config: object): object;
    }) {
      readonly isOwn = true;
    };
    const db = knex(withMeta({ client: Own as never }));
    expect((db.client as { isOwn: boolean }).isOwn).to.equal(true);
    expect(db.schema.createTable('t', (t) => void t.string('a')).toString()).to.match(/updated_at/);
  });

  it('says which clients it has an engine for', () => {
    expect(codeOf({ client: 'mysql2' })).to.equal('CLIENT_UNSUPPORTED');
    expect(codeOf({ client: 'cockroachdb' })).to.equal('CLIENT_UNSUPPORTED');
    expect(codeOf({})).to.equal('CONFIG_INVALID');
    expect(codeOf({ client: 'pg', meta: { colums: {} } })).to.equal('META_OPTION_UNKNOWN');
  });

  it('leaves the given configuration unchanged', () => {
    const config = Object.freeze({ client: 'pg', meta: Object.freeze({}) });
    withMeta(config);
    expect(config.client).to.equal('pg');
  });
});
