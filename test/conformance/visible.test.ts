import { expect } from 'chai';
import type { Knex } from 'knex';
import { migrate, onEachEngine } from './support.js';

const META = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

/** Two tables with metadata; the second has a `notes` of its own, and a column that came later. */
async function tables(db: Knex): Promise<void> {
  await db.schema.createTable('users', (t) => {
    t.integer('id').primary();
    t.string('name');
  });
  await db.schema.createTable('orders', (t) => {
    t.integer('id').primary();
    t.integer('user_id');
    t.string('notes');
  });
  await db.schema.alterTable('orders', (t) => void t.string('late'));
  await db('users').insert({ id: 1, name: 'ann', notes: 'of the user' });
  await db('orders').insert({ id: 7, user_id: 1, notes: 'of the order', late: 'x' });
}

const USER = { id: 1, name: 'ann' };
const ORDER = { id: 7, user_id: 1, notes: 'of the order', late: 'x' };

onEachEngine('meta.visible: false', (open, engine) => {
  const hidden = (config: Partial<Knex.Config> = {}): Knex => open({ visible: false }, config);

  /** The rows of a raw statement, on either engine. */
  const raw = async (db: Knex, sql: string): Promise<object[]> => {
    const answer = await db.raw(sql);
    return engine === 'sqlite' ? answer : answer.rows;
  };

  it('answers to code that does not name the columns do not have them', async () => {
    const db = hidden();
    await tables(db);
    expect(await db('users')).to.deep.equal([USER]);
    expect(await db('users').select('*')).to.deep.equal([USER]);
    expect(await db('users').select('users.*')).to.deep.equal([USER]);
    expect(await db('users as u').select('u.*').first()).to.deep.equal(USER);
    expect(await db('orders')).to.deep.equal([ORDER]);
    expect(await db('users').where({ is_active: true }).orderBy('created_at')).to.deep.equal([USER]);
    expect(await db('users').insert({ id: 2, name: 'b' }).returning('*')).to.deep.equal([
      { id: 2, name: 'b' },
    ]);
    expect(await db('users').where({ id: 2 }).update({ name: 'c' }, '*')).to.deep.equal([
      { id: 2, name: 'c' },
    ]);
    const upsert = db('users').insert({ id: 2, name: 'd' }).onConflict('id').merge().returning('*');
    expect(await upsert).to.deep.equal([{ id: 2, name: 'd' }]);
    expect(await raw(db, 'delete from users where id = 2 returning *')).to.deep.equal([{ id: 2, name: 'd' }]);
    expect(await db('users').pluck('name')).to.deep.equal(['ann']);
    expect(await raw(db, 'select * from users')).to.deep.equal([USER]);
    expect(await raw(db, '/* all */ select u.* from users as u')).to.deep.equal([USER]);
  });

  it('they come when they are named, or by withMetadata()', async () => {
    const db = hidden();
    await tables(db);
    expect(await db('users').select('id', 'notes')).to.deep.equal([{ id: 1, notes: 'of the user' }]);
    expect(await db('users').select('*', 'notes')).to.deep.equal([{ ...USER, notes: 'of the user' }]);
    expect(await db('users').select('notes', 'users.*')).to.deep.equal([{ ...USER, notes: 'of the user' }]);
    expect(await db('users').pluck('notes')).to.deep.equal(['of the user']);
    expect(await db('users').insert({ id: 2 }).returning(['id', 'notes'])).to.deep.equal([
      { id: 2, notes: null },
    ]);
    const all = await db('users').withMetadata().first();
    expect(Object.keys(all)).to.have.members([...Object.keys(USER), ...META]);
    const clone = await db('users').where({ id: 1 }).withMetadata().clone().first();
    expect(clone).to.deep.equal(all);
    expect(await db('users').first().clone()).to.deep.equal(USER);
  });

  it('joins keep the own column of the name, whatever the order', async () => {
    const db = hidden();
    await tables(db);
    const joined = { ...ORDER, ...USER };
    expect(await db('orders').join('users', 'users.id', 'orders.user_id')).to.deep.equal([joined]);
    const other = await db('users as u').leftJoin('orders as o', 'u.id', 'o.user_id').select('u.*', 'o.*');
    expect(other).to.deep.equal([{ ...USER, ...ORDER }]);
    expect(await raw(db, 'select * from (orders o join users u on u.id = o.user_id)')).to.deep.equal([
      joined,
    ]);
    const ordered = db('orders').join('users', 'users.id', 'orders.user_id').select('orders.*').orderBy('id');
    expect(await ordered).to.deep.equal([ORDER]);
    const named = await db('orders as o')
      .join('users as u', 'u.id', 'o.user_id')
      .select('o.*', 'u.notes as about');
    expect(named).to.deep.equal([{ ...ORDER, about: 'of the user' }]);
  });

  it('subqueries, common tables, unions and copies have the own columns', async () => {
    const db = hidden();
    await tables(db);
    await db('users').insert({ id: 2, name: 'bob' });
    expect(await db.from(db('users').where({ id: 1 }).as('x')).select('*')).to.deep.equal([USER]);
    expect(
      await db
        .with('x', db('users').where({ id: 1 }))
        .from('x')
        .select('*'),
    ).to.deep.equal([USER]);
    const named = db('users').where({ id: 1 }).select('id', 'notes').as('x');
    expect(await db.from(named).select('*')).to.deep.equal([{ id: 1, notes: 'of the user' }]);
    await db.schema.createTable('others', (t) => {
      t.integer('id');
      t.string('name');
    });
    await db('others').insert({ id: 1, name: 'ann' });
    expect(await db('users').where({ id: 1 }).union(db('others'))).to.deep.equal([USER]);
    expect(await db('users').where({ id: 1 }).unionAll(db('others'))).to.deep.equal([USER, USER]);
    expect(await db('others').distinct()).to.deep.equal([USER]);
    await db('others').insert({ id: 1, name: 'ann' });
    expect(await db('others').distinct('*')).to.deep.equal([USER]);
    await db.schema.createTable('ids', (t) => void t.integer('id'));
    await db('ids').insert({ id: 1 });
    expect(await db('users').whereIn('id', db('ids').select('*'))).to.deep.equal([USER]);
    const exists = db('users').whereExists((q) => q.select('*').from('ids').whereRaw('ids.id = users.id'));
    expect(await exists).to.deep.equal([USER]);
    await db('others').del();
    await db('others').insert(db('users').select('*'));
    expect(await db('others')).to.have.length(2);
  });

  it('in transactions, streams and rows as they are processed', async () => {
    const seen: object[] = [];
    const db = hidden({
      postProcessResponse: (answer) => {
        if (Array.isArray(answer)) seen.push(...answer);
        return answer;
      },
    });
    await tables(db);
    seen.length = 0;
    await db.transaction(async (trx) => {
      expect(await trx('users')).to.deep.equal([USER]);
      await trx.transaction(async (inner) => expect(await inner('users').first()).to.deep.equal(USER));
    });
    expect(seen).to.deep.equal([USER]);
    if (engine === 'sqlite') {
      const rows: object[] = [];
      for await (const row of db('users').stream()) rows.push(row);
      expect(rows).to.deep.equal([USER]);
    }
  });

  it('with a wrapIdentifier', async () => {
    const db = hidden({
      wrapIdentifier: (value, wrap) => wrap(value.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)),
    });
    await db.schema.createTable('userRoles', (t) => void t.integer('userId'));
    await db('userRoles').insert({ userId: 1 });
    expect(await db('userRoles')).to.deep.equal([{ user_id: 1 }]);
    expect(await db('userRoles').select('isFlagged')).to.have.length(1);
  });

  it('a column that the project takes over is seen, and hidden again after down', async () => {
    const db = hidden();
    const other = hidden();
    const m = migrate(db, {
      '1': {
        up: (k) => k.schema.createTable('t', (t) => void t.integer('id')),
        down: (k) => k.schema.dropTable('t'),
      },
      '2': {
        up: (k) => k.schema.alterTable('t', (t) => void t.text('notes')),
        down: (k) => k.schema.alterTable('t', (t) => void t.dropColumn('notes')),
      },
    });
    await m.up();
    await db('t').insert({ id: 1 });
    expect([await db('t'), await other('t')]).to.deep.equal([[{ id: 1 }], [{ id: 1 }]]);
    await m.up();
    expect([await db('t'), await other('t')]).to.deep.equal([
      [{ id: 1, notes: null }],
      [{ id: 1, notes: null }],
    ]);
    await m.down();
    expect([await db('t'), await other('t')]).to.deep.equal([[{ id: 1 }], [{ id: 1 }]]);
  });

  it('columnInfo() and hasColumn() answer what the project has', async () => {
    const db = hidden();
    await tables(db);
    expect(Object.keys(await db('users').columnInfo())).to.deep.equal(['id', 'name']);
    expect(Object.keys(await db('orders').columnInfo())).to.deep.equal(['id', 'user_id', 'notes', 'late']);
    expect(await db.schema.hasColumn('users', 'updated_at')).to.equal(false);
    expect(await db.schema.hasColumn('orders', 'notes')).to.equal(true);
    // A runner that is not Knex's: what it misses it adds, and has it as it asked for it.
    await db.schema.alterTable('users', (t) => void t.string('is_flagged').nullable());
    expect(await db('users').first()).to.deep.equal({ ...USER, is_flagged: null });
  });

  it('does not change what a project asks without a star, nor rows as arrays, nor errors', async () => {
    const db = hidden();
    await tables(db);
    expect(Number((await db('users').count('* as n'))[0]?.n)).to.equal(1);
    expect(await db('users').select(db.raw('2 * 3 as six')).first()).to.deep.equal({ six: 6 });
    const error = await db('missing').catch((e: Error) => e);
    expect(String(error)).to.match(/select \* from [`"]missing[`"]/);
    if (engine === 'sqlite') return;
    const arrays = await db.raw('select * from users').options({ rowMode: 'array' });
    expect(arrays.rows).to.deep.equal([[1, 'ann']]);
    const [one, two, three] = await db.raw('select id, notes from users; select * from users; select 1 as a');
    const first = [{ id: 1, notes: 'of the user' }];
    expect([one.rows, two.rows, three.rows]).to.deep.equal([first, [USER], [{ a: 1 }]]);
  });

  it('by default they are in every answer', async () => {
    const db = open();
    await tables(db);
    expect(Object.keys(await db('users').withMetadata().first())).to.have.length(7);
    expect(Object.keys(await db('users').first())).to.have.length(7);
    expect(await db.schema.hasColumn('users', 'notes')).to.equal(true);
  });
});
