import { expect } from 'chai';
import type { Knex } from 'knex';
import { eachEngine, freshPostgres, freshSqlite } from '../support/databases.js';
import { type Build, loop } from '../support/loop.js';

type Define = (t: Knex.CreateTableBuilder) => unknown;

const bids =
  (define: Define): Build =>
  (db) =>
    db.schema.createTable('bids', (t) => {
      define(t);
      t.integer('lot').notNullable();
      t.string('who', 20).notNullable();
    });

const rows: Build = (db) =>
  db('bids').insert([
    { lot: 1, who: 'a' },
    { lot: 2, who: 'b' },
  ]);

const numbered = async (db: Knex, column = 'id'): Promise<readonly unknown[]> =>
  (await db('bids').orderBy(column).select(column, 'lot')).map((row) => [row[column], row.lot]);

const ROWS = [
  [1, 1],
  [2, 2],
];

/** The next row gets the next number. */
async function expectNumbering(db: Knex, column = 'id'): Promise<void> {
  expect(await numbered(db, column)).to.deep.equal(ROWS);
  const trx = await db.transaction();
  await trx('bids').insert({ lot: 3, who: 'c' });
  expect(await trx('bids').max(`${column} as last`).first()).to.deep.equal({ last: 3 });
  await trx.rollback();
}

eachEngine('a key that numbers itself', (engine) => {
  const cases: Readonly<Record<string, Define>> = {
    'no key': () => {},
    'a key of two columns': (t) => t.primary(['lot', 'who']),
    'a further column': (t) => t.string('code', 5).defaultTo('x').notNullable(),
  };
  for (const [title, before] of Object.entries(cases)) {
    it(`comes to a table with ${title}, and goes again`, () =>
      loop(engine, {
        before: bids(before),
        after: bids((t) => t.increments('id')),
        rows,
        observe: async (db, stage) => {
          if (stage === 'up') await expectNumbering(db);
        },
      }));

    it(`goes from a table that then has ${title}, and comes back`, () =>
      loop(engine, {
        before: bids((t) => t.increments('id')),
        after: bids(before),
        rows,
        observe: async (db, stage) => {
          if (stage === 'down') await expectNumbering(db);
        },
      }));
  }

  it('takes the place of a key that stays as a column, and the other way round', async () => {
    const withCode: Define = (t) => t.string('code', 5).notNullable();
    const keyed = bids((t) => t.string('code', 5).notNullable().primary());
    const counted = bids((t) => {
      t.increments('id');
      withCode(t);
    });
    const codes: Build = (db) =>
      db('bids').insert([
        { lot: 1, who: 'a', code: 'x' },
        { lot: 2, who: 'b', code: 'y' },
      ]);
    const observe = (stage: string) => async (db: Knex, at: string) => {
      expect(await db('bids').orderBy('lot').pluck('code')).to.deep.equal(at === 'built' ? [] : ['x', 'y']);
      if (at === stage) expect(await numbered(db)).to.deep.equal(ROWS);
    };
    await loop(engine, { before: keyed, after: counted, rows: codes, observe: observe('up') });
    await loop(engine, { before: counted, after: keyed, rows: codes, observe: observe('down') });
  });

  it('comes with a foreign key to it', () =>
    loop(engine, {
      before: async (db) => {
        await bids(() => {})(db);
        await db.schema.createTable('notes_of', (t) => {
          t.increments('id');
          t.integer('bid');
        });
      },
      after: async (db) => {
        await bids((t) => t.increments('id'))(db);
        await db.schema.createTable('notes_of', (t) => {
          t.increments('id');
          t.integer('bid').references('bids.id');
        });
      },
      rows,
      observe: async (db, stage) => {
        if (stage === 'up') await expectNumbering(db);
      },
    }));

  it('moves to a new column, beside a rename', () =>
    loop(engine, {
      before: bids((t) => t.increments('id')),
      after: (db) =>
        db.schema.createTable('bids', (t) => {
          t.integer('id').notNullable();
          t.increments('number');
          t.integer('lot').notNullable();
          t.string('whose', 20).notNullable();
        }),
      rows,
      options: {
        renames: [
          {
            kind: 'column',
            table: { schema: engine.name === 'postgresql' ? 'public' : undefined, name: 'bids' },
            from: 'who',
            to: 'whose',
          } as never,
        ],
      },
      observe: async (db, stage) => {
        if (stage === 'up') expect(await numbered(db, 'number')).to.deep.equal(ROWS);
        if (stage === 'down') await expectNumbering(db);
      },
    }));

  it('moves to a column that is there, and back', () =>
    loop(engine, {
      before: bids((t) => {
        t.increments('id');
        t.integer('legacy').notNullable().defaultTo(0);
      }),
      after: bids((t) => {
        t.integer('id').notNullable();
        t.increments('legacy');
      }),
      rows: async (db) => {
        await db('bids').insert([
          { lot: 1, who: 'a', legacy: 10 },
          { lot: 2, who: 'b', legacy: 20 },
        ]);
      },
      observe: async (db, stage) => {
        if (stage === 'up')
          expect(await db('bids').orderBy('legacy').pluck('legacy')).to.deep.equal([10, 20]);
        if (stage === 'down') await expectNumbering(db);
      },
    }));

  it('a column that becomes the key has its values', () =>
    loop(engine, {
      before: bids((t) => t.integer('id').notNullable()),
      after: bids((t) => t.increments('id')),
      rows: async (db) => {
        await db('bids').insert([
          { id: 1, lot: 1, who: 'a' },
          { id: 2, lot: 2, who: 'b' },
        ]);
      },
      observe: async (db, stage) => {
        if (stage === 'up') await expectNumbering(db);
      },
    }));
});

describe('a sequence of another kind (postgresql)', () => {
  const engine = { name: 'postgresql', fresh: freshPostgres } as const;
  const kinds: Readonly<Record<string, Build>> = {
    serial: bids((t) => t.increments('id')),
    identity: bids((t) => t.specificType('id', 'integer generated by default as identity').primary()),
    'identity always': bids((t) => t.specificType('id', 'bigint generated always as identity').primary()),
    bigserial: bids((t) => t.bigIncrements('id')),
  };
  const next = async (db: Knex): Promise<number> => {
    const trx = await db.transaction();
    const [row] = await trx('bids').insert({ lot: 9, who: 'z' }).returning('id');
    await trx.rollback();
    return Number(row?.id);
  };

  for (const [from, before] of Object.entries(kinds)) {
    for (const [to, after] of Object.entries(kinds)) {
      if (from === to) continue;
      it(`${from} to ${to}: no number is given out twice, up and down`, () =>
        loop(engine, {
          before,
          after,
          // The rows with the greatest numbers are gone.
          rows: async (db) => {
            for (const lot of [1, 2, 3, 4, 5]) await db('bids').insert({ lot, who: 'a' });
            await db('bids').where('lot', '>', 2).del();
          },
          observe: async (db, stage) => {
            // A number that was drawn and rolled back is not given again.
            if (stage === 'up') expect(await next(db)).to.equal(6);
            if (stage === 'down') expect(await next(db)).to.equal(7);
          },
        }));
    }
  }
});

describe('AUTOINCREMENT in a constraint of the table (sqlite)', () => {
  it('is the same as in the column', async () => {
    const { difference } = await loop(
      { name: 'sqlite', fresh: freshSqlite },
      {
        before: (db) =>
          db.raw(
            'create table "bids" ("id" INTEGER NOT NULL, "lot" INTEGER NOT NULL, "who" VARCHAR(20) NOT NULL, PRIMARY KEY("id" AUTOINCREMENT))',
          ),
        after: (db) =>
          db.schema.createTable('bids', (t) => {
            t.increments('id');
            t.integer('lot').notNullable();
            t.string('who', 20).notNullable();
            t.string('more');
          }),
        rows,
        leaves: true,
        observe: async (db, stage) => {
          if (stage === 'up' || stage === 'down') await expectNumbering(db);
        },
      },
    );
    expect(difference.operations.map((each) => each.kind === 'column' && each.to?.name)).to.include('more');
    expect(difference.operations.some((each) => each.kind === 'primaryKey')).to.equal(false);
  });
});
