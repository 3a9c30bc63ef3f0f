import { expect } from 'chai';
import type { Knex } from 'knex';
import { columnsOf, migrate, onEachEngine, pause, triggersOf } from './support.js';

const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

async function names(db: Knex, table = 't'): Promise<readonly string[]> {
  return (await columnsOf(db, table)).map(({ name }) => name);
}

async function typeOf(db: Knex, column: string): Promise<string | undefined> {
  return (await columnsOf(db, 't')).find(({ name }) => name === column)?.type;
}

type Declare = (t: Knex.CreateTableBuilder) => unknown;

/** A project's own updated_at, and whether it can hold what the trigger writes. */
const OWN: readonly (readonly [string, Declare, unknown, boolean])[] = [
  ['timestamp', (t) => t.timestamp('updated_at'), new Date(0), true],
  ['timestamp without zone', (t) => t.timestamp('updated_at', { useTz: false }), new Date(0), true],
  ['datetime', (t) => t.datetime('updated_at'), new Date(0), true],
  ['date', (t) => t.date('updated_at'), '2001-02-03', true],
  ['string', (t) => t.string('updated_at', 10), 'long ago', false],
  ['integer of seconds', (t) => t.integer('updated_at'), 12, false],
  ['bigint of milliseconds', (t) => t.bigInteger('updated_at'), 12, false],
];

const create = {
  up: (db: Knex) => db.schema.createTable('t', (t) => void t.string('label')),
  down: (db: Knex) => db.schema.dropTable('t'),
};

onEachEngine('a project’s own columns come first', (open, engine) => {
  for (const [what, declare, past, isKept] of OWN) {
    it(`own updated_at: ${what}, in createTable, up and down`, async () => {
      const warnings: string[] = [];
      const db = open({}, { log: { warn: (message: string) => void warnings.push(message) } });
      const migrations = {
        '1_create': {
          up: (trx: Knex) =>
            trx.schema.createTable('t', (t) => {
              t.string('label');
              declare(t);
            }),
          down: create.down,
        },
      };
      await migrate(db, migrations).latest();
      const own = (await names(db)).filter((name) => name === 'updated_at');
      expect(own).to.deep.equal(['updated_at']);
      expect(await names(db)).to.include.members(FIVE);
      await db('t').insert({ label: 'a', updated_at: past });
      const before = String((await db('t').first()).updated_at);
      await pause();
      await db('t').update({ label: 'b' });
      const moved = String((await db('t').first()).updated_at) !== before;
      expect(moved).to.equal(isKept);
      expect(warnings.some((line) => /t has a column updated_at of its own/.test(line))).to.equal(!isKept);
      await migrate(db, migrations).rollback();
      expect(await triggersOf(db)).to.deep.equal([]);
    });

    it(`own updated_at: ${what}, added by a later migration, up and down`, async () => {
      const db = open({}, { log: { warn: () => {} } });
      const migrations = {
        '1_create': create,
        '2_add': {
          up: (trx: Knex) => trx.schema.alterTable('t', (t) => void declare(t)),
          down: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.dropColumn('updated_at')),
        },
      };
      await migrate(db, migrations).up();
      const stock = await typeOf(db, 'updated_at');
      await db('t').insert({ label: 'a' });
      await migrate(db, migrations).up();
      await db('t').update({ label: 'b' });
      expect(await names(db)).to.have.members(['label', ...FIVE]);
      expect(await triggersOf(db)).to.have.length(isKept ? 1 : 0);
      await migrate(db, migrations).down();
      expect(await names(db)).to.have.members(['label', ...FIVE]);
      expect(await typeOf(db, 'updated_at')).to.equal(stock);
      expect(await triggersOf(db)).to.have.length(1);
      await db('t').update({ label: 'c' });
      expect(await db('t').select('label')).to.deep.equal([{ label: 'c' }]);
    });
  }

  const twoMigrations = {
    '1_create': create,
    '2_add': {
      up: (trx: Knex) =>
        trx.schema.alterTable('t', (t) => void t.string('notes', 40).notNullable().defaultTo('none')),
      down: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.dropColumn('notes')),
    },
    '3_flag': {
      up: (trx: Knex) =>
        trx.schema.alterTable('t', (t) => void t.boolean('is_active').notNullable().defaultTo(false)),
      down: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.dropColumn('is_active')),
    },
  };

  it('notes and is_active added by a later migration have its definition, and go back on down', async () => {
    const db = open();
    await migrate(db, twoMigrations).latest();
    await db('t').insert({ label: 'a' });
    const row = await db('t').first();
    expect([row.notes, Boolean(row.is_active)]).to.deep.equal(['none', false]);
    expect(await names(db)).to.have.members(['label', ...FIVE]);
    await migrate(db, twoMigrations).rollback();
    expect(await db.schema.hasTable('t')).to.equal(false);
    await migrate(db, twoMigrations).latest();
    await migrate(db, twoMigrations).down();
    await migrate(db, twoMigrations).down();
    await db('t').insert({ label: 'b' });
    const back = await db('t').first();
    expect([back.notes, Boolean(back.is_active)]).to.deep.equal([null, true]);
  });

  it('values that somebody wrote into the metadata column are carried over', async () => {
    const db = open();
    await migrate(db, twoMigrations).up();
    await db('t').insert({ label: 'a', notes: 'kept', is_active: false });
    await db('t').insert({ label: 'b' });
    const [before] = await db('t').where({ label: 'a' });
    await pause();
    await migrate(db, twoMigrations).latest();
    const rows = await db('t').orderBy('label');
    expect(rows.map((row) => [row.notes, Boolean(row.is_active)])).to.deep.equal([
      ['kept', false],
      ['none', false],
    ]);
    expect(rows[0].updated_at).to.deep.equal(before.updated_at);
  });

  it('refuses, touching nothing, when such a value does not fit the new column', async () => {
    const db = open();
    await migrate(db, { '1_create': create }).latest();
    await db('t').insert({ label: 'a', notes: 'words' });
    const failing = {
      '1_create': create,
      '2_add': {
        up: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.integer('notes')),
        down: async () => {},
      },
    };
    const error = await migrate(db, failing)
      .latest()
      .catch((e: { code?: string }) => e);
    expect((error as { code?: string }).code).to.equal('METADATA_COLUMN_IN_USE');
    expect((await db('t').first()).notes).to.equal('words');
    expect(await names(db)).to.have.members(['label', ...FIVE]);
  });

  it('hasColumn before adding: the project’s column is added, and dropped again', async () => {
    const db = open();
    const migrations = {
      '1_create': create,
      '2_add': {
        up: async (trx: Knex) => {
          if (await trx.schema.hasColumn('t', 'notes')) return;
          await trx.schema.alterTable('t', (t) => void t.string('notes', 7).notNullable().defaultTo('x'));
        },
        down: async (trx: Knex) => {
          if (await trx.schema.hasColumn('t', 'notes'))
            await trx.schema.alterTable('t', (t) => void t.dropColumn('notes'));
        },
      },
    };
    for (const transaction of [true, false]) {
      const list = Object.fromEntries(
        Object.entries(migrations).map(([name, content]) => [name, { ...content, config: { transaction } }]),
      );
      await migrate(db, list).latest();
      await db('t').insert({ label: 'a' });
      expect((await db('t').first()).notes).to.equal('x');
      await migrate(db, list).down();
      expect((await db('t').first()).notes).to.equal(null);
      expect(await db.schema.hasColumn('t', 'notes')).to.equal(true);
      await migrate(db, list).down();
    }
  });

  it('hasColumn is true for a project’s own column in a migration', async () => {
    const db = open();
    const seen: boolean[] = [];
    await migrate(db, {
      '1_create': {
        up: async (trx: Knex) => {
          await trx.schema.createTable('t', (t) => void t.text('notes'));
          seen.push(await trx.schema.hasColumn('t', 'notes'), await trx.schema.hasColumn('t', 'is_active'));
        },
        down: create.down,
      },
    }).latest();
    expect(seen).to.deep.equal([true, false]);
  });

  it('a column renamed to a metadata column’s name, and back', async () => {
    const db = open();
    const migrations = {
      '1_create': {
        up: (trx: Knex) =>
          trx.schema.createTable('t', (t) => {
            t.string('label');
            t.string('remark', 9);
            t.timestamp('modified_on');
          }),
        down: create.down,
      },
      '2_rename': {
        up: (trx: Knex) =>
          trx.schema.alterTable('t', (t) => {
            t.renameColumn('remark', 'notes');
            t.renameColumn('modified_on', 'updated_at');
          }),
        down: (trx: Knex) =>
          trx.schema.alterTable('t', (t) => {
            t.renameColumn('notes', 'remark');
            t.renameColumn('updated_at', 'modified_on');
          }),
      },
    };
    await migrate(db, migrations).up();
    await db('t').insert({ label: 'a', remark: 'mine' });
    await migrate(db, migrations).up();
    expect(await names(db)).to.have.members(['label', ...FIVE]);
    expect((await db('t').first()).notes).to.equal('mine');
    expect(await triggersOf(db)).to.have.length(1);
    await db('t').update({ label: 'b' });
    await migrate(db, migrations).down();
    expect(await names(db)).to.have.members(['label', 'remark', 'modified_on', ...FIVE]);
    const row = await db('t').first();
    expect([row.remark, row.notes]).to.deep.equal(['mine', null]);
    await db('t').update({ label: 'c' });
    expect(await triggersOf(db)).to.have.length(1);
  });

  it('an own column that is altered, renamed away and dropped, each up and down', async () => {
    const db = open();
    const migrations = {
      '1_create': {
        up: (trx: Knex) =>
          trx.schema.createTable('t', (t) => void t.string('notes', 10).notNullable().defaultTo('x')),
        down: create.down,
      },
      '2_alter': {
        up: (trx: Knex) =>
          trx.schema.alterTable('t', (t) => void t.text('notes').notNullable().defaultTo('y').alter()),
        down: (trx: Knex) =>
          trx.schema.alterTable('t', (t) => void t.string('notes', 10).notNullable().defaultTo('x').alter()),
      },
      '3_rename': {
        up: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.renameColumn('notes', 'remarks')),
        down: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.renameColumn('remarks', 'notes')),
      },
      '4_back': {
        up: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.renameColumn('remarks', 'notes')),
        down: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.renameColumn('notes', 'remarks')),
      },
      '5_drop': {
        up: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.dropColumn('notes')),
        down: (trx: Knex) =>
          trx.schema.alterTable('t', (t) => void t.text('notes').notNullable().defaultTo('y')),
      },
    };
    const run = migrate(db, migrations);
    await run.up();
    await db('t').insert({ notes: 'mine' });
    for (let step = 2; step <= 4; step += 1) {
      await run.up();
      await db('t').update({ is_flagged: true });
      const row = await db('t').first();
      expect(row[step === 3 ? 'remarks' : 'notes'], `${step}`).to.equal('mine');
    }
    await run.up();
    expect((await db('t').first()).notes).to.equal(null);
    for (let step = 5; step >= 2; step -= 1) await run.down();
    expect((await db('t').first()).notes).to.equal('y');
    expect(await names(db)).to.have.members(FIVE);
  });

  it('t.timestamps() in any form is not doubled', async () => {
    const db = open();
    await db.schema.createTable('a', (t) => t.timestamps(true, true));
    await db.schema.createTable('b', (t) => t.timestamps());
    for (const table of ['a', 'b']) expect(await names(db, table)).to.have.members(FIVE);
    await db.schema.alterTable('a', (t) => t.dropTimestamps());
    await db.schema.alterTable('a', (t) => t.timestamps(true, true));
    expect(await names(db, 'a')).to.have.members(FIVE);
  });

  it('camel case through wrapIdentifier: one column, under the wrapped name', async () => {
    const snake = (value: string) => value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const db = open({}, { wrapIdentifier: (value, wrap) => wrap(snake(value)) });
    const migrations = {
      '1_create': {
        up: (trx: Knex) =>
          trx.schema.createTable('t', (t) => {
            t.string('label');
            t.timestamp('updatedAt').notNullable().defaultTo(trx.fn.now());
          }),
        down: create.down,
      },
      '2_alter': {
        up: (trx: Knex) =>
          trx.schema.alterTable('t', (t) => void t.boolean('isActive').notNullable().defaultTo(false)),
        down: (trx: Knex) => trx.schema.alterTable('t', (t) => void t.dropColumn('isActive')),
      },
    };
    await migrate(db, migrations).latest();
    expect(await names(db)).to.have.members(['label', ...FIVE]);
    await db('t').insert({ label: 'a', updatedAt: '2001-02-03 04:05:06' });
    const stamp = async () => new Date((await db('t').first()).updated_at).getTime();
    const before = await stamp();
    await db('t').update({ label: 'b' });
    expect(await stamp()).to.be.greaterThan(before);
    await migrate(db, migrations).down();
    expect(Boolean((await db('t').first()).is_active)).to.equal(true);
    await migrate(db, migrations).down();
  });

  it('camel-case column names in the database, when wrapIdentifier makes them', async () => {
    const camel = (value: string) =>
      value.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const db = open({}, { wrapIdentifier: (value, wrap) => wrap(camel(value)) });
    await migrate(db, { '1_create': create }).latest();
    expect(await names(db)).to.include.members(['isActive', 'updatedAt']);
    await db('t').insert({ label: 'a' });
    const stamp = async () => new Date((await db('t').first()).updatedAt).getTime();
    const before = await stamp();
    await pause();
    await db('t').update({ label: 'b' });
    expect(await stamp()).to.be.greaterThan(before);
  });

  if (engine === 'postgresql') {
    it('a function set_updated_at() of the project’s own stays as it is', async () => {
      const db = open();
      await db.raw(
        "create function set_updated_at() returns trigger language plpgsql as 'begin return null; end'",
      );
      await migrate(db, { '1_create': create }).latest();
      await db('t').insert({ label: 'a' });
      await db('t').update({ label: 'b' });
      expect(await db('t').select('label')).to.deep.equal([{ label: 'b' }]);
      const { rows } = await db.raw("select prosrc from pg_proc where proname = 'set_updated_at'");
      expect(rows).to.deep.equal([{ prosrc: 'begin return null; end' }]);
      await migrate(db, { '1_create': create }).rollback();
      const functions = await db.raw(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace",
      );
      expect(functions.rows).to.deep.equal([{ proname: 'set_updated_at' }]);
    });
  }
});
