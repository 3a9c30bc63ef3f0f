import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { engineForClient } from '../../lib/engines/registry.js';
import { eachEngine } from '../support/databases.js';

eachEngine('counting rows for evidence', (engine) => {
  let db: Knex;
  beforeEach(async () => {
    const { config } = await engine.fresh();
    db = knex(config);
    await db.schema.createTable('a', (t) => void t.integer('x'));
    await db('a').insert([{ x: 1 }, { x: 2 }]);
  });
  afterEach(() => db.destroy());

  it('goes on after a query that fails, and lets none write', async () => {
    const own = engineForClient(db.client.config.client);
    const write =
      engine.name === 'postgresql'
        ? 'with gone as (delete from a returning x) select count(*) as count from gone'
        : 'delete from a returning x as count';
    const counts = await own?.countRows(db, [
      'select count(*) as count from a',
      'select count(*) as count from nowhere',
      write,
      "select count(*) as count from a where '?' <> 'x'",
    ]);
    expect(counts?.map((each) => (each instanceof Error ? 'failed' : each))).to.deep.equal([
      2,
      'failed',
      'failed',
      2,
    ]);
    expect(await db('a').pluck('x'), 'every row is there').to.deep.equal([1, 2]);
    // The connection is as it was.
    await db('a').insert({ x: 3 });
  });

  if (engine.name === 'postgresql') {
    it('ends a query that waits for a lock, or works, for too long', async function () {
      this.timeout(20_000);
      const holder = await db.transaction();
      try {
        await holder.raw('lock table a in access exclusive mode');
        const own = engineForClient('pg');
        const [count] = (await own?.countRows(db, ['select count(*) as count from a'])) ?? [];
        expect(String(count)).to.match(/timeout/);
      } finally {
        await holder.rollback();
      }
    });
  }
});
