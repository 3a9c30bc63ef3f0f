import { expect } from 'chai';
import type { Knex } from 'knex';
import { columnsOf, migrate, onEachEngine, pause, triggersOf } from './support.js';

const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];
const PAST = '2001-02-03 04:05:06';

type Alter = (db: Knex) => Promise<unknown>;

async function names(db: Knex, table = 'orders'): Promise<readonly string[]> {
  return (await columnsOf(db, table)).map(({ name }) => name);
}

/** An instant as the driver gives it, as the text that it was written as. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.replace('T', ' ').slice(0, 19);
  const date = new Date(value as number);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const rename =
  (from: string, to: string): Alter =>
  (db) =>
    db.schema.alterTable('orders', (t) => void t.renameColumn(from, to));

const raw =
  (...statements: readonly string[]): Alter =>
  async (db) => {
    for (const sql of statements) await db.raw(sql);
  };

interface Case {
  readonly title: string;
  readonly own: readonly string[];
  readonly up: Alter;
  readonly down: Alter;
  /** The column that has the past afterwards. */
  readonly kept: string;
}

const CASES: readonly Case[] = [
  {
    title: 'created_on to created_at',
    own: ['created_on'],
    up: rename('created_on', 'created_at'),
    down: rename('created_at', 'created_on'),
    kept: 'created_at',
  },
  {
    title: 'modified_on to updated_at',
    own: ['modified_on'],
    up: rename('modified_on', 'updated_at'),
    down: rename('updated_at', 'modified_on'),
    kept: 'updated_at',
  },
  {
    title: 'an own created_at to createdAt',
    own: ['created_at'],
    up: rename('created_at', 'createdAt'),
    down: rename('createdAt', 'created_at'),
    kept: 'createdAt',
  },
  {
    title: 'an own updated_at to updatedAt',
    own: ['updated_at'],
    up: rename('updated_at', 'updatedAt'),
    down: rename('updatedAt', 'updated_at'),
    kept: 'updatedAt',
  },
  {
    title: 'drop and rename in one alteration',
    own: ['created_at', 'created_on'],
    up: (db) =>
      db.schema.alterTable('orders', (t) => {
        t.dropColumn('created_at');
        t.renameColumn('created_on', 'created_at');
      }),
    down: (db) =>
      db.schema.alterTable('orders', (t) => {
        t.renameColumn('created_at', 'created_on');
      }),
    kept: 'created_at',
  },
  {
    title: 'drop and rename in two alterations',
    own: ['created_at', 'created_on'],
    up: async (db) => {
      await db.schema.alterTable('orders', (t) => void t.dropColumn('created_at'));
      await db.schema.alterTable('orders', (t) => void t.renameColumn('created_on', 'created_at'));
    },
    down: rename('created_at', 'created_on'),
    kept: 'created_at',
  },
  {
    title: 'two columns that change places through a third name',
    own: ['created_at', 'created_on'],
    up: (db) =>
      db.schema.alterTable('orders', (t) => {
        t.renameColumn('created_at', 'first');
        t.renameColumn('created_on', 'created_at');
      }),
    down: (db) =>
      db.schema.alterTable('orders', (t) => {
        t.renameColumn('created_at', 'created_on');
        t.renameColumn('first', 'created_at');
      }),
    kept: 'created_at',
  },
  {
    title: 'raw alter table ... rename column',
    own: ['created_on'],
    up: raw('alter table orders rename column created_on to created_at'),
    down: raw('ALTER TABLE "orders" RENAME COLUMN "created_at" TO "created_on";'),
    kept: 'created_at',
  },
  {
    title: 'raw alter table ... rename without the word column',
    own: ['created_at'],
    up: raw('alter table orders rename created_at to "createdAt"'),
    down: raw('alter table orders rename "createdAt" to created_at'),
    kept: 'createdAt',
  },
];

onEachEngine('a column renamed to or from a metadata name keeps its values', (open) => {
  for (const { title, own, up, down, kept } of CASES) {
    for (const transaction of [true, false]) {
      it(`${title}${transaction ? '' : ', without a transaction'}`, async () => {
        const db = open();
        const run = migrate(db, {
          '1_create': {
            up: (trx) =>
              trx.schema.createTable('orders', (t) => {
                t.increments('id');
                for (const name of own) t.timestamp(name);
              }),
            down: (trx) => trx.schema.dropTable('orders'),
          },
          '2_rename': { up, down, config: { transaction } },
        });
        await run.up();
        const source = own.at(-1) ?? '';
        await db('orders').insert([
          { id: 1, [source]: PAST },
          { id: 2, [source]: null },
        ]);
        // The trigger would have its own word.
        const begin = await db('orders').orderBy('id').select(source);
        await run.latest();
        const rows = await db('orders').orderBy('id');
        expect(rows[0][kept]).to.deep.equal(begin[0][source]);
        expect(rows[1][kept]).to.equal(null);
        const other = kept === 'created_at' ? 'updated_at' : 'created_at';
        if (!own.includes(other)) expect(rows[0][other]).to.not.equal(null);
        expect(await names(db)).to.include.members(FIVE);
        expect((await names(db)).filter((name) => name.startsWith('knex_meta'))).to.deep.equal([]);
        expect(await triggersOf(db)).to.have.length(1);
        await run.down();
        const back = await db('orders').orderBy('id');
        expect(back[0][source]).to.deep.equal(begin[0][source]);
        expect(back[1][source]).to.equal(null);
        expect(await names(db)).to.include.members(FIVE);
        expect(await triggersOf(db)).to.have.length(1);
      });
    }
  }

  for (const of of ['own', 'metadata'] as const) {
    for (const how of ['builder', 'raw'] as const) {
      it(`updated_at (${of}) renamed by ${how}: the trigger keeps the new updated_at`, async () => {
        const db = open();
        await db.schema.createTable('orders', (t) => {
          t.increments('id');
          if (of === 'own') t.timestamps(true, true);
        });
        await db('orders').insert({ id: 1 });
        const [before] = await db('orders');
        if (how === 'builder') await rename('updated_at', 'updatedAt')(db);
        else await db.raw('alter table orders rename column updated_at to "updatedAt"');
        expect(await names(db)).to.include.members([...FIVE, 'updatedAt']);
        expect((await db('orders').first()).updatedAt).to.deep.equal(before.updated_at);
        if (of === 'metadata')
          expect((await db('orders').first()).updated_at).to.deep.equal(before.updated_at);
        const kept = (await db('orders').first()).updated_at;
        await pause();
        await db('orders').update({ is_flagged: true });
        const after = await db('orders').first();
        expect(after.updated_at).to.not.deep.equal(kept);
        expect(after.updatedAt).to.deep.equal(before.updated_at);
        expect(await triggersOf(db)).to.have.length(1);
        await rename('updatedAt', 'updated_at')(db);
        expect((await db('orders').first()).updated_at).to.deep.equal(before.updated_at);
        expect((await names(db)).filter((name) => name === 'updatedAt')).to.deep.equal([]);
        expect(await triggersOf(db)).to.have.length(1);
      });
    }
  }

  const WRITTEN: readonly (readonly [string, (t: Knex.CreateTableBuilder) => unknown, unknown, object])[] = [
    ['notes', (t) => t.text('own'), 'mine', { notes: 'theirs' }],
    ['is_active', (t) => t.boolean('own'), true, { is_active: false }],
    ['is_flagged', (t) => t.boolean('own'), false, { is_flagged: true }],
    ['created_at', (t) => t.timestamp('own'), '2005-05-05 05:05:05', { created_at: '2001-01-01' }],
  ];
  for (const [name, declare, mine, theirs] of WRITTEN) {
    for (const how of ['builder', 'raw'] as const) {
      it(`${name}, ${how}: where somebody wrote in the metadata column too, it refuses and changes nothing`, async () => {
        const db = open();
        await db.schema.createTable('orders', (t) => {
          t.increments('id');
          declare(t);
        });
        await db('orders').insert({ id: 1, own: mine });
        await db('orders').where({ id: 1 }).update(theirs);
        const before = [await db('orders'), await columnsOf(db, 'orders'), await triggersOf(db)];
        const act =
          how === 'builder'
            ? rename('own', name)(db)
            : Promise.resolve(db.raw(`alter table orders rename column own to ${name}`));
        const error = await act.then(
          () => undefined,
          (e: { code?: string; message: string }) => e,
        );
        expect(error?.code, error?.message).to.equal('METADATA_COLUMN_IN_USE');
        expect([await db('orders'), await columnsOf(db, 'orders'), await triggersOf(db)]).to.deep.equal(
          before,
        );
        // What the migration drops by its own word is no reason to stop.
        await db.schema.alterTable('orders', (t) => {
          t.dropColumn(name);
          t.renameColumn('own', name);
        });
        expect((await db('orders').first())[name]).to.deep.equal(
          (before[0] as Record<string, unknown>[])[0]?.own,
        );
      });
    }
  }

  it('notes and flags renamed to metadata names, where nobody wrote in the metadata columns', async () => {
    const db = open();
    await db.schema.createTable('orders', (t) => {
      t.increments('id');
      t.text('remark');
      t.boolean('enabled');
      t.integer('marked');
    });
    await db('orders').insert([{ remark: 'mine', enabled: false, marked: 1 }, { marked: 0 }]);
    await db.schema.alterTable('orders', (t) => {
      t.renameColumn('remark', 'notes');
      t.renameColumn('enabled', 'is_active');
      t.renameColumn('marked', 'is_flagged');
    });
    const rows = await db('orders').orderBy('id').select('notes', 'is_active', 'is_flagged');
    expect(
      rows.map((r) => [r.notes, r.is_active === null ? null : Boolean(r.is_active), Number(r.is_flagged)]),
    ).to.deep.equal([
      ['mine', false, 1],
      [null, null, 0],
    ]);
    expect(await names(db)).to.have.members(['id', ...FIVE]);
  });

  it('raw add column and drop column take over and give back, as the builder does', async () => {
    const db = open();
    await db.schema.createTable('orders', (t) => void t.increments('id'));
    await db('orders').insert({ notes: 'theirs' });
    await db.raw('alter table orders add column notes varchar(40)');
    await db.raw('alter table orders add column updated_at timestamp');
    expect((await db('orders').first()).notes).to.equal('theirs');
    expect(await names(db)).to.have.members(['id', ...FIVE]);
    expect(await triggersOf(db)).to.have.length(1);
    await db.raw('alter table orders drop column notes');
    await db.raw('ALTER TABLE "orders" DROP COLUMN updated_at;');
    expect((await db('orders').first()).notes).to.equal(null);
    expect(await names(db)).to.have.members(['id', ...FIVE]);
    expect(await triggersOf(db)).to.have.length(1);
    const [before] = await db('orders');
    await pause();
    await db('orders').update({ is_flagged: true });
    expect((await db('orders').first()).updated_at).to.not.deep.equal(before.updated_at);
    // What knex-meta put there is gone when a statement drops it.
    await db.raw('alter table orders drop column updated_at');
    await db('orders').update({ is_flagged: false });
    expect(await names(db)).to.have.members(['id', ...FIVE.slice(0, 4)]);
    expect(await triggersOf(db)).to.deep.equal([]);
  });

  for (const how of ['builder', 'raw'] as const) {
    it(`${how}: a rename that fails leaves the table as it was, without a transaction too`, async () => {
      const db = open();
      await db.schema.createTable('orders', (t) => void t.increments('id'));
      await db('orders').insert({ id: 1, notes: 'kept' });
      const before = [await db('orders'), await columnsOf(db, 'orders'), await triggersOf(db)];
      for (const name of ['notes', 'updated_at']) {
        const act =
          how === 'builder'
            ? rename('missing', name)(db)
            : Promise.resolve(db.raw(`alter table orders rename column missing to ${name}`));
        expect(
          await act.then(
            () => 'done',
            () => 'failed',
          ),
        ).to.equal('failed');
      }
      expect([await db('orders'), await columnsOf(db, 'orders'), await triggersOf(db)]).to.deep.equal(before);
    });
  }

  it('renamed metadata columns and a wrapIdentifier', async () => {
    const snake = (value: string) => value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const db = open(
      { columns: { created_at: 'inserted_at', updated_at: 'modifiedAt' } },
      { wrapIdentifier: (value, wrap) => wrap(snake(value)) },
    );
    await db.schema.createTable('orders', (t) => {
      t.increments('id');
      t.timestamp('createdOn');
      t.timestamp('changedOn');
    });
    await db('orders').insert({ createdOn: PAST, changedOn: PAST });
    await db.schema.alterTable('orders', (t) => {
      t.renameColumn('createdOn', 'insertedAt');
      t.renameColumn('changedOn', 'modifiedAt');
    });
    const row = await db('orders').first();
    expect([textOf(row.inserted_at), textOf(row.modified_at)]).to.deep.equal([PAST, PAST]);
    expect(await triggersOf(db)).to.have.length(1);
    await db.schema.alterTable('orders', (t) => void t.renameColumn('modifiedAt', 'changedOn'));
    const back = await db('orders').first();
    expect(textOf(back.changed_on)).to.equal(PAST);
    expect(await names(db)).to.include('modified_at');
    expect(await triggersOf(db)).to.have.length(1);
  });
});
