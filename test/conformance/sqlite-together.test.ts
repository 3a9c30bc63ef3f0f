import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { withMeta } from '../../lib/index.js';
import { freshSqlite } from '../support/databases.js';

describe('SQLite: alterations that are started together', () => {
  let db: Knex;

  beforeEach(async () => {
    const { config } = await freshSqlite();
    db = knex(withMeta(config));
    await db.schema.createTable('parents', (t) => {
      t.increments();
      t.string('name');
      t.integer('old');
    });
    await db.schema.createTable('children', (t) => {
      t.increments();
      t.integer('parent_id').references('parents.id').onDelete('CASCADE');
      t.integer('old');
    });
    await db('parents').insert([1, 2, 3].map((id) => ({ id, name: `p${id}`, old: id })));
    await db('children').insert([1, 2, 3].map((id) => ({ id, parent_id: id, old: id })));
    await db.raw('pragma foreign_keys = on');
  });
  afterEach(() => db.destroy());

  async function isSound(): Promise<void> {
    expect(await db.raw('pragma integrity_check')).to.deep.equal([{ integrity_check: 'ok' }]);
    expect(await db.raw('pragma foreign_key_check')).to.deep.equal([]);
    expect(await db.raw('pragma legacy_alter_table')).to.deep.equal([{ legacy_alter_table: 0 }]);
    expect(await db.raw('pragma foreign_keys')).to.deep.equal([{ foreign_keys: 1 }]);
    expect(
      await db.raw(
        "select name from sqlite_master where name like '%knex\\_meta\\_%' escape '\\' and type = 'table'",
      ),
    ).to.deep.equal([]);
    expect(await db.raw("select count(*) as n from sqlite_master where type = 'trigger'")).to.deep.equal([
      { n: 2 },
    ]);
  }

  for (const isolated of [true, false]) {
    it(`two alterations and rows written meanwhile, ${isolated ? 'in a transaction' : 'outside'}: everything is there`, async () => {
      const together = (on: Knex) =>
        Promise.all([
          on.schema.alterTable('parents', (t) => void t.dropColumn('old')),
          on('parents').insert({ id: 4, name: 'p4' }),
          on.schema.alterTable('children', (t) => void t.dropColumn('old')),
          on('children').insert({ id: 4, parent_id: 1 }),
          on.schema.alterTable('parents', (t) => void t.text('name').notNullable().alter()),
          on('parents').where({ id: 2 }).update({ name: 'changed' }),
        ]);
      if (isolated) await db.transaction((trx) => together(trx as unknown as Knex));
      else await together(db);
      expect(await db('parents').orderBy('id').pluck('name')).to.deep.equal(['p1', 'changed', 'p3', 'p4']);
      expect(await db('children').orderBy('id').pluck('parent_id')).to.deep.equal([1, 2, 3, 1]);
      expect(Object.keys(await db('parents').columnInfo())).to.not.include('old');
      expect(Object.keys(await db('children').columnInfo())).to.not.include('old');
      await isSound();
    });
  }

  it('one that fails beside another: the transaction undoes both, and nothing is left of either', async () => {
    const before = await db.raw('select name, sql from sqlite_master order by name');
    await db
      .transaction((trx) =>
        Promise.all([
          trx.schema.alterTable('parents', (t) => void t.dropColumn('old')),
          trx.schema.alterTable('children', (t) => void t.dropColumn('nowhere')),
          trx('parents').insert({ nowhere: 1 }),
        ]),
      )
      .then(
        () => expect.fail('it did not fail'),
        () => {},
      );
    expect(await db.raw('select name, sql from sqlite_master order by name')).to.deep.equal(before);
    expect(await db('parents').orderBy('id').pluck('old')).to.deep.equal([1, 2, 3]);
    await isSound();
  });
});
