import { expect } from 'chai';
import type { Knex } from 'knex';
import { onEachEngine, triggersOf } from './support.js';

/** How many triggers a table has. */
const countOn = async (db: Knex, table: string): Promise<number> =>
  (await triggersOf(db)).filter((each) => each.table === table).length;

onEachEngine('a database that is not free for our triggers', (open, engine) => {
  if (engine === 'sqlite')
    it("a new table gets its trigger where another table's own trigger has the name", async () => {
      const db = open();
      await db.schema.createTable('log', (t) => t.text('label'));
      await db.raw(
        "create trigger Update_Timestamp_users after insert on log begin update log set label = 'seen' where rowid = new.rowid; end",
      );
      await db.schema.createTable('users', (t) => t.text('label'));
      await db.schema.createTableIfNotExists('orders', (t) => t.text('label'));
      await db('users').insert({ label: 'a', updated_at: '2001-01-01T00:00:00.000Z' });
      await db('users').update({ label: 'b' });
      expect((await db('users').first()).updated_at > '2002').to.equal(true);
      expect(await countOn(db, 'users')).to.equal(1);
      await db('log').insert({ label: 'a' });
      expect((await db('log').first()).label).to.equal('seen');
      // The name follows the table, and steps aside again.
      await db.schema.renameTable('users', 'people');
      await db.schema.createTable('users', (t) => t.text('label'));
      expect(await countOn(db, 'users')).to.equal(1);
      expect(await countOn(db, 'people')).to.equal(1);
    });
  else
    for (const [what, tag, on] of [
      ['CREATE FUNCTION', 'CREATE FUNCTION', 'ddl_command_start'],
      ['CREATE TRIGGER', 'CREATE TRIGGER', 'ddl_command_end'],
    ] as const)
      it(`a migration runs where an event trigger refuses ${what} with its own SQLSTATE`, async () => {
        const db = open();
        await db.raw(
          `create function deny() returns event_trigger language plpgsql as $$ begin raise exception 'not here' using errcode = 'ZZ001'; end $$`,
        );
        await db.raw(`create event trigger deny on ${on} when tag in ('${tag}') execute function deny()`);
        await db.transaction(async (trx) => {
          await trx.schema.createTable('users', (t) => t.text('label'));
          await trx('users').insert({ label: 'a' });
        });
        expect(await countOn(db, 'users')).to.equal(0);
        expect(await db('users').select('label', 'is_active')).to.deep.equal([
          { label: 'a', is_active: true },
        ]);
        await db.schema.dropTable('users');
      });

  if (engine === 'postgresql')
    it('a table is dropped where an event trigger refuses DROP FUNCTION', async () => {
      const db = open();
      await db.schema.createTable('users', (t) => t.text('label'));
      await db.raw(
        `create function deny() returns event_trigger language plpgsql as $$ begin raise exception 'not here' using errcode = 'ZZ001'; end $$`,
      );
      await db.raw(
        `create event trigger deny on ddl_command_start when tag in ('DROP FUNCTION') execute function deny()`,
      );
      await db.schema.dropTable('users');
      expect(await db.schema.hasTable('users')).to.equal(false);
    });
});
