import { expect } from 'chai';
import knex from 'knex';
import pg from 'pg';
import { adoptTable, createMigrator, withMeta } from '../../lib/index.js';
import { freshPostgres } from '../support/databases.js';

const COLUMNS = ['notes', 'created_at', 'updated_at'];

describe('adoption of a table with a constraint that is NOT VALID (postgresql)', () => {
  for (const [title, constraint, isBroken] of [
    ['a check that old rows break', 'add constraint positive check (amount > 0) not valid', true],
    ['a check that holds', 'add constraint large check (amount > -100) not valid', false],
    ['a check that is NULL for old rows', 'add constraint known check (other > 0) not valid', false],
  ] as const) {
    it(`${title}: it is ${isBroken ? 'refused before anything' : 'done'}, and can be undone`, async () => {
      const { url } = await freshPostgres();
      const admin = new pg.Client(url);
      await admin.connect();
      await admin.query('create table orders (id int primary key, amount int, other int, born timestamptz)');
      await admin.query("insert into orders values (1, -1, null, now() - interval '1 day'), (2, 5, 5, null)");
      await admin.query(`alter table orders ${constraint}`);
      const migration = {
        config: { transaction: false, resumable: true },
        up: (k: knex.Knex) => adoptTable(k, { table: 'orders', columns: COLUMNS, createdAt: 'born' }),
        down: async () => {},
      };
      const source = {
        getMigrations: async () => ['1_adopt'],
        getMigrationName: (name: string) => name,
        getMigration: async () => migration,
      };
      const db = knex(
        withMeta({
          client: 'pg',
          connection: url,
          migrations: { migrationSource: source },
        } as knex.Knex.Config),
      );
      const migrator = createMigrator(db);
      const error = await migrator.latest().then(
        () => undefined,
        (thrown: Error & { code: string }) => thrown,
      );
      const columns = Object.keys(await db('orders').columnInfo());
      expect([error?.code, columns.includes('created_at')], error?.message).to.deep.equal(
        isBroken ? ['ADOPT_REFUSED', false] : [undefined, true],
      );
      if (isBroken) {
        expect(error?.message).to.include('positive');
        const refused = await migrator.rollback().then(
          () => undefined,
          (thrown: Error & { code: string; remedy: string }) => thrown,
        );
        expect(refused?.code).to.equal('MIGRATION_UNFINISHED');
        expect(refused?.remedy).to.include('migrate:resolve 1_adopt --applied');
        await migrator.resolve('1_adopt', 'applied');
        expect((await migrator.rollback()).migrations.map(({ name }) => name)).to.deep.equal(['1_adopt']);
        await admin.query('update orders set amount = 1 where id = 1');
        await migrator.latest();
        expect(Object.keys(await db('orders').columnInfo())).to.include('created_at');
      }
      await db.destroy();
      await admin.end();
    });
  }
});
