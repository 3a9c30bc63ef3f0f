import { expect } from 'chai';
import type { Knex } from 'knex';
import { columnsOf, onEachEngine, pause, triggersOf } from './support.js';

const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

/** Inserts a row, updates it, and says whether updated_at moved and the row kept created_at. */
async function moves(db: Knex, table: string, column = 'updated_at'): Promise<boolean> {
  const before = (await db(table).first()) as Record<string, unknown>;
  await pause();
  await db(table).update({ label: `${Math.random()}` });
  const after = (await db(table).first()) as Record<string, unknown>;
  return (
    String(new Date(after[column] as string).getTime()) !==
    String(new Date(before[column] as string).getTime())
  );
}

onEachEngine('metadata columns', (open) => {
  it('come after the project’s own on createTable, with defaults and a trigger that works', async () => {
    const db = open();
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('label');
    });
    expect((await columnsOf(db, 'users')).map(({ name }) => name)).to.deep.equal(['id', 'label', ...FIVE]);
    await db('users').insert({ label: 'a' });
    const row = await db('users').first();
    expect(Boolean(row.is_active)).to.equal(true);
    expect(Boolean(row.is_flagged)).to.equal(false);
    expect(row.notes).to.equal(null);
    expect(Math.abs(new Date(row.created_at).getTime() - Date.now())).to.be.lessThan(5000);
    expect(await moves(db, 'users')).to.equal(true);
  });

  it('are the same in every table of one transaction, and named as the query’s context says', async () => {
    const wrapIdentifier: NonNullable<Knex.Config['wrapIdentifier']> = (value, wrap, context) =>
      wrap(context?.prefix !== undefined && FIVE.includes(value) ? `${context.prefix}_${value}` : value);
    const db = open({}, { wrapIdentifier });
    await db.transaction(async (trx) => {
      for (const table of ['t', 'u']) await trx.schema.createTable(table, (t) => void t.string('label'));
      for (const prefix of ['a', 'b'])
        await trx.schema.queryContext({ prefix }).createTable(prefix, (t) => void t.string('label'));
      // One that has some of them itself, one that has none, and what another kind of table makes of the rest.
      await trx.schema.createTable('v', (t) => {
        t.text('notes').notNullable();
        t.metadata({ created_at: false });
      });
      await trx.schema.createTable('w', (t) => void t.metadata(false).string('label'));
    });
    const names = async (table: string) => (await columnsOf(db, table)).map(({ name }) => name);
    const [first, second] = [await columnsOf(db, 't'), await columnsOf(db, 'u')];
    expect(second).to.deep.equal(first);
    expect(first.map(({ name }) => name)).to.deep.equal(['label', ...FIVE]);
    expect(await names('a')).to.deep.equal(['label', ...FIVE.map((name) => `a_${name}`)]);
    expect(await names('b')).to.deep.equal(['label', ...FIVE.map((name) => `b_${name}`)]);
    expect(await names('v')).to.deep.equal(['notes', 'is_active', 'is_flagged', 'updated_at']);
    expect((await columnsOf(db, 'v'))[0]?.nullable).to.equal(false);
    expect(await names('w')).to.deep.equal(['label']);
    await db('u').insert({ label: 'a' });
    expect(await moves(db, 'u')).to.equal(true);
  });

  it('are NOT NULL but for notes, and hold no index', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => t.increments('id'));
    const nullable = (await columnsOf(db, 't')).filter((column) => column.nullable).map(({ name }) => name);
    expect(nullable).to.deep.equal(['notes']);
  });

  it('stamp a raw UPDATE, an upsert, and an UPDATE that changes nothing', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => {
      t.integer('id').primary();
      t.string('label');
    });
    await db('t').insert({ id: 1, label: 'a' });
    const stamp = async () => new Date((await db('t').first()).updated_at).getTime();
    for (const act of [
      () => db.raw("update t set label = 'b'"),
      () => db('t').insert({ id: 1, label: 'c' }).onConflict('id').merge(),
      () => db.raw('update t set label = label'),
    ]) {
      const before = await stamp();
      await pause();
      await act();
      expect(await stamp()).to.be.greaterThan(before);
    }
  });

  it('overwrite a value that the statement sets, unless onExplicitUpdate is keep', async () => {
    const past = '2001-02-03T04:05:06.000Z';
    for (const onExplicitUpdate of ['stamp', 'keep'] as const) {
      const db = open({ onExplicitUpdate });
      const table = `t_${onExplicitUpdate}`;
      await db.schema.createTable(table, (t) => t.string('label'));
      await db(table).insert({ label: 'a' });
      await db(table).update({ updated_at: past });
      const kept = new Date((await db(table).first()).updated_at).toISOString() === past;
      expect(kept).to.equal(onExplicitUpdate === 'keep');
      await pause();
      expect(await moves(db, table)).to.equal(true);
      await db.destroy();
    }
  });

  it('appear in transactions, nested ones, and vanish with a rollback', async () => {
    const db = open();
    await db.transaction(async (trx) => {
      await trx.schema.createTable('outer', (t) => t.string('label'));
      await trx.transaction((nested) => nested.schema.createTable('nested', (t) => t.string('label')));
    });
    for (const table of ['outer', 'nested']) {
      await db(table).insert({ label: 'a' });
      expect(await moves(db, table)).to.equal(true);
    }
    const failed = db.transaction(async (trx) => {
      await trx.schema.createTable('gone', (t) => t.string('label'));
      throw new Error('undo');
    });
    expect(await failed.catch((error: Error) => error.message)).to.equal('undo');
    expect(await db.schema.hasTable('gone')).to.equal(false);
    expect((await triggersOf(db)).map(({ table }) => table)).to.have.members(['outer', 'nested']);
  });

  it('are left out with t.metadata(false), and set with t.metadata({...})', async () => {
    const db = open();
    await db.schema.createTable('plain', (t) => {
      t.increments('id');
      t.metadata(false);
    });
    await db.schema.createTable('some', (t) => {
      t.increments('id');
      t.metadata({ notes: false, is_active: { index: true }, updated_at: 'modified_at' });
    });
    expect((await columnsOf(db, 'plain')).map(({ name }) => name)).to.deep.equal(['id']);
    expect((await columnsOf(db, 'some')).map(({ name }) => name)).to.deep.equal([
      'id',
      'is_active',
      'is_flagged',
      'created_at',
      'modified_at',
    ]);
    expect((await triggersOf(db)).map(({ table }) => table)).to.deep.equal(['some']);
  });

  it('refuse a wrong key of t.metadata, with the table not made', async () => {
    const db = open();
    const failed = db.schema.createTable('t', (t) => {
      t.increments('id');
      t.metadata({ is_activ: false } as never);
    });
    expect(await failed.catch((error: { code: string }) => error.code)).to.equal('META_OPTION_UNKNOWN');
    expect(await db.schema.hasTable('t')).to.equal(false);
  });

  it('follow the configuration: renamed, omitted, added, indexed, tables excluded', async () => {
    const db = open({
      columns: {
        updated_at: 'modified_at',
        notes: false,
        is_flagged: { index: true },
        tenant: (t, name) => t.string(name, 10).notNullable().defaultTo('x'),
      },
      tables: { exclude: ['raw_*'] },
    });
    await db.schema.createTable('t', (t) => t.string('label'));
    await db.schema.createTable('raw_t', (t) => t.string('label'));
    expect((await columnsOf(db, 't')).map(({ name }) => name)).to.deep.equal([
      'label',
      'is_active',
      'is_flagged',
      'created_at',
      'modified_at',
      'tenant',
    ]);
    expect((await columnsOf(db, 'raw_t')).map(({ name }) => name)).to.deep.equal(['label']);
    await db('t').insert({ label: 'a' });
    expect(await moves(db, 't', 'modified_at')).to.equal(true);
  });

  it('have a trigger that survives renaming the table and altering it, and goes with the table', async () => {
    const db = open();
    await db.schema.createTable('b', (t) => t.string('label'));
    await db.schema.renameTable('b', 'b2');
    await db.schema.alterTable('b2', (t) => t.string('more'));
    await db('b2').insert({ label: 'a' });
    expect(await moves(db, 'b2')).to.equal(true);
    await db.schema.alterTable('b2', (t) => t.dropColumn('more'));
    await db.schema.alterTable('b2', (t) => t.string('label', 99).notNullable().alter());
    expect(await moves(db, 'b2')).to.equal(true);
    await db.schema.dropTable('b2');
    expect(await triggersOf(db)).to.deep.equal([]);
  });

  it('lose the trigger when updated_at is dropped', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => t.string('label'));
    await db('t').insert({ label: 'a' });
    await db.schema.alterTable('t', (t) => t.dropColumn('updated_at'));
    expect(await triggersOf(db)).to.deep.equal([]);
    await db('t').update({ label: 'b' });
  });

  it('come to a table of createTableLike, with the source’s keys and defaults', async () => {
    const db = open();
    await db.schema.createTable('source', (t) => {
      t.string('id').primary();
      t.string('label').notNullable().defaultTo('x');
    });
    await db.schema.createTableLike('copy', 'source', (t) => t.integer('extra'));
    const columns = await columnsOf(db, 'copy');
    expect(columns.map(({ name }) => name)).to.include.members(['id', 'label', 'extra', ...FIVE]);
    await db('copy').insert({ id: '1' });
    expect((await db('copy').first()).label).to.equal('x');
    expect(await moves(db, 'copy')).to.equal(true);
    const twice = await db('copy')
      .insert({ id: '1' })
      .catch(() => 'refused');
    expect(twice).to.equal('refused');
  });

  it('come to a table of createTableIfNotExists only when it is new', async () => {
    const db = open();
    await db.raw('create table old_one (id integer, label varchar(20))');
    await db.schema.createTableIfNotExists('old_one', (t) => t.integer('id'));
    await db.schema.createTableIfNotExists('new_one', (t) => t.string('label'));
    expect((await columnsOf(db, 'old_one')).map(({ name }) => name)).to.deep.equal(['id', 'label']);
    await db('old_one').insert({ id: 1, label: 'a' });
    await db('old_one').update({ label: 'b' });
    await db('new_one').insert({ label: 'a' });
    expect(await moves(db, 'new_one')).to.equal(true);
    await db.schema.createTableIfNotExists('new_one', (t) => t.string('label'));
    expect((await triggersOf(db)).map(({ table }) => table)).to.deep.equal(['new_one']);
  });

  it('stand hostile and mixed-case names', async () => {
    const db = open();
    for (const table of ['select"; drop', 'Mixed Case', "quo'te", 'back`tick', 'dollar$knex_meta$']) {
      await db.schema.createTable(table, (t) => t.string('label'));
      await db(table).insert({ label: 'a' });
      expect(await moves(db, table), table).to.equal(true);
      await db.schema.alterTable(table, (t) => t.text('notes').notNullable().defaultTo('mine'));
      expect(await moves(db, table), table).to.equal(true);
      await db.schema.dropTable(table);
    }
  });

  it('show in toSQL', async () => {
    const db = open();
    const sql = db.schema
      .createTable('t', (t) => t.string('label'))
      .toSQL()
      .map((statement: { sql: string }) => statement.sql)
      .join('\n');
    expect(sql).to.match(/is_active/);
    expect(sql).to.match(/create trigger/);
  });
});
