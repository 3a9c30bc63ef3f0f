import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { withMeta } from '../../lib/index.js';
import { freshSqlite } from '../support/databases.js';
import { columnsOf, pause, triggersOf } from './support.js';

/** Tables that Knex's builder cannot make: they get their trigger when a migration adds updated_at. */
const SHAPES: readonly (readonly [string, string])[] = [
  ['rowid', 'create table t (id integer primary key, label text)'],
  ['no key', 'create table t (label text)'],
  ['WITHOUT ROWID', 'create table t (id text primary key, label text) without rowid'],
  ['composite key', 'create table t (a text, b text, label text, primary key (a, b))'],
  [
    'composite key WITHOUT ROWID',
    'create table t (a text, b text, label text, primary key (b, a)) without rowid',
  ],
  ['a column called rowid', 'create table t (rowid text, id integer primary key, label text)'],
  [
    'columns called rowid and _rowid_',
    'create table t (rowid text, _rowid_ text, id integer primary key, label text)',
  ],
  [
    'every name of the rowid taken',
    'create table t (rowid text, _rowid_ text, oid text, id text primary key, label text)',
  ],
];

describe('SQLite: what only it has', () => {
  let db: Knex;

  beforeEach(async () => {
    const { config } = await freshSqlite();
    db = knex(withMeta(config));
  });
  afterEach(() => db.destroy());

  async function moves(table = 't'): Promise<void> {
    const stamps = async () => (await db(table).select('label', 'updated_at').orderBy('label')) as Row[];
    const before = await stamps();
    await pause();
    await db(table).where('label', 'like', 'a%').update({ label: 'a2' });
    const after = await stamps();
    expect(String(after[0]?.updated_at) > String(before[0]?.updated_at)).to.equal(true);
    expect(after[1]).to.deep.equal(before[1]);
  }

  for (const [shape, sql] of SHAPES) {
    for (const recursive of ['off', 'on']) {
      it(`${shape}, recursive_triggers ${recursive}: the updated row alone is stamped`, async () => {
        await db.raw(`pragma recursive_triggers = ${recursive}`);
        await db.raw(sql);
        await db.schema.alterTable('t', (t) => void t.datetime('updated_at'));
        const columns = (await columnsOf(db, 't'))
          .map(({ name }) => name)
          .filter((name) => /^(a|b|rowid|_rowid_|oid)$/.test(name));
        const keys = (value: string) => Object.fromEntries(columns.map((name) => [name, value]));
        const id = (value: number) => (/\bid (integer|text) primary/.test(sql) ? { id: value } : {});
        await db('t').insert({ ...keys('x'), ...id(1), label: 'a', updated_at: '2001-01-01T00:00:00.000Z' });
        await db('t').insert({ ...keys('y'), ...id(2), label: 'b', updated_at: '2001-01-01T00:00:00.000Z' });
        await moves();
        // Two updates within one millisecond are where a trigger that calls itself would fail.
        for (let count = 0; count < 50; count += 1) await db('t').update({ label: db.raw('label') });
        const [{ integrity_check: integrity }] = await db.raw('pragma integrity_check');
        expect(integrity).to.equal('ok');
      });
    }
  }

  it('STRICT: text with a default that is an instant is kept', async () => {
    await db.raw(
      "create table t (id integer primary key, label text, updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ','now'))) strict",
    );
    await db.schema.alterTable('t', (t) => void t.renameColumn('updated_at', 'changed_at'));
    await db.schema.alterTable('t', (t) => void t.renameColumn('changed_at', 'updated_at'));
    await db('t').insert([{ label: 'a' }, { label: 'b' }]);
    await moves();
  });

  it('a primary key that changes takes its stamp along', async () => {
    await db.raw('create table t (id text primary key, label text) without rowid');
    await db.schema.alterTable('t', (t) => void t.datetime('updated_at'));
    await db('t').insert({ id: 'x', label: 'a', updated_at: '2001-02-03' });
    await db('t').update({ id: 'y' });
    expect((await db('t').first()).updated_at).to.match(/^20[2-9]/);
  });

  it('a new table gets its trigger although a table that had its name was renamed by other hands', async () => {
    await db.schema.createTable('b', (t) => void t.string('label'));
    await db.raw('alter table b rename to b2');
    await db.schema.createTable('b', (t) => void t.string('label'));
    for (const table of ['b', 'b2']) {
      await db(table).insert([{ label: 'a' }, { label: 'b' }]);
      await moves(table);
    }
    expect(await triggersOf(db)).to.deep.equal([
      { table: 'b', name: 'update_timestamp_b' },
      { table: 'b2', name: 'update_timestamp_b2' },
    ]);
  });

  it('reads as UTC in JavaScript, to the millisecond', async () => {
    await db.schema.createTable('t', (t) => void t.string('label'));
    await db('t').insert({ label: 'a' });
    const { created_at: createdAt } = await db('t').first();
    expect(createdAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('an own column takes over, and goes, beside a view and a trigger that do not compile', async () => {
    await db.schema.createTable('posts', (t) => void t.increments('id'));
    await db.raw('create view post_stats as select * from stats');
    await db.raw('create trigger w after insert on posts when 0 begin insert into missing values (1); end');
    await db('posts')
      .insert({ notes: 'kept' })
      .catch(() => db.raw('drop trigger w'));
    await db('posts').del();
    await db('posts').insert({ notes: 'kept' });
    await db.schema.alterTable('posts', (t) => void t.string('notes').defaultTo('own'));
    await db.schema.alterTable('posts', (t) => void t.datetime('updated_at'));
    expect((await db('posts').first()).notes).to.equal('kept');
    await db.schema.alterTable('posts', (t) => void t.dropColumn('notes'));
    expect(await db('posts').where({ notes: null })).to.have.length(1);
    expect(await db.raw('pragma legacy_alter_table')).to.deep.equal([{ legacy_alter_table: 0 }]);
    const other = await db.raw('alter table posts rename column id to key').catch((e: Error) => e);
    expect(String(other)).to.contain('no such table: main.stats');
  });

  it('columns are known in any case', async () => {
    await db.schema.createTable('t', (t) => {
      t.string('label');
      t.datetime('UPDATED_AT');
    });
    expect((await columnsOf(db, 't')).map(({ name }) => name)).to.deep.equal([
      'label',
      'UPDATED_AT',
      'is_active',
      'is_flagged',
      'notes',
      'created_at',
    ]);
    await db('t').insert([{ label: 'a', updated_at: '2001-02-03' }]);
    await db('t').update({ label: 'c' });
    expect((await db('t').first()).UPDATED_AT).to.match(/^20[2-9]/);
  });
});

type Row = Readonly<Record<string, unknown>>;
