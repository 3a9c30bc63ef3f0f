import { expect } from 'chai';
import knex from 'knex';
import pg from 'pg';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { knexMeta, type Ran } from '../support/commandLine.js';
import { freshPostgres, testEngines } from '../support/databases.js';
import { begun, letGo, WAITS_FOR_TEST } from '../support/handshake.js';
import { startPooler } from '../support/pooler.js';
import { type OwnServer, postgresServer, startServer } from '../support/postgres.js';
import {
  closeAll,
  creates,
  fiveTables,
  makeProject,
  refused,
  run,
  stateOf,
  WITHOUT_TRANSACTION,
} from './support.js';

const ALL = ['a', 'b', 'c', 'd', 'e'];
const postgres = testEngines.find(({ name }) => name === 'postgresql') as (typeof testEngines)[number];

/** A module is loaded once in a process: the second run is to find the same one, and not to sleep. */
const SLEEPS_ONCE =
  "if (!globalThis.hasSlept) { globalThis.hasSlept = true; await k.raw('select pg_sleep(20)'); }";

/** Ends every session of the database but the caller's that is in the given state of `kind`. */
async function terminate(url: string, which: 'migration' | 'lock'): Promise<number> {
  const admin = new pg.Client(url);
  await admin.connect();
  const isLock = "application_name like 'knex-meta on %'";
  const { rowCount } = await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and ${which === 'lock' ? isLock : `not ${isLock}`}`,
  );
  await admin.end();
  return rowCount ?? 0;
}

describe('a PostgreSQL server that ends connections', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const which of ['migration', 'lock'] as const) {
    for (const transaction of ['all', 'each', 'none'] as const) {
      it(`pg_terminate_backend on the ${which}’s session in each of five migrations, transaction: ${transaction}`, async () => {
        for (let at = 1; at <= 5; at += 1) {
          const project = await makeProject(postgres, fiveTables());
          const db = project.open();
          // A pool that has lost connections says so on a listener, not as an uncaught error.
          const migrator = createMigrator(db);
          const ended = new Promise<void>((done) => {
            let count = 0;
            migrator.on('migration:start', () => {
              count += 1;
              if (count === at) void terminate(project.database.url, which).then(() => done());
            });
          });
          const outcome = await migrator.latest({ transaction }).then(
            () => undefined,
            (error) => error,
          );
          await ended;
          if (outcome !== undefined) {
            expect(outcome.code, `${at}: ${outcome.message}`).to.be.oneOf([
              'CONNECTION_FAILED',
              'MIGRATIONS_LOCK_LOST',
              'MIGRATION_UNFINISHED',
            ]);
            expect(outcome.remedy).to.match(/again|resolve/);
          }
          const second = project.migrator();
          if (transaction !== 'none') {
            const before = await stateOf(project.open());
            expect(before.tables, `after ${at}`).to.deep.equal(before.record);
            if (transaction === 'all') expect(before.tables.length).to.be.oneOf([0, 5]);
          }
          try {
            await second.latest({ lockWait: 20_000, transaction });
          } catch (error) {
            const { code, details } = error as { code: string; details: { migration: string } };
            expect([transaction, code]).to.deep.equal(['none', 'MIGRATION_UNFINISHED']);
            await db.schema.dropTableIfExists(details.migration.replace(/^\d_|\.cjs$/g, ''));
            await second.resolve(details.migration, 'undone');
            await second.latest({ transaction });
          }
          expect(await stateOf(project.open())).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
          await closeAll();
        }
      });
    }
  }

  it('a lock that is lost in the middle: nobody runs beside the run, and it stops before the next migration', async () => {
    const slow = creates('a', "await k.raw('select pg_sleep(1.5)');");
    const project = await makeProject(postgres, { '1_a.cjs': slow, '2_b.cjs': creates('b') });
    const first = createMigrator(project.open());
    const second = createMigrator(project.open());
    const order: string[] = [];
    first.on('migration:done', ({ name }) => void order.push(`first ${name}`));
    second.on('migration:done', ({ name }) => void order.push(`second ${name}`));
    second.on('lock:wait', ({ holder }) => void order.push(`wait ${/still works/.test(holder)}`));
    const started = new Promise<void>((done) => void first.on('migration:start', () => done()));
    const running = refused(first.latest({ transaction: 'each' }));
    await started;
    await new Promise((done) => setTimeout(done, 300));
    expect(await terminate(project.database.url, 'lock')).to.equal(1);
    await second.latest({ transaction: 'each' });
    expect((await running).code).to.equal('MIGRATIONS_LOCK_LOST');
    expect(order).to.deep.equal(['wait true', 'first 1_a.cjs', 'second 2_b.cjs']);
  });
});

describe('a PostgreSQL server that stops in the middle', function () {
  this.timeout(120_000);
  let own: OwnServer;
  before(async () => {
    own = await startServer();
  });
  after(() => own.stop());
  afterEach(closeAll);

  for (const [title, config] of [
    ['in a transaction', ''],
    ['without one', WITHOUT_TRANSACTION],
  ] as const) {
    it(`killed while a migration works, ${title}: the next run goes on, or says what is half done`, async () => {
      const url = own.server.url('postgres');
      const database = { url, config: { client: 'pg', connection: url, pool: { min: 0, max: 5 } } };
      const files = {
        ...fiveTables(config),
        '3_c.cjs': creates('c', SLEEPS_ONCE, config),
      };
      const project = await makeProject({ name: 'postgresql', fresh: async () => database }, files);
      (globalThis as { hasSlept?: boolean }).hasSlept = false;
      const migrator = createMigrator(project.open());
      let count = 0;
      const third = new Promise<void>((done) => {
        migrator.on('migration:start', () => {
          count += 1;
          if (count === 3) setTimeout(done, 300);
        });
      });
      const failed = refused(migrator.latest());
      await third;
      await own.kill();
      const error = await failed;
      expect(error.code).to.equal('CONNECTION_FAILED');
      expect(error.message)
        .to.match(/^The migration 3_c\.cjs failed \(up\): /)
        .and.to.include('pg_sleep');
      await own.startAgain();
      const db = project.open();
      const state = await stateOf(db);
      const next = createMigrator(db);
      if (config === '') expect([state.tables, state.record]).to.deep.equal([[], []]);
      else {
        expect(state.record).to.deep.equal(['a', 'b']);
        const unfinished = await refused(next.latest());
        expect([unfinished.code, unfinished.details.migration]).to.deep.equal([
          'MIGRATION_UNFINISHED',
          '3_c.cjs',
        ]);
        await db.schema.dropTable('c');
        await next.resolve('3_c', 'undone');
      }
      await next.latest();
      expect(await stateOf(db)).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
      await next.rollback({ all: true });
    });
  }

  it('--wait: a command waits for a server that is still starting', async () => {
    const url = own.server.url('postgres');
    const project = await makeProject(
      { name: 'postgresql', fresh: async () => ({ url, config: { client: 'pg', connection: url } }) },
      { '1_a.cjs': creates('a') },
    );
    await own.kill();
    const at = await run(project, 'migrate:latest');
    expect([at.code, /^Error CONNECTION_FAILED/.test(at.stderr)]).to.deep.equal([1, true]);
    let waiting: Promise<Ran> | undefined;
    await new Promise<void>((waits) => {
      waiting = knexMeta(['migrate:latest', '--wait', '30'], project.folder, {}, () => waits());
    });
    await own.startAgain();
    const { code, stderr, stdout } = (await waiting) as Ran;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^Waiting for the database: /);
    expect(stdout).to.include('Batch 1 run: 1 migrations');
    await run(project, 'migrate:rollback');
  });
});

describe('through a pooler of transactions', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('8 processes at once, each migration once, although no session keeps anything', async () => {
    const { url } = await freshPostgres();
    const server = await postgresServer();
    const name = url.slice(url.lastIndexOf('/') + 1);
    const pooler = await startPooler(server.port, name, 20);
    try {
      const through = `postgres://postgres@127.0.0.1:${pooler.port}/${name}`;
      for (const transaction of ['all', 'each', 'none']) {
        const project = await makeProject(
          {
            name: 'postgresql',
            fresh: async () => ({ url: through, config: { client: 'pg', connection: through } }),
          },
          fiveTables(),
        );
        const runs = await Promise.all(
          Array.from({ length: 8 }, () => run(project, 'migrate:latest', '--transaction', transaction)),
        );
        expect(runs.map(({ code, stderr }) => [code, stderr.replace(/Waiting for .*\n/g, '')])).to.deep.equal(
          runs.map(() => [0, '']),
        );
        expect(runs.filter(({ stdout }) => /run: 5 migrations/.test(stdout))).to.have.length(1);
        const direct = knex({ client: 'pg', connection: url });
        expect(await stateOf(direct)).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
        await direct.destroy();
        await run(project, 'migrate:rollback', '--all');
      }
      expect(pooler.switches(), 'clients did get other connections').to.be.greaterThan(0);
    } finally {
      await pooler.close();
    }
  });
});

describe('schemas of PostgreSQL', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it('Knex’s tables in a schema that does not exist yet', async () => {
    const project = await makeProject(
      postgres,
      { '1_a.cjs': creates('a') },
      { migrations: { schemaName: 'Own records' } },
    );
    const { code, stderr } = await run(project, 'migrate:latest');
    expect([code, stderr]).to.deep.equal([0, '']);
    const db = project.open();
    const { rows } = await db.raw(
      "select table_name from information_schema.tables where table_schema = 'Own records' order by 1",
    );
    expect(rows.map((row: { table_name: string }) => row.table_name)).to.deep.equal([
      'knex_migrations',
      'knex_migrations_journal',
      'knex_migrations_lock',
    ]);
  });

  it('two projects in two schemas of one database at once', async () => {
    const database = await freshPostgres();
    const inSchema = (searchPath: string) =>
      makeProject({ name: 'postgresql', fresh: async () => database }, fiveTables(), {
        searchPath: [searchPath],
      });
    const projects = [await inSchema('one'), await inSchema('two')];
    const runs = await Promise.all(
      [...projects, ...projects, ...projects].map((project) => run(project, 'migrate:latest')),
    );
    expect(runs.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).to.deep.equal(runs.map(() => 0));
    for (const project of projects) {
      expect(await stateOf(project.open())).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
    }
  });

  it('two projects in two schemas do not wait for each other', async () => {
    const database = await freshPostgres();
    const inSchema = (name: string, files: Readonly<Record<string, string>>) =>
      makeProject({ name: 'postgresql', fresh: async () => database }, files, { searchPath: [name] });
    const slow = await inSchema('slow', { '1_a.cjs': creates('a', WAITS_FOR_TEST) });
    const quick = await inSchema('quick', { '1_a.cjs': creates('a') });
    const running = run(slow, 'migrate:latest');
    await begun(slow.folder, running);
    const waited: string[] = [];
    const migrator = quick.migrator();
    migrator.on('lock:wait', ({ holder }) => void waited.push(holder));
    await migrator.latest();
    letGo(slow.folder);
    expect(waited).to.deep.equal([]);
    expect((await running).code).to.equal(0);
  });
});
