import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { postgresql } from '../../lib/engines/postgresql/index.js';
import { withMeta } from '../../lib/index.js';
import { type Database, freshPostgres } from '../support/databases.js';
import { migrate } from './support.js';

/** An owner who does not see every row: FORCE ROW LEVEL SECURITY, without BYPASSRLS. */
describe('PostgreSQL: row level security', () => {
  let database: Database;
  let admin: Knex;
  let db: Knex;

  beforeEach(async () => {
    database = await freshPostgres();
    admin = knex({ client: 'pg', connection: database.url });
    await admin.raw('create role tenant login; create schema own authorization tenant');
    db = knex(
      withMeta({
        client: 'pg',
        connection: database.url.replace('postgres@', 'tenant@'),
        searchPath: 'own',
      }),
    );
    await db.schema.createTable('t', (t) => void t.string('tenant'));
    await db('t').insert([
      { tenant: 'a', notes: 'one' },
      { tenant: 'b', notes: 'two' },
    ]);
    await db.raw(`alter table t enable row level security; alter table t force row level security;
      create policy only_own on t using (tenant = current_setting('app.tenant', true))`);
  });
  afterEach(async () => {
    await db.destroy();
    await admin.raw('drop owned by tenant cascade; drop role tenant');
    await admin.destroy();
  });

  const takeOver = (transaction: boolean, isCopied = true) =>
    migrate(db, {
      '1_notes': {
        up: (trx) =>
          trx.schema.alterTable('t', (t) => {
            const notes = t.text('notes');
            // With a default the values have to be copied.
            if (isCopied) notes.defaultTo('none');
          }),
        down: async () => {},
        config: { transaction },
      },
    });

  const notes = async (): Promise<unknown> =>
    (await admin.raw('select notes from own.t order by tenant')).rows;
  const ALL = [{ notes: 'one' }, { notes: 'two' }];

  it('values of rows that a policy hides are carried over too, and the policy holds again', async () => {
    await takeOver(true).latest();
    expect(await notes()).to.deep.equal(ALL);
    const { rows } = await admin.raw(
      "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'own.t'::regclass",
    );
    expect(rows).to.deep.equal([{ relrowsecurity: true, relforcerowsecurity: true }]);
    expect(await db('t')).to.deep.equal([]);
  });

  it('without a transaction, where force could not be put back, it is refused and no value is lost', async () => {
    const error = await takeOver(false)
      .latest()
      .then(
        () => undefined,
        (thrown) => thrown,
      );
    expect(error?.code).to.equal('ROWS_HIDDEN');
    expect(error?.remedy).to.include('BYPASSRLS');
    const { rows } = await admin.raw('select knex_meta_notes as notes from own.t order by tenant');
    expect(rows).to.deep.equal(ALL);
  });

  for (const transaction of [true, false]) {
    it(`where no value has to be copied, none is lost, ${transaction ? 'in' : 'without'} a transaction`, async () => {
      await takeOver(transaction, false).latest();
      expect(await notes()).to.deep.equal(ALL);
      const { rows } = await admin.raw(
        "select relforcerowsecurity from pg_class where oid = 'own.t'::regclass",
      );
      expect(rows).to.deep.equal([{ relforcerowsecurity: true }]);
    });
  }

  it('rows are not counted where some are hidden', async () => {
    const [count] = await postgresql.countRows(db, ['select count(*) as count from t']);
    expect(count).to.be.instanceOf(Error);
    expect(String(count)).to.include('row-level security');
  });

  it('the trigger is not tried on a row that a policy chose', async () => {
    const trial = await postgresql.checks.tryTrigger(db, { schema: 'own', name: 't' }, 'updated_at');
    expect(trial.outcome).to.equal('not-tried');
  });
});
