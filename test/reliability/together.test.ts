import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { knexMeta, type Ran, stockKnex } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { begun, letGo, WAITS_FOR_TEST } from '../support/handshake.js';
import { closeAll, creates, fiveTables, makeProject, run, stateOf, type TestProject } from './support.js';

const ALL = ['a', 'b', 'c', 'd', 'e'];

/** How often each migration ran, by the rows that it wrote outside every transaction of the run. */
const logged = (name: string, config: string): string => `${config}
exports.up = async (k) => {
  await k.schema.createTable('${name}', (t) => { t.increments(); });
  await new Promise((done) => setTimeout(done, 20));
  require('node:fs').appendFileSync(require('node:path').join(__dirname, '..', 'ran'), '${name}\\n');
};
exports.down = (k) => k.schema.dropTable('${name}');
`;

const ranOf = async (project: TestProject): Promise<readonly string[]> => {
  const { readFileSync } = await import('node:fs');
  return readFileSync(join(project.folder, 'ran'), 'utf8').trim().split('\n').sort();
};

/** Whether a session of the database waits for a lock of another one. */
async function isWaitedFor(db: Knex): Promise<boolean> {
  const { rows } = await db.raw(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length > 0;
}

eachEngine('migrators at once', (engine) => {
  afterEach(closeAll);

  it('16 processes on an empty database, 6 rounds: each migration once, all end well, one lock row', async function () {
    this.timeout(600_000);
    for (let round = 1; round <= 6; round += 1) {
      const project = await makeProject(engine, fiveTables());
      const runs = await Promise.all(Array.from({ length: 16 }, () => run(project, 'migrate:latest')));
      const failed = runs.filter(({ code }) => code !== 0);
      expect(
        failed.map(({ stderr }) => stderr),
        `round ${round}`,
      ).to.deep.equal([]);
      const did = runs.filter(({ stdout }) => /Batch 1 run: 5 migrations/.test(stdout));
      expect(did, `round ${round}`).to.have.length(1);
      const db = project.open();
      const state = await stateOf(db);
      expect(state, `round ${round}`).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
      await closeAll();
    }
  });

  it('one migration a process: up, down and latest at once never meet', async function () {
    this.timeout(120_000);
    const project = await makeProject(engine, fiveTables());
    const args = [
      ['migrate:up'],
      ['migrate:up'],
      ['migrate:latest'],
      ['migrate:up'],
      ['migrate:downgrade', '-1'],
    ];
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(args.map((each) => run(project, ...each)));
      const { tables, record, locks } = await stateOf(project.open());
      expect([...record].sort(), `round ${round}`).to.deep.equal(tables);
      expect(locks).to.deep.equal([0]);
      await run(project, 'migrate:rollback', '--all');
      await closeAll();
    }
  });

  for (const [title, extra, config] of [
    ['in transactions', {}, ''],
    ['without transactions', { migrations: { disableTransactions: true } }, ''],
    ['with one that has none', {}, 'exports.config = { transaction: false };'],
  ] as const) {
    it(`stock Knex and knex-meta at the same time never run the same migration: ${title}`, async function () {
      this.timeout(240_000);
      for (let round = 0; round < 4; round += 1) {
        const files = Object.fromEntries(
          ALL.map((name, at) => [`${at + 1}_${name}.cjs`, logged(name, at === 2 ? config : '')]),
        );
        const project = await makeProject(engine, files, extra);
        // The tables are there, as in any project that stock Knex has migrated once.
        const db = knex(project.database.config);
        await db.migrate.list({ directory: project.directory });
        await db.destroy();
        const both: Promise<Ran>[] = [];
        for (let pair = 0; pair < 3; pair += 1) {
          both.push(stockKnex(['migrate:latest'], project.folder), run(project, 'migrate:latest'));
        }
        const results = await Promise.all(both);
        const ours = results.filter((_result, index) => index % 2 === 1);
        expect(await ranOf(project), `round ${round}`).to.deep.equal(ALL);
        for (const { code, stderr } of ours)
          expect([code, stderr.includes('Error')], stderr).to.deep.equal([0, false]);
        const { record, locks } = await stateOf(project.open());
        expect(record).to.deep.equal(ALL);
        expect(locks).to.deep.equal([0]);
        await closeAll();
      }
    });
  }

  it('waits for a stock Knex that runs without a transaction, and says so', async function () {
    this.timeout(60_000);
    const project = await makeProject(engine, fiveTables());
    const db = project.open();
    await db.migrate.list({ directory: project.directory });
    await db('knex_migrations_lock').update({ is_locked: 1 });
    let isFreed = false;
    const { code, stderr } = await knexMeta(['migrate:latest'], project.folder, {}, (said) => {
      if (isFreed || !said.includes('Waiting')) return;
      isFreed = true;
      void db('knex_migrations_lock')
        .update({ is_locked: 0 })
        .then(() => {});
    });
    expect([code, stderr]).to.deep.equal([0, 'Waiting for stock Knex, which set is_locked\n']);
  });

  it('a stock Knex that comes while knex-meta runs is told that it is locked, and leaves nothing behind', async function () {
    this.timeout(60_000);
    const slow = creates('a', WAITS_FOR_TEST);
    const project = await makeProject(
      engine,
      { '1_a.cjs': slow },
      { migrations: { disableTransactions: true } },
    );
    const db = knex(project.database.config);
    await db.migrate.list({ directory: project.directory });
    const ours = run(project, 'migrate:latest');
    await begun(project.folder, ours);
    let isDecided = false;
    const coming = stockKnex(['migrate:latest'], project.folder).finally(() => {
      isDecided = true;
    });
    // Where its question waits for the run's lock it is answered when the run ends.
    while (!isDecided && !(engine.name === 'postgresql' && (await isWaitedFor(db))))
      await new Promise((done) => setTimeout(done, 20));
    letGo(project.folder);
    const stock = await coming;
    const { code, stderr } = await ours;
    expect([code, stderr]).to.deep.equal([0, '']);
    expect([stock.code, /already locked/.test(stock.stderr + stock.stdout)]).to.deep.equal([1, true]);
    expect(await stateOf(db)).to.deep.equal({ tables: ['a'], record: ['a'], locks: [0] });
    await db.destroy();
  });

  it('an application that writes goes on while a run waits for its turn', async function () {
    this.timeout(60_000);
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const db = project.open();
    const { code } = await run(project, 'migrate:latest');
    expect(code).to.equal(0);
    project.write({ '2_b.cjs': creates('b', 'await new Promise((done) => setTimeout(done, 300));') });
    const runs = Promise.all([run(project, 'migrate:latest'), run(project, 'migrate:latest')]);
    for (let row = 0; row < 20; row += 1) {
      await db('a').insert({ word: String(row) });
      await new Promise((done) => setTimeout(done, 25));
    }
    expect((await runs).map(({ code: each }) => each)).to.deep.equal([0, 0]);
    expect((await db('a')).length).to.equal(20);
  });
});
