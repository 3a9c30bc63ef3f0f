import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import {
  closeAll,
  creates,
  fiveTables,
  makeProject,
  refused,
  run,
  stateOf,
  WITHOUT_TRANSACTION,
} from '../reliability/support.js';
import { eachEngine, type TestEngine, testEngines } from '../support/databases.js';

const postgres = testEngines[1] as TestEngine;
const sqlite = testEngines[0] as TestEngine;
const ALL = ['a', 'b', 'c', 'd', 'e'];

eachEngine('the options of a run', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('events tell what happens, in order, and a listener can be taken back', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '2_b.cjs': "exports.up = () => { throw new Error('no'); };\nexports.down = async () => {};",
    });
    const migrator = project.migrator();
    const told: string[] = [];
    const end = migrator.on(
      'run:start',
      ({ direction, migrations }) => void told.push(`run:start ${direction} ${migrations}`),
    );
    migrator.on('lock:taken', ({ waited }) => void told.push(`lock:taken ${typeof waited}`));
    migrator.on('migration:start', ({ name, direction }) => void told.push(`start ${name} ${direction}`));
    migrator.on('migration:done', ({ name, duration }) => void told.push(`done ${name} ${typeof duration}`));
    migrator.on(
      'migration:failed',
      ({ name, error }) => void told.push(`failed ${name} ${(error as Error).message}`),
    );
    migrator.on(
      'run:done',
      ({ batch, migrations }) => void told.push(`run:done ${batch} ${migrations.length}`),
    );
    await migrator.up();
    await refused(migrator.latest());
    end();
    await migrator.down();
    expect(told).to.deep.equal([
      'lock:taken number',
      'run:start up 1_a.cjs',
      'start 1_a.cjs up',
      'done 1_a.cjs number',
      'run:done 1 1',
      'lock:taken number',
      'run:start up 2_b.cjs',
      'start 2_b.cjs up',
      'failed 2_b.cjs no',
      'lock:taken number',
      'start 1_a.cjs down',
      'done 1_a.cjs number',
      'run:done 1 1',
    ]);
  });

  it('a signal ends a run: what is in a transaction is undone, and the connection is free', async () => {
    const slow = creates('b', 'await new Promise((done) => setTimeout(done, 600_000).unref());');
    for (const [transaction, left] of [
      ['all', []],
      ['each', ['a']],
    ] as const) {
      const project = await makeProject(engine, { ...fiveTables(), '2_b.cjs': slow });
      const db = project.open();
      const migrator = createMigrator(db);
      const controller = new AbortController();
      migrator.on('migration:start', ({ name }) => {
        if (name === '2_b.cjs') setTimeout(() => controller.abort(), 100);
      });
      const error = await refused(migrator.latest({ transaction, signal: controller.signal }));
      expect([error.code, error.message]).to.deep.equal([
        'INTERRUPTED',
        'The run was interrupted in 2_b.cjs.',
      ]);
      expect(error.remedy).to.include('of this migration nothing is left');
      expect(await stateOf(db)).to.deep.equal({ tables: left, record: left, locks: [0] });
    }
  });

  it('a signal that came before does nothing, and one while the lock is waited for neither', async () => {
    const project = await makeProject(engine, fiveTables());
    const db = project.open();
    const error = await refused(createMigrator(db).latest({ signal: AbortSignal.abort() }));
    expect(error.code).to.equal('INTERRUPTED');
    expect((await stateOf(db)).tables).to.deep.equal([]);
    await createMigrator(db).up();
    await db('knex_migrations_lock').update({ is_locked: 1 });
    const controller = new AbortController();
    const waiting = createMigrator(project.open());
    waiting.on('lock:wait', () => controller.abort());
    expect((await refused(waiting.latest({ signal: controller.signal }))).code).to.equal('INTERRUPTED');
    expect((await stateOf(db)).record).to.deep.equal(['a']);
  });

  it('one migration without a transaction does not change the others', async () => {
    const inside = (name: string) =>
      `exports.up = async (k) => { await k.schema.createTable('${name}', (t) => { t.increments(); t.string('word'); }); if (!k.isTransaction) throw new Error('not in a transaction'); };\nexports.down = (k) => k.schema.dropTable('${name}');`;
    const outside = `${WITHOUT_TRANSACTION}\nexports.up = async (k) => { if (k.isTransaction) throw new Error('in a transaction'); await k.raw('${
      engine.name === 'sqlite' ? 'vacuum' : 'create index concurrently a_word on a (word)'
    }'); };\nexports.down = async () => {};`;
    const project = await makeProject(engine, {
      '1_a.cjs': inside('a'),
      '2_b.cjs': outside,
      '3_c.cjs': inside('c'),
    });
    const { migrations } = await project.migrator().latest();
    expect(migrations).to.have.length(3);
    const none = await makeProject(engine, { '1_a.cjs': inside('a').replace('!k.is', 'k.is') });
    await none.migrator().latest({ transaction: 'none' });
    const own = await makeProject(engine, {
      '1_a.cjs': `exports.config = { transaction: true };\n${inside('a')}`,
    });
    await own.migrator().latest({ transaction: 'none' });
  });

  it('inside somebody’s transaction everything belongs to it', async () => {
    const project = await makeProject(engine, fiveTables());
    const db = project.open();
    const rolledBack = db.transaction(async (trx) => {
      await createMigrator(trx).latest();
      expect((await stateOf(trx as unknown as Knex)).record).to.deep.equal(ALL);
      throw new Error('no');
    });
    await rolledBack.catch(() => {});
    expect(await stateOf(db)).to.deep.equal({ tables: [], record: [], locks: [] });
    await db.transaction(async (trx) => {
      await createMigrator(trx).upgrade('+2');
      await createMigrator(trx).downgrade('-1');
    });
    expect(await stateOf(db)).to.deep.equal({ tables: ['a'], record: ['a'], locks: [0] });
    // The application's own queries are as they were.
    expect((db.client as { config: Record<string, unknown> }).config.asyncStackTraces).to.equal(undefined);
  });

  it('a project’s own wrapIdentifier and postProcessResponse stay out of the record', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates(
        'a',
        "await k('a').insert({ word: 'x' }); const [row] = await k('a'); if (row.WORD !== 'x') throw new Error(JSON.stringify(row));",
      ),
    });
    const upper = (row: unknown): unknown =>
      typeof row === 'object' && row !== null && !Array.isArray(row)
        ? Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toUpperCase(), value]))
        : row;
    const db = project.open({
      postProcessResponse: (result: unknown) => (Array.isArray(result) ? result.map(upper) : result),
      wrapIdentifier: (value: string, wrap: (value: string) => string) => wrap(value.replace(/^pre_/, '')),
    });
    const migrator = createMigrator(db);
    await migrator.latest();
    expect((await migrator.current()).revisions).to.deep.equal(['1_a']);
    await migrator.stamp('base', { force: true });
    await migrator.stamp('1_a');
    await migrator.downgrade('base');
    expect((await migrator.history()).map(({ state }) => state)).to.deep.equal(['pending']);
  });

  it('another name for Knex’s table, and a pool of one connection', async () => {
    const project = await makeProject(engine, fiveTables(), {
      migrations: { tableName: 'my_record' },
      pool: { min: 0, max: 1 },
    });
    const db = project.open();
    await createMigrator(db).latest({ transaction: 'each' });
    await createMigrator(db).latest();
    for (const name of ['my_record', 'my_record_lock', 'my_record_journal'])
      expect(await db.schema.hasTable(name), name).to.equal(true);
    expect(await db.schema.hasTable('knex_migrations')).to.equal(false);
    await createMigrator(db).rollback({ all: true, transaction: 'none' });
  });

  it('the journal keeps who, when, how long, which way, and the checksum', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const db = project.open();
    const migrator = createMigrator(db);
    await migrator.latest();
    await migrator.down();
    await migrator.stamp('head');
    const lines = await db('knex_migrations_journal').orderBy('id');
    expect(lines.map(({ name, direction, state }) => [name, direction, state])).to.deep.equal([
      ['1_a.cjs', 'up', 'done'],
      ['1_a.cjs', 'down', 'done'],
      ['1_a.cjs', 'stamp', 'done'],
    ]);
    expect(lines[0].checksum)
      .to.match(/^[0-9a-f]{32}$/)
      .and.to.equal(lines[2].checksum);
    expect(lines[0].duration_ms).to.be.a('number');
    expect(lines[0].run_by).to.match(/.@./);
    expect(lines[0].tool).to.match(/^knex-meta \d/);
    expect(Math.abs(new Date(lines[0].started_at).getTime() - Date.now())).to.be.lessThan(60_000);
  });

  it('wrong values of flags are refused before anything is read', async () => {
    const project = await makeProject(engine, fiveTables());
    for (const args of [
      ['--transaction', 'some'],
      ['--lock-timeout', 'soon'],
      ['--retries', '-1'],
      ['--lock-wait', '5 years'],
      ['--wait', 'x'],
    ]) {
      const { code, stderr } = await run(project, 'migrate:latest', ...args);
      expect([code, stderr], args.join(' ')).to.satisfy(
        ([exit, text]: [number, string]) => exit === 2 && text.startsWith(`Error USAGE: ${args[0]} takes`),
      );
    }
  });
});

describe('the options of a run on PostgreSQL', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  /** A session that holds a table until it is told to let go. */
  async function hold(url: string): Promise<{ readonly release: () => Promise<void> }> {
    const holder = new pg.Client(url);
    await holder.connect();
    await holder.query('begin; select * from a; lock table a in access share mode');
    return {
      release: async () => {
        await holder.query('rollback');
        await holder.end();
      },
    };
  }
  const ALTERS = `exports.up = (k) => k.schema.alterTable('a', (t) => { t.integer('more'); });\nexports.down = (k) => k.schema.alterTable('a', (t) => { t.dropColumn('more'); });`;

  it('--lock-timeout gives up quickly, tries again, and lets the application through meanwhile', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    project.write({ '2_b.cjs': ALTERS });
    const held = await hold(project.database.url);
    const app = new pg.Client(project.database.url);
    await app.connect();
    const migrator = project.migrator();
    let attempts = 0;
    migrator.on('migration:retry', ({ reason }) => {
      expect(reason).to.include('lock timeout');
      attempts += 1;
    });
    let isOver = false;
    const running = migrator.latest({ lockTimeout: 150, retries: 30 }).finally(() => {
      isOver = true;
    });
    // While the table is held the migration cannot end: what is read meanwhile did not wait for the holder.
    const readBeside = new Set<number>();
    while (readBeside.size < 3 && !isOver) {
      await app.query('select * from a');
      readBeside.add(attempts);
      await new Promise((done) => setTimeout(done, 10));
    }
    await app.end();
    await held.release();
    const { migrations } = await running;
    expect(migrations).to.have.length(1);
    expect(readBeside.size).to.equal(3);
  });

  it('without luck it says who and what, and nothing is left', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    project.write({ '2_b.cjs': ALTERS });
    const held = await hold(project.database.url);
    const { code, stderr } = await run(
      project,
      'migrate:latest',
      '--lock-timeout',
      '100ms',
      '--retries',
      '1',
    );
    expect(code).to.equal(1);
    expect(stderr).to.match(/2_b\.cjs: .*lock timeout.*; attempt 2 in \d+ ms/);
    expect(stderr).to.match(
      /Error DATABASE_BUSY: The migration 2_b\.cjs failed \(up\): canceling statement due to lock timeout/,
    );
    expect(stderr)
      .to.include('alter table "a" add column "more"')
      .and.to.include('of this migration nothing is left');
    await held.release();
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
  });

  it('--statement-timeout ends what works too long, with and without a transaction, and is gone afterwards', async () => {
    for (const config of ['', WITHOUT_TRANSACTION]) {
      const project = await makeProject(postgres, {
        '1_a.cjs': `${config}\nexports.up = (k) => k.raw('select pg_sleep(5)');\nexports.down = async () => {};`,
      });
      const db = project.open();
      const error = await refused(createMigrator(db).latest({ statementTimeout: 200 }));
      expect([error.code, /statement timeout/.test(error.message)]).to.deep.equal(['MIGRATION_FAILED', true]);
      expect((await db.raw('show statement_timeout')).rows).to.deep.equal([{ statement_timeout: '0' }]);
      expect((await db('knex_migrations')).length).to.equal(0);
      await closeAll();
    }
  });

  it('CREATE INDEX CONCURRENTLY works beside an open transaction of another table, and with a lock timeout', async () => {
    const index = `${WITHOUT_TRANSACTION}\nexports.up = (k) => k.raw('create index concurrently a_word on a (word)');\nexports.down = (k) => k.raw('drop index concurrently a_word');`;
    const project = await makeProject(postgres, { '1_a.cjs': creates('a'), '2_b.cjs': index });
    await project.migrator().latest();
    await project.migrator().down();
    await project.migrator().latest({ lockTimeout: 2000 });
    const { rows } = await project
      .open()
      .raw("select indisvalid from pg_index where indexrelid = 'a_word'::regclass");
    expect(rows).to.deep.equal([{ indisvalid: true }]);
  });

  it('a signal cancels a statement that the server works on', async () => {
    for (const config of ['', WITHOUT_TRANSACTION]) {
      const project = await makeProject(postgres, {
        '1_a.cjs': `${config}\nexports.up = (k) => k.raw('select pg_sleep(600)');\nexports.down = async () => {};`,
      });
      const db = project.open();
      const controller = new AbortController();
      const migrator = createMigrator(db);
      migrator.on('migration:start', () => void setTimeout(() => controller.abort(), 200));
      const error = await refused(migrator.latest({ signal: controller.signal }));
      expect(error.code).to.equal('INTERRUPTED');
      const { rows } = await db.raw(
        "select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(600)%' and state = 'active' and pid <> pg_backend_pid() and datname = current_database()",
      );
      expect(rows).to.deep.equal([{ n: 0 }]);
      const next = await createMigrator(db).status();
      expect(next.unfinished).to.deep.equal(config === '' ? [] : ['1_a.cjs']);
      await closeAll();
    }
  });

  it('--backup: pg_dump where it is there, a clear refusal where it is not', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    const none = await run(project, 'migrate:latest', '--backup');
    const hasProgram = spawnSync('pg_dump', ['--version']).status === 0;
    if (!hasProgram) expect(none.stderr).to.match(/^Error BACKUP_FAILED: .*no pg_dump/);
    // One of another version refuses itself.
    else if (none.code === 1) expect(none.stderr).to.match(/^Error BACKUP_FAILED: pg_dump failed: .*version/);
    else expect(readdirSync(project.folder).some((name) => /^backup-.*\.dump$/.test(name))).to.equal(true);
    if (none.code === 1) expect((await stateOf(project.open())).tables).to.deep.equal([]);
  });

  it('--backup without pg_dump: nothing is run, and no password is told', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      const error = await refused(project.migrator().latest({ backup: true }));
      expect([
        error.code,
        /no pg_dump on this machine/.test(error.message),
        /No migration was run/.test(error.remedy),
      ]).to.deep.equal(['BACKUP_FAILED', true, true]);
    } finally {
      process.env.PATH = path;
    }
    expect(await stateOf(project.open())).to.deep.equal({ tables: [], record: [], locks: [0] });
  });
});

describe('a role that may write and not create, on PostgreSQL', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it('runs a migration of data as stock Knex does, without a journal', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    const owner = project.open();
    await owner.migrate.latest();
    expect(await owner.schema.hasTable('knex_migrations_journal')).to.equal(false);
    await owner.raw(
      "do $$ begin if not exists (select from pg_roles where rolname = 'only_writes') then create role only_writes login; end if; end $$",
    );
    await owner.raw('revoke create on schema public from public');
    await owner.raw('grant usage on schema public to only_writes');
    await owner.raw('grant all on all tables in schema public to only_writes');
    await owner.raw('grant all on all sequences in schema public to only_writes');
    project.write({
      '2_data.cjs': "exports.up = (k) => k('a').insert({ word: 'x' });\nexports.down = (k) => k('a').del();",
      '3_more.cjs': `${WITHOUT_TRANSACTION}\nexports.up = (k) => k('a').insert({ word: 'y' });\nexports.down = async () => {};`,
    });
    const writer = project.open({ connection: project.database.url.replace('postgres@', 'only_writes@') });
    const migrator = createMigrator(writer);
    expect((await migrator.latest()).migrations).to.have.length(2);
    expect(await owner('a').orderBy('id').pluck('word')).to.deep.equal(['x', 'y']);
    await migrator.stamp('1_a', { force: true });
    expect(await owner('knex_migrations').pluck('name')).to.deep.equal(['1_a.cjs']);
    await writer.transaction(async (trx) => {
      await createMigrator(trx).upgrade('+1');
    });
    const { edited, ...status } = await migrator.status();
    expect([edited, status.pending]).to.deep.equal([[], ['3_more.cjs']]);
    expect(await migrator.pending()).to.deep.equal(status);
  });
});

describe('--backup on SQLite', function () {
  this.timeout(60_000);
  afterEach(closeAll);

  it('copies the database before the first change, while others write', async () => {
    const project = await makeProject(sqlite, { '1_a.cjs': creates('a') });
    const db = project.open();
    await createMigrator(db).latest();
    await db('a').insert({ word: 'kept' });
    project.write({ '2_b.cjs': creates('b') });
    const { code, stderr } = await run(project, 'migrate:latest', '--backup', 'before.sqlite3');
    expect([code, /^Backup: .*before\.sqlite3 \(\d+ ms\)\n$/.test(stderr)], stderr).to.deep.equal([0, true]);
    const copy = knex({
      client: 'better-sqlite3',
      connection: { filename: join(project.folder, 'before.sqlite3') },
      useNullAsDefault: true,
    });
    expect(await copy('a').pluck('word')).to.deep.equal(['kept']);
    expect(await copy.schema.hasTable('b')).to.equal(false);
    await copy.destroy();
    await run(project, 'migrate:rollback', '--backup');
    expect(
      readdirSync(project.folder).filter((name) => /^backup-\d{8}T\d{6}Z\.backup$/.test(name)),
    ).to.have.length(1);
    const twice = await run(project, 'migrate:latest', '--backup', 'before.sqlite3');
    expect([twice.code, /before\.sqlite3 exists already/.test(twice.stderr)]).to.deep.equal([1, true]);
    // Nothing to do: no backup.
    await run(project, 'migrate:rollback', '--all');
    await run(project, 'migrate:rollback', '--backup', 'none.sqlite3');
    expect(existsSync(join(project.folder, 'none.sqlite3'))).to.equal(false);
    writeFileSync(join(project.folder, 'x'), '');
    const failed = await run(project, 'migrate:latest', '--backup', 'x/y/z.sqlite3');
    expect([failed.code, /^Error BACKUP_FAILED/.test(failed.stderr)]).to.deep.equal([1, true]);
    expect((await stateOf(db)).tables).to.deep.equal([]);
  });
});
