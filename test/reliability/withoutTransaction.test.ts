import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { eachEngine, testEngines } from '../support/databases.js';
import { closeAll, creates, makeProject, refused, stateOf, WITHOUT_TRANSACTION } from './support.js';

const postgres = testEngines.find(({ name }) => name === 'postgresql') as (typeof testEngines)[number];

eachEngine('a migration without a transaction that ran, and was not recorded', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('is not run again: the next run says how to go on', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a', '', WITHOUT_TRANSACTION) });
    const failing = project.open({
      migrations: { directory: project.directory, afterEach: () => Promise.reject(new Error('hook broke')) },
    });
    const error = await refused(createMigrator(failing).latest());
    expect(error.message).to.equal('hook broke');
    expect(error.remedy).to.match(/^1_a\.cjs had run to its end .* not recorded\. The next run will say/);
    const migrator = project.migrator();
    const next = await refused(migrator.latest());
    expect([next.code, next.details.migration]).to.deep.equal(['MIGRATION_UNFINISHED', '1_a.cjs']);
    await migrator.resolve('1_a', 'applied');
    expect(await migrator.latest()).to.deep.equal({ batch: 0, migrations: [] });
    const { tables, record } = await stateOf(project.open());
    expect([tables, record]).to.deep.equal([['a'], ['a']]);
  });
});

describe('a migration without a transaction, with limits (postgresql)', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it('is ended by a signal, and says that it may be half done', async () => {
    const sleeps = "exports.up = (k) => k.raw('select pg_sleep(600)'); exports.down = async () => {};";
    const project = await makeProject(postgres, { '1_s.cjs': `${WITHOUT_TRANSACTION}\n${sleeps}` });
    const migrator = project.migrator();
    const controller = new AbortController();
    migrator.on('migration:start', () => setTimeout(() => controller.abort(), 300));
    const error = await refused(migrator.latest({ lockTimeout: 1000, signal: controller.signal }));
    expect(error.code).to.equal('INTERRUPTED');
    expect((await refused(project.migrator().latest())).code).to.equal('MIGRATION_UNFINISHED');
  });

  it('that fails tells its statement, and none of its values', async () => {
    const secret = `exports.up = async (k) => { await k('nowhere').insert({ card: '4111-1111' }); };\nexports.down = async () => {};`;
    const project = await makeProject(postgres, { '1_a.cjs': `${WITHOUT_TRANSACTION}\n${secret}` });
    const error = await refused(project.migrator().latest({ lockTimeout: 1000 }));
    expect(error.message).to.include('statement: insert into "nowhere"').and.not.to.include('4111');
  });

  it('that ended well when the signal came is recorded', async () => {
    const slow = `exports.up = async (k) => { await new Promise((done) => setTimeout(done, 600)); };\nexports.down = async () => {};`;
    const project = await makeProject(postgres, {
      '1_a.cjs': `${WITHOUT_TRANSACTION}\n${slow}`,
      '2_b.cjs': creates('b'),
    });
    const controller = new AbortController();
    const migrator = project.migrator();
    migrator.on('migration:start', () => setTimeout(() => controller.abort(), 200));
    expect((await refused(migrator.latest({ signal: controller.signal }))).code).to.equal('INTERRUPTED');
    const { record, tables } = await stateOf(project.open());
    expect([record, tables]).to.deep.equal([['a'], []]);
    await project.migrator().latest();
  });

  it('a signal ends the migration’s statement, and no other one of the pool', async () => {
    const sleeps = "exports.up = (k) => k.raw('select pg_sleep(600)'); exports.down = async () => {};";
    const project = await makeProject(postgres, { '1_s.cjs': sleeps });
    const db = project.open();
    const controller = new AbortController();
    const migrator = createMigrator(db);
    const application = delay(400).then(() => db.raw("select pg_sleep(2), 'whole' as word"));
    migrator.on('migration:start', () => setTimeout(() => controller.abort(), 1000));
    expect((await refused(migrator.latest({ signal: controller.signal }))).code).to.equal('INTERRUPTED');
    expect((await application).rows[0].word).to.equal('whole');
  });

  it('a signal ends a migration in somebody’s transaction, which goes on', async () => {
    const sleeps = "exports.up = (k) => k.raw('select pg_sleep(600)'); exports.down = async () => {};";
    const project = await makeProject(postgres, { '1_s.cjs': sleeps });
    const db = project.open({ pool: { min: 0, max: 1 } });
    const word = await db.transaction(async (trx) => {
      const migrator = createMigrator(trx);
      const signal = AbortSignal.timeout(1000);
      expect((await refused(migrator.latest({ signal }))).code).to.equal('INTERRUPTED');
      return (await trx.raw("select 'whole' as word")).rows[0].word;
    });
    expect(word).to.equal('whole');
  });

  it('a database whose transactions are REPEATABLE READ: one row of the lock, CREATE INDEX CONCURRENTLY ends', async () => {
    const index =
      "exports.up = (k) => k.raw('create index concurrently i on a (word)'); exports.down = async () => {};";
    const project = await makeProject(postgres, {
      '1_a.cjs': creates('a'),
      '2_i.cjs': `${WITHOUT_TRANSACTION}\n${index}`,
    });
    const admin = project.open();
    const { rows } = await admin.raw('select current_database() as name');
    await admin.raw(`alter database ?? set default_transaction_isolation = 'repeatable read'`, [
      rows[0].name,
    ]);
    const db = project.open();
    await createMigrator(db).latest({ statementTimeout: 10_000 });
    expect((await stateOf(db)).locks).to.deep.equal([0]);
  });
});
