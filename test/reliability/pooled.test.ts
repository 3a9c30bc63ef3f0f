import { expect } from 'chai';
import knex from 'knex';
import { adoptTable, withMeta } from '../../lib/index.js';
import { freshPostgres, type TestEngine } from '../support/databases.js';
import { startPooler } from '../support/pooler.js';
import { postgresServer } from '../support/postgres.js';
import { closeAll, creates, makeProject, run, stateOf, WITHOUT_TRANSACTION } from './support.js';

describe('through a pooler that keeps settings on its server connections', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  async function withPooler(act: (through: string, url: string) => Promise<void>): Promise<void> {
    const { url } = await freshPostgres();
    const server = await postgresServer();
    const name = url.slice(url.lastIndexOf('/') + 1);
    const pooler = await startPooler(server.port, name, 4, { keepsState: true });
    try {
      await act(`postgres://postgres@127.0.0.1:${pooler.port}/${name}`, url);
    } finally {
      await pooler.close();
    }
  }

  /** What four clients at once get: each of the server connections. */
  async function settings(through: string): Promise<readonly string[]> {
    const db = knex({ client: 'pg', connection: through, pool: { min: 4, max: 4 } });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        db.raw(
          "select current_setting('lock_timeout') || ' ' || current_setting('statement_timeout') as all, pg_sleep(0.2)",
        ),
      ),
    );
    await db.destroy();
    return answers.map(({ rows }) => rows[0].all);
  }

  it('--lock-timeout for a migration without a transaction is refused, and leaves no setting', () =>
    withPooler(async (through) => {
      const engine = {
        name: 'postgresql',
        fresh: async () => ({ url: through, config: { client: 'pg', connection: through } }),
      } as TestEngine;
      const project = await makeProject(engine, {
        '1_a.cjs': creates('a'),
        '2_b.cjs': creates('b', '', WITHOUT_TRANSACTION),
      });
      const limits = ['--lock-timeout', '2s', '--statement-timeout', '9s'];
      const refused = await run(project, 'migrate:latest', ...limits);
      expect(refused.code, refused.stderr).to.equal(2);
      expect(refused.stderr).to.match(/2_b\.cjs runs without a transaction/);
      expect((await stateOf(project.open())).tables).to.deep.equal([]);
      const up = await run(project, 'migrate:up', ...limits);
      expect(up.code, up.stderr).to.equal(0);
      const rest = await run(project, 'migrate:latest');
      expect(rest.code, rest.stderr).to.equal(0);
      await closeAll();
      expect(await settings(through)).to.deep.equal(['0 0', '0 0', '0 0', '0 0']);
    }));

  it('an adoption that builds an index leaves no setting', () =>
    withPooler(async (through, url) => {
      const admin = knex({ client: 'pg', connection: url });
      await admin.raw('create table old (id int primary key)');
      const { rows } = await admin.raw('select current_database() as name');
      await admin.raw('alter database ?? set statement_timeout to 50000', [rows[0].name]);
      await admin.destroy();
      const meta = { columns: { is_active: { index: true } } };
      const db = knex(withMeta({ client: 'pg', connection: through, meta } as knex.Knex.Config));
      await adoptTable(db, { table: 'old', columns: ['is_active', 'updated_at'] });
      await db.destroy();
      expect(await settings(through)).to.deep.equal(['0 50s', '0 50s', '0 50s', '0 50s']);
    }));
});
