import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import type { TriggerTrial } from '../../lib/engines/checks.js';
import type { Engine } from '../../lib/engines/contract.js';
import { engineForClient } from '../../lib/engines/registry.js';
import { onEachEngine } from '../conformance/support.js';

const engineOf = (db: Knex): Engine =>
  engineForClient((db.client as { driverName: string }).driverName) as Engine;

const tried = (db: Knex, name: string, schema?: string): Promise<TriggerTrial> =>
  engineOf(db).checks.tryTrigger(db, schema === undefined ? { name } : { schema, name }, 'updated_at');

type Row = Readonly<Record<string, unknown>>;

/** Tables in which a row is hard to update, and a row of each. */
const SHAPES: readonly (readonly [string, (t: Knex.CreateTableBuilder) => unknown, Row])[] = [
  ['no key', (t) => t.integer('a'), { a: 1 }],
  ['only a key', (t) => t.integer('a').primary(), { a: 1 }],
  ['composite key', (t) => [t.integer('a'), t.text('b'), t.primary(['a', 'b'])], { a: 1, b: 'x' }],
  ['key beyond 2^53', (t) => t.specificType('a', 'bigint').primary(), { a: '9007199254740993' }],
  [
    'check on time',
    (t) => [t.integer('a'), t.check('?? >= ??', ['updated_at', 'created_at'], 'later')],
    { a: 1 },
  ],
  ['json', (t) => t.json('a'), { a: '{}' }],
  [
    'self reference',
    (t) => [t.integer('a').primary(), t.integer('b').references('self reference.a')],
    { a: 1 },
  ],
  ['"quoted" `name`; drop', (t) => t.integer('"a'), { '"a': 1 }],
];

onEachEngine('a trial of the trigger', (open, engine) => {
  for (const onExplicitUpdate of ['stamp', 'keep'] as const) {
    for (const [name, make, row] of SHAPES) {
      it(`sees it move and changes nothing: ${name} (${onExplicitUpdate})`, async () => {
        const db = open({ onExplicitUpdate });
        await db.schema.createTable(name, (t) => {
          make(t);
        });
        await db(name).insert(row);
        const before = await db(name).select('*');
        expect(await tried(db, name)).to.deep.equal({ outcome: 'moved' });
        expect(await db(name).select('*')).to.deep.equal(before);
      });
    }
  }

  it('takes a name with a question mark, which Knex’s own queries do not', async () => {
    const db = open();
    await db.schema.createTable('plain', (t) => t.increments());
    await db('plain').insert({ notes: 'x' });
    await db.raw(`alter table plain rename to "what${engine === 'sqlite' ? '?' : '\\?'}"`);
    expect(await tried(db, 'what?')).to.deep.equal({ outcome: 'moved' });
  });

  it('says so where there is no row', async () => {
    const db = open();
    await db.schema.createTable('empty', (t) => t.increments());
    expect(await tried(db, 'empty')).to.deep.equal({ outcome: 'no-rows' });
  });

  it('is not deceived by a clock of whole seconds', async () => {
    const timestampUtc = engine === 'sqlite' ? 'CURRENT_TIMESTAMP' : "date_trunc('second', now())";
    const db = open({ timestampUtc });
    await db.schema.createTable('seconds', (t) => {
      t.increments();
      t.check('?? >= ??', ['updated_at', 'created_at'], 'later');
    });
    await db('seconds').insert({ notes: 'x' });
    expect(await tried(db, 'seconds')).to.deep.equal({ outcome: 'moved' });
  });

  it('finds a trigger that does nothing although a check keeps the row from the past', async () => {
    const db = open({ onExplicitUpdate: 'keep' });
    await db.schema.createTable('t', (t) => {
      t.increments();
      t.check('?? >= ??', ['updated_at', 'created_at'], 'later');
    });
    await db('t').insert({ notes: 'x' });
    await db.raw(
      engine === 'sqlite' ? 'drop trigger update_timestamp_t' : 'drop trigger update_timestamp on t',
    );
    expect(await tried(db, 't')).to.deep.equal({ outcome: 'still' });
  });

  it('gives the engine’s words for an update that fails, without the statement', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => t.increments());
    await db('t').insert({ notes: 'x' });
    await db.raw(
      engine === 'sqlite'
        ? "create trigger bad after update on t begin select raise(abort, 'not today'); end"
        : "create function bad() returns trigger language plpgsql as 'begin raise exception ''not today''; end'",
    );
    if (engine !== 'sqlite')
      await db.raw('create trigger bad before update on t for each row execute function bad()');
    expect(await tried(db, 't')).to.deep.equal({ outcome: 'failed', message: 'not today' });
  });

  if (engine === 'sqlite') {
    it('works WITHOUT ROWID, with hidden names of the rowid, and with generated columns', async () => {
      const db = open();
      await db.schema.createTable('source', (t) => t.increments());
      const [{ sql }] = await db.raw("select sql from sqlite_master where name = 'source'");
      const [{ sql: trigger }] = await db.raw("select sql from sqlite_master where type = 'trigger'");
      const tables: Readonly<Record<string, string>> = {
        plain: sql.replace('`source`', '`plain`').replace(' autoincrement', ''),
        norowid: `${sql.replace('`source`', '`norowid`').replace(' autoincrement', '')} without rowid`,
        rowid: sql.replace('`source` (`id`', '`rowid` (`oid` text, `rowid` text, `id`'),
        generated: sql.replace('`source` (`id`', '`generated` (g integer as (`id` + 1) stored, `id`'),
      };
      for (const [name, create] of Object.entries(tables)) {
        await db.raw(create);
        const row = name === 'norowid' ? { id: 3 } : { notes: 'x' };
        await db(name).insert(row);
        const condition = name === 'norowid' ? '`id` = new.`id`' : '_rowid_ = new._rowid_';
        await db.raw(
          trigger
            .replaceAll('`source`', `\`${name}\``)
            .replace('update_timestamp_source', `update_timestamp_${name}`)
            .replace(/where .* end$/, `where ${condition}; end`),
        );
        expect(await tried(db, name), name).to.deep.equal({ outcome: 'moved' });
      }
    });

    it('is not a finding while another program writes, nor where nothing may be written', async () => {
      const db = open();
      await db.schema.createTable('t', (t) => t.increments());
      await db('t').insert({ notes: 'x' });
      const { filename } = (db.client as { config: { connection: { filename: string } } }).config.connection;
      const other = knex({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true });
      await other.raw('begin immediate');
      await db.raw('pragma busy_timeout = 10');
      expect(await tried(db, 't')).to.deep.equal({ outcome: 'locked', reason: 'database is locked' });
      await other.raw('rollback');
      await other.destroy();
      await db.raw('pragma query_only = on');
      expect((await tried(db, 't')).outcome).to.equal('not-tried');
    });
  }

  if (engine === 'postgresql') {
    it('works on a partitioned table, an inherited one, a schema’s, a generated and an identity column', async () => {
      const db = open();
      await db.raw('create schema "The Schema"');
      const make = (name: string) =>
        db.schema.withSchema('The Schema').createTable(name, (t) => {
          t.specificType('id', 'integer generated always as identity');
          t.specificType('twice', "text generated always as ('x') stored");
        });
      await make('plain');
      await make('parent');
      await db.raw('create table "The Schema".child () inherits ("The Schema".parent)');
      await db.raw(
        'create table "The Schema".parts (like "The Schema".plain including defaults) partition by list (id)',
      );
      await db.raw('create table "The Schema".one partition of "The Schema".parts for values in (1)');
      await db.raw(
        'create trigger update_timestamp before update on "The Schema".parts for each row execute function "The Schema".set_updated_at()',
      );
      await db.raw('insert into "The Schema".plain default values');
      await db.raw('insert into "The Schema".child (id) values (1)');
      expect(await tried(db, 'plain', 'The Schema')).to.deep.equal({ outcome: 'moved' });
      expect(await tried(db, 'parent', 'The Schema')).to.deep.equal({ outcome: 'no-rows' });
      await db.raw('insert into "The Schema".parts (id) values (1)');
      expect(await tried(db, 'parts', 'The Schema')).to.deep.equal({ outcome: 'moved' });
    });

    it('passes over rows that others hold, and does not wait for a table that is locked', async () => {
      const db = open();
      await db.schema.createTable('t', (t) => t.increments());
      await db('t').insert([{ notes: 'held' }, { notes: 'free' }]);
      const other = await db.transaction();
      await other('t').where({ notes: 'held' }).update({ notes: 'held still' });
      expect(await tried(db, 't')).to.deep.equal({ outcome: 'moved' });
      await other('t').update({ notes: 'both' });
      expect((await tried(db, 't')).outcome).to.equal('not-tried');
      await other.raw('lock table t in access exclusive mode');
      expect(await tried(db, 't')).to.deep.equal({
        outcome: 'locked',
        reason: 'canceling statement due to lock timeout',
      });
      await other.rollback();
    });

    it('is not a finding where this role may not update, sees no row, or the server is read-only', async () => {
      const db = open();
      await db.schema.createTable('t', (t) => t.increments());
      await db('t').insert({ notes: 'x' });
      await db.raw('create role watcher login');
      try {
        await db.raw('grant select on t to watcher');
        const { connection } = (db.client as { config: { connection: object } }).config;
        const watcher = knex({
          client: 'pg',
          connection: { ...connection, user: 'watcher' },
          pool: { min: 0, max: 1 },
        });
        try {
          expect((await tried(watcher, 't')).outcome).to.equal('not-tried');
          await db.raw('grant update on t to watcher');
          expect(await tried(watcher, 't')).to.deep.equal({ outcome: 'moved' });
          await db.raw('alter table t enable row level security');
          expect(await tried(watcher, 't')).to.deep.equal({
            outcome: 'not-tried',
            reason: 'row level security may hide its rows from this role',
          });
          await db.raw('create policy seen on t for select using (true)');
          expect((await tried(watcher, 't')).outcome).to.equal('not-tried');
          await db.raw('create policy changed on t for update using (true)');
          expect(await tried(watcher, 't')).to.deep.equal({ outcome: 'moved' });
          await watcher.raw('set default_transaction_read_only = on');
          expect((await tried(watcher, 't')).outcome).to.equal('not-tried');
        } finally {
          await watcher.destroy();
        }
      } finally {
        await db.raw('drop owned by watcher');
        await db.raw('drop role watcher');
      }
    });

    it('ends the check when the connection is lost', async () => {
      const db = open(undefined, { pool: { min: 0, max: 1 } });
      await db.schema.createTable('t', (t) => t.increments());
      await db('t').insert({ notes: 'x' });
      await db.raw(
        "create function bye() returns trigger language plpgsql as 'begin perform pg_terminate_backend(pg_backend_pid()); return new; end'",
      );
      await db.raw('create trigger bye before update on t for each row execute function bye()');
      const error = await tried(db, 't').then(
        (trial) => trial.outcome,
        () => 'thrown',
      );
      expect(error).to.equal('thrown');
    });
  }
});
