import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { withMeta } from '../../lib/index.js';
import { type Database, freshPostgres } from '../support/databases.js';
import { pause, triggersOf } from './support.js';

describe('PostgreSQL: what only it has', () => {
  let database: Database;
  let opened: Knex[] = [];

  const open = (url = database.url, config: Partial<Knex.Config> = {}): Knex => {
    const db = knex(withMeta({ client: 'pg', connection: url, pool: { min: 0, max: 10 }, ...config }));
    opened.push(db);
    return db;
  };
  const as = (role: string): string => database.url.replace('postgres@', `${role}@`);

  beforeEach(async () => {
    database = await freshPostgres();
  });
  afterEach(async () => {
    await Promise.all(opened.map((db) => db.destroy()));
    opened = [];
  });

  async function moves(db: Knex, table: string, schema = 'public'): Promise<boolean> {
    const stamp = async () => new Date((await db(table).withSchema(schema).first()).updated_at).getTime();
    const before = await stamp();
    await pause();
    await db(table)
      .withSchema(schema)
      .update({ label: `${Math.random()}` });
    return (await stamp()) > before;
  }

  it('keeps function and trigger in the schema that withSchema names', async () => {
    const db = open();
    await db.raw('create schema "App One"');
    await db.schema.withSchema('App One').createTable('Users', (t) => void t.string('label'));
    await db('Users').withSchema('App One').insert({ label: 'a' });
    expect(await moves(db, 'Users', 'App One')).to.equal(true);
    const { rows } = await db.raw(
      "select n.nspname, p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prosrc like '%knex-meta%'",
    );
    expect(rows).to.deep.equal([{ nspname: 'App One', proname: 'set_updated_at' }]);
    await db.schema.withSchema('App One').renameTable('Users', 'People');
    await db.schema.withSchema('App One').alterTable('People', (t) => void t.string('notes', 5));
    expect(await moves(db, 'People', 'App One')).to.equal(true);
    await db.schema.withSchema('App One').dropTable('People');
    await db.raw('drop schema "App One"');
  });

  it('finds the schema in a dotted name and through the search path', async () => {
    const db = open(database.url, { searchPath: ['app', 'public'] });
    await db.raw('create schema app');
    await db.schema.createTable('public.users', (t) => void t.string('label'));
    await db.schema.createTable('things', (t) => void t.string('label'));
    const { rows } = await db.raw(
      'select t.tgrelid::regclass::text as "table", t.tgfoid::regproc::text as function from pg_trigger t where not tgisinternal order by 1',
    );
    expect(rows).to.deep.equal([
      { table: 'things', function: 'set_updated_at' },
      { table: 'users', function: 'public.set_updated_at' },
    ]);
  });

  it('reaches the partitions of a partitioned parent', async () => {
    const db = open();
    await db.raw('create table logs (label text, day date not null) partition by range (day)');
    await db.raw("create table logs_1 partition of logs for values from ('2020-01-01') to ('2030-01-01')");
    await db.schema.alterTable('logs', (t) => t.timestamp('updated_at').notNullable().defaultTo(db.fn.now()));
    await db('logs').insert({ label: 'a', day: '2025-01-01' });
    expect(await moves(db, 'logs')).to.equal(true);
    expect(await moves(db, 'logs_1')).to.equal(true);
    await db.raw("create table logs_2 partition of logs for values from ('2030-01-01') to ('2040-01-01')");
    await db('logs_2').insert({ label: 'a', day: '2035-01-01' });
    expect(await moves(db, 'logs_2')).to.equal(true);
  });

  it('gives an INHERITS child a trigger of its own, and no second set of columns', async () => {
    const db = open();
    await db.schema.createTable('parent', (t) => void t.string('label'));
    await db.schema.createTable('child', (t) => {
      t.integer('more');
      t.inherits('parent');
    });
    const { rows } = await db.raw(
      "select attname from pg_attribute where attrelid = 'child'::regclass and attnum > 0 and attislocal and not attisdropped",
    );
    expect(rows).to.deep.equal([{ attname: 'more' }]);
    await db('child').insert({ label: 'a' });
    expect(await moves(db, 'child')).to.equal(true);
  });

  it('works for a role that is not a superuser', async () => {
    await open().raw('create role plain login; create schema own authorization plain');
    const db = open(as('plain'), { searchPath: 'own' });
    await db.schema.createTable('t', (t) => void t.string('label'));
    await db('t').insert({ label: 'a' });
    expect(await moves(db, 't', 'own')).to.equal(true);
    await db.schema.dropTable('t');
    await open().raw('drop schema own; drop role plain');
  });

  it('works for a role that does not own the function', async () => {
    const owner = open();
    await owner.schema.createTable('first', (t) => void t.string('label'));
    await owner.raw('create role guest login; grant usage, create on schema public to guest');
    const db = open(as('guest'));
    await db.schema.createTable('second', (t) => void t.string('label'));
    await db('second').insert({ label: 'a' });
    expect(await moves(db, 'second')).to.equal(true);
    const { rows } = await owner.raw(
      "select count(*)::int as n from pg_proc where prosrc like '%knex-meta%'",
    );
    expect(rows).to.deep.equal([{ n: 1 }]);
    // With another setting the guest needs another body, and may neither replace nor drop the owner's.
    const keeping = knex(
      withMeta({ client: 'pg', connection: as('guest'), meta: { onExplicitUpdate: 'keep' } }),
    );
    opened.push(keeping);
    await keeping.schema.createTable('third', (t) => void t.string('label'));
    await keeping('third').insert({ label: 'a', updated_at: '2001-01-01' });
    expect(await moves(keeping, 'third')).to.equal(true);
    await db.schema.dropTable('second');
    await db.schema.dropTable('third');
    await owner('first').insert({ label: 'a' });
    expect(await moves(owner, 'first')).to.equal(true);
    await owner.raw('drop owned by guest; drop role guest');
  });

  it('is not fooled by a search path that shadows now()', async () => {
    const setup = open();
    await setup.raw(
      `create schema evil; create function evil.now() returns timestamptz language sql as $$ select '1999-01-01'::timestamptz $$`,
    );
    const db = open(`${database.url}?options=-c%20search_path%3Devil,pg_catalog,public`, {
      meta: { timestampUtc: 'now()' },
    } as never);
    await db.schema.createTable('public.t', (t) => void t.string('label'));
    await db('public.t').insert({ label: 'a' });
    await db('public.t').update({ label: 'b' });
    const row = await db('public.t').first();
    expect(new Date(row.updated_at).getFullYear()).to.be.greaterThan(2020);
    expect(new Date(row.created_at).getFullYear()).to.be.greaterThan(2020);
  });

  it('eight connections create tables at once, in fresh schemas, round after round', async () => {
    for (let round = 0; round < 5; round += 1) {
      const admin = open();
      await admin.raw(`create schema round_${round}`);
      const clients = Array.from({ length: 8 }, () => open(database.url, { searchPath: `round_${round}` }));
      await Promise.all(
        clients.map((db, index) =>
          db.transaction(async (trx) => {
            await trx.schema.createTable(`t_${index}`, (t) => void t.string('label'));
            await trx.schema.createTable(`u_${index}`, (t) => void t.string('label'));
          }),
        ),
      );
      const names = (await triggersOf(admin)).map(({ table }) => table);
      expect(names.filter((name) => /^[tu]_\d$/.test(name))).to.have.length(16 * (round + 1));
      await Promise.all(clients.map((db) => db.destroy()));
    }
  });

  it('creates and drops tables at once without leaving a trigger that has no function', async () => {
    const clients = Array.from({ length: 4 }, () => open());
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(
        clients.map(async (db, index) => {
          await db.schema.createTable(`t_${index}`, (t) => void t.string('label'));
          await db(`t_${index}`).insert({ label: 'a' });
          await db(`t_${index}`).update({ label: 'b' });
          await db.schema.dropTable(`t_${index}`);
        }),
      );
    }
    const { rows } = await clients[0]!.raw(
      'select count(*)::int as n from pg_trigger where not tgisinternal',
    );
    expect(rows).to.deep.equal([{ n: 0 }]);
  });

  it('leaves no function behind when the last table goes', async () => {
    const db = open();
    await db.schema.createTable('a', (t) => void t.string('label'));
    await db.schema.createTable('b', (t) => void t.timestamp('updated_at', { useTz: false }));
    await db.schema.dropTable('a');
    await db.schema.dropTableIfExists('b');
    const { rows } = await db.raw("select proname from pg_proc where pronamespace = 'public'::regnamespace");
    expect(rows).to.deep.equal([]);
  });

  it('replaces the function when the configuration changes', async () => {
    const before = open();
    await before.schema.createTable('a', (t) => void t.string('label'));
    const changed = open(database.url, { meta: { onExplicitUpdate: 'keep' } } as never);
    await changed.schema.createTable('b', (t) => void t.string('label'));
    await changed('a').insert({ label: 'a' });
    await changed('a').update({ updated_at: '2001-01-01T00:00:00Z' });
    expect((await changed('a').first()).updated_at.toISOString()).to.equal('2001-01-01T00:00:00.000Z');
  });

  it('refuses a table name of 64 bytes and makes nothing', async () => {
    const db = open();
    for (const name of ['x'.repeat(64), 'é'.repeat(32)]) {
      const error = await db.schema
        .createTable(name, (t) => void t.string('label'))
        .catch((e: { code: string; message: string }) => e);
      expect((error as { code: string }).code).to.equal('NAME_TOO_LONG');
    }
    const { rows } = await db.raw("select relname from pg_class where relnamespace = 'public'::regnamespace");
    expect(rows).to.deep.equal([]);
    await db.schema.createTable('y'.repeat(63), (t) => void t.string('label'));
    await db('y'.repeat(63)).insert({ label: 'a' });
    expect(await moves(db, 'y'.repeat(63))).to.equal(true);
  });

  it('keeps json columns, generated columns and row triggers of the project working', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => {
      t.string('label');
      t.json('data');
      t.specificType('doubled', 'integer generated always as (length(label) * 2) stored');
    });
    await db.raw(`create function note() returns trigger language plpgsql as $$ begin new.notes := 'seen'; return new; end $$;
      create trigger note before update on t for each row execute function note()`);
    await db('t').insert({ label: 'abc', data: '{}' });
    expect(await moves(db, 't')).to.equal(true);
    expect((await db('t').first()).notes).to.equal('seen');
  });
});
