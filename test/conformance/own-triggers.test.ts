import { expect } from 'chai';
import type { Knex } from 'knex';
import { migrate, onEachEngine, triggersOf } from './support.js';

/** Whether an update moves the stamp of a row that was written long ago: no clock has to be waited for. */
async function moves(db: Knex, table: string, column = 'updated_at'): Promise<boolean> {
  const past = '2001-02-03 04:05:06';
  await db(table).del();
  await db(table).insert({ label: 'a', [column]: past });
  await db(table).update({ label: 'b' });
  const [row] = await db(table).select(column);
  return new Date(row[column]).getFullYear() > 2001;
}

const FUNCTION = (column: string, name = 'set_updated_at', create = 'create function'): string =>
  `${create} ${name}() returns trigger as $$ begin new.${column} = now(); return new; end; $$ language plpgsql`;

const TRIGGER = (table: string, name = 'update_timestamp', owner = 'set_updated_at'): string =>
  `create trigger ${name} before update on ${table} for each row execute function ${owner}()`;

type Run = (db: Knex) => Promise<unknown>;

/** What a migration does behind its createTable, and how its down begins. */
interface Idiom {
  readonly title: string;
  readonly up: Run;
  readonly down: Run;
  /** False where the project's trigger keeps another column, so that ours stays. */
  readonly keeps?: boolean;
}

const POSTGRES: readonly Idiom[] = [
  {
    title: 'create function, create trigger',
    up: async (db) => {
      await db.raw(FUNCTION('updated_at'));
      await db.raw(TRIGGER('users'));
    },
    down: async (db) => {
      await db.raw('drop trigger update_timestamp on users');
      await db.raw('drop function set_updated_at()');
    },
  },
  {
    title: 'create or replace function, for another column',
    up: async (db) => {
      await db.schema.alterTable('users', (t) => t.timestamp('updatedAt'));
      await db.raw(FUNCTION('"updatedAt"', 'set_updated_at', 'CREATE OR REPLACE FUNCTION'));
      await db.raw(TRIGGER('users'));
    },
    down: async (db) => {
      await db.raw('drop trigger if exists update_timestamp on users');
      await db.raw('drop function if exists set_updated_at');
      await db.schema.alterTable('users', (t) => t.dropColumn('updatedAt'));
    },
    keeps: false,
  },
  {
    title: 'drop if exists before, and cascade',
    up: async (db) => {
      await db.raw('drop trigger if exists update_timestamp on users');
      await db.raw('drop function if exists set_updated_at() cascade');
      await db.raw(FUNCTION('updated_at'));
      await db.raw(TRIGGER('users'));
    },
    down: (db) => db.raw('drop function if exists public.set_updated_at() cascade'),
  },
  {
    title: 'one text of several statements, in quotes and upper case',
    up: (db) =>
      db.raw(`-- the function's comment
        ${FUNCTION('updated_at', '"public"."set_updated_at"', 'CREATE OR REPLACE FUNCTION')};
        ${TRIGGER('"public"."users"', 'UPDATE_TIMESTAMP', 'PUBLIC.SET_UPDATED_AT')};`),
    down: (db) =>
      db.raw('DROP TRIGGER "update_timestamp" ON PUBLIC.users; DROP FUNCTION public.set_updated_at();'),
  },
  {
    title: 'schema.raw, with bindings for names',
    up: async (db) => {
      await db.schema.raw(FUNCTION('updated_at'));
      await db.raw('create trigger ?? before update on ?? for each row execute procedure set_updated_at()', [
        'update_timestamp',
        'users',
      ]);
    },
    down: async (db) => {
      await db.schema.raw('drop trigger "update_timestamp" on users');
      await db.raw('drop function set_updated_at()');
    },
  },
  {
    title: 'a DO block that puts its statements together',
    up: async (db) => {
      await db.raw(FUNCTION('updated_at'));
      await db.raw(`do $x$ declare t text; begin
        for t in select 'users' loop
          execute format('create trigger update_timestamp before update on %I for each row execute function set_updated_at()', t);
        end loop; end $x$`);
    },
    down: (db) => db.raw(`do 'begin drop function set_updated_at() cascade; end'`),
  },
  {
    title: 'a function under a name of its own',
    up: async (db) => {
      await db.raw(FUNCTION('updated_at', 'trigger_set_timestamp'));
      await db.raw(TRIGGER('users', 'set_timestamp', 'trigger_set_timestamp'));
    },
    down: (db) => db.raw('drop function trigger_set_timestamp() cascade'),
  },
];

const SQLITE: readonly Idiom[] = [
  ['create trigger', 'update_timestamp_users'],
  ['CREATE TRIGGER IF NOT EXISTS', '"Update_Timestamp_Users"'],
  ['create trigger', 'keep_users'],
].map(([create, name]) => ({
  title: `${create} ${name}`,
  up: (db) =>
    db.raw(
      `${create} ${name} after update on users for each row begin update users set updated_at = CURRENT_TIMESTAMP where id = old.id; end`,
    ),
  down: (db) => db.raw(`drop trigger ${name}`),
}));

onEachEngine('a project’s own function and trigger come first', (open, engine) => {
  for (const { title, up, down, keeps = true } of engine === 'sqlite' ? SQLITE : POSTGRES) {
    for (const transaction of [true, false]) {
      it(`${title}, up and down${transaction ? '' : ', without a transaction'}`, async () => {
        const db = open();
        const migrations = {
          '1_before': {
            up: (trx: Knex) => trx.schema.createTable('first', (t) => void t.string('label')),
            down: (trx: Knex) => trx.schema.dropTable('first'),
            config: { transaction },
          },
          '2_users': {
            up: async (trx: Knex) => {
              await trx.schema.createTable('users', (t) => {
                t.increments();
                t.string('label');
                t.timestamps(true, true);
              });
              await up(trx);
            },
            down: async (trx: Knex) => {
              await down(trx);
              await trx.schema.dropTable('users');
            },
            config: { transaction },
          },
        };
        await migrate(db, migrations).latest();
        expect(await moves(db, 'first')).to.equal(true);
        expect(await moves(db, 'users')).to.equal(true);
        if (!keeps) expect(await moves(db, 'users', 'updatedAt')).to.equal(true);
        const on = (await triggersOf(db)).filter(({ table }) => table === 'users');
        expect(on, JSON.stringify(on)).to.have.length(keeps ? 1 : 2);
        await db.schema.createTable('third', (t) => void t.string('label'));
        expect(await moves(db, 'third')).to.equal(true);
        await db.schema.dropTable('third');
        await migrate(db, migrations).down();
        expect(await triggersOf(db)).to.deep.equal([
          { table: 'first', name: engine === 'sqlite' ? 'update_timestamp_first' : 'update_timestamp' },
        ]);
        if (engine !== 'sqlite') {
          const { rows } = await db.raw(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace",
          );
          expect(rows).to.deep.equal([{ proname: 'set_updated_at' }]);
        }
        expect(await moves(db, 'first')).to.equal(true);
      });
    }
  }

  it('gives ours back to a table whose own trigger is dropped', async () => {
    const db = open();
    await db.schema.createTable('users', (t) => {
      t.increments();
      t.string('label');
      t.timestamps(true, true);
    });
    const before = await triggersOf(db);
    const [idiom] = engine === 'sqlite' ? SQLITE : POSTGRES;
    await idiom?.up(db);
    await idiom?.down(db);
    expect(await triggersOf(db)).to.deep.equal(before);
    expect(await moves(db, 'users')).to.equal(true);
  });
});
