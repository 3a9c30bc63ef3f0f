import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { dump } from '../real/dump.js';
import {
  closeAll,
  creates,
  fiveTables,
  makeProject,
  refused,
  run,
  stateOf,
  type TestProject,
} from '../reliability/support.js';
import { ROOT } from '../support/commandLine.js';
import { eachEngine, type TestEngine, testEngines } from '../support/databases.js';

/** Values that need care, a rebuild on SQLite, a taken-over column, and the way back. */
const HARD: Readonly<Record<string, string>> = {
  '1_users.cjs': `
exports.up = async (k) => {
  await k.schema.createTable('users', (t) => { t.increments(); t.string('name').notNullable(); t.integer('age'); });
  await k('users').insert([{ name: "O'Brien; drop table users; --", age: 1 }, { name: 'a ? b $1 \\\\ "c"', age: null }]);
};
exports.down = (k) => k.schema.dropTable('users');`,
  '2_posts.cjs': `
exports.up = (k) => k.schema.createTable('posts', (t) => { t.increments(); t.integer('user_id').references('users.id').onDelete('CASCADE'); t.text('body'); });
exports.down = (k) => k.schema.dropTable('posts');`,
  '3_change.cjs': `
exports.up = (k) => k.schema.alterTable('users', (t) => { t.text('name').notNullable().alter(); t.dropColumn('age'); });
exports.down = (k) => k.schema.alterTable('users', (t) => { t.string('name').notNullable().alter(); t.integer('age'); });`,
  '4_notes.cjs': `
exports.up = async (k) => { if (!(await k.schema.hasTable('posts'))) throw new Error('no posts'); await k.schema.renameTable('posts', 'entries'); };
exports.down = (k) => k.schema.renameTable('entries', 'posts');`,
};

eachEngine('migrate:plan', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('is what then runs, statement for statement, and changes nothing', async () => {
    const project = await makeProject(engine, HARD);
    const db = project.open();
    const migrator = createMigrator(db);
    for (const target of ['+1', '+2', '+1']) {
      const before = await dump(db, engine.name);
      const rows = async () =>
        (await db.schema.hasTable('users')) ? (await db('users').select('id', 'name')).length : 0;
      const count = await rows();
      const plan = await migrator.plan(target);
      expect(await dump(db, engine.name), 'nothing was changed').to.deep.equal(before);
      expect(await rows()).to.equal(count);
      const ran: string[] = [];
      const observed = project.open();
      observed.on('query', ({ sql }: { sql: string }) => void ran.push(sql));
      await createMigrator(observed).upgrade(target);
      for (const { statements } of plan.migrations) {
        expect(statements.length).to.be.greaterThan(0);
        // A statement with bindings is planned with its values: what stands before the first one is the same.
        for (const statement of statements.filter((each) => !/\btrx\d+/i.test(each))) {
          const start = statement.split(/'|\bNULL\b/)[0] ?? '';
          expect(
            ran.some((sql) => sql === statement || sql.startsWith(start.slice(0, 24))),
            statement,
          ).to.equal(true);
        }
      }
      const planned = plan.migrations.flatMap(({ statements }) => statements);
      const wrote = ran.filter(
        (sql) =>
          /^\s*(create|alter|drop|insert|update|delete|do )/i.test(sql) && !/knex_migrations/.test(sql),
      );
      expect(
        planned.filter((sql) => /^\s*(create|alter|drop|insert|update|delete|do )/i.test(sql)),
      ).to.have.length(wrote.length);
    }
  });

  it('the way down, --dry-run, and a database that does not exist yet', async () => {
    const project = await makeProject(engine, fiveTables());
    const dry = await run(project, 'migrate:latest', '--dry-run');
    expect([dry.code, dry.stderr]).to.deep.equal([0, '']);
    expect(dry.stdout)
      .to.match(/^-- 1_a\.cjs \(up\)\ncreate table .a. /)
      .and.to.match(/-- 5 migrations; nothing was run\n$/);
    const db = project.open();
    expect(await stateOf(db)).to.deep.equal({ tables: [], record: [], locks: [] });
    await createMigrator(db).latest();
    const down = await run(project, 'migrate:plan', '3_c', '--down');
    expect(down.stdout)
      .to.match(/^-- 5_e\.cjs \(down\)\ndrop table .e.;/)
      .and.to.include('-- 2 migrations; nothing was run');
    expect((await run(project, 'migrate:rollback', '--dry-run', '--all')).stdout).to.include(
      '-- 5 migrations; nothing was run',
    );
    expect((await run(project, 'migrate:plan')).stdout).to.equal('-- nothing to do\n');
    expect((await stateOf(db)).tables).to.have.length(5);
  });

  it('a migration that would fail is named', async () => {
    const bad = "exports.up = () => { throw new Error('not today'); };\nexports.down = async () => {};";
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_b.cjs': bad });
    const error = await refused(project.migrator().plan());
    expect([error.code, error.message]).to.deep.equal([
      'MIGRATION_FAILED',
      '2_b.cjs (up) could not be planned: not today',
    ]);
  });
});

describe('migrate:plan on PostgreSQL', function () {
  this.timeout(60_000);
  afterEach(closeAll);
  const engine = testEngines[1] as TestEngine;

  it('takes no lock that an application would wait for, and waits for none', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    project.write({
      '2_b.cjs':
        "exports.up = async (k) => { await k.schema.alterTable('a', (t) => { t.integer('more'); }); await k('a').update({ more: 1 }); };\nexports.down = async () => {};",
    });
    const holder = new pg.Client(project.database.url);
    await holder.connect();
    await holder.query('begin; lock table a in access exclusive mode');
    const plan = await project.migrator().plan();
    expect(plan.migrations[0]?.statements.join('\n'))
      .to.include('alter table "a" add column "more"')
      .and.to.include(`update "a" set "more" = '1'`);
    await holder.query('rollback');
    await holder.end();
  });

  it('a role that may only read can plan', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    project.write({ '2_b.cjs': creates('b') });
    const db = project.open();
    await db.raw(
      "do $$ begin if not exists (select from pg_roles where rolname = 'only_reads') then create role only_reads login; end if; end $$",
    );
    await db.raw(
      'grant usage on schema public to only_reads; grant select on all tables in schema public to only_reads',
    );
    const url = project.database.url.replace('postgres@', 'only_reads@');
    const reader = project.open({ connection: url });
    const plan = await createMigrator(reader).plan();
    expect(plan.migrations.map(({ name }) => name)).to.deep.equal(['2_b.cjs']);
  });

  it('what a migration asks about tables of the same plan is answered', async () => {
    const asks =
      "exports.up = async (k) => { const [row] = await k('a').count(); if (row) await k('a').insert({ word: 'rows: ' + row.count }); };\nexports.down = async () => {};";
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_b.cjs': asks });
    const { migrations } = await project.migrator().plan();
    expect(migrations[1]?.statements).to.deep.equal([`insert into "a" ("word") values ('rows: 0')`]);
  });
});

/** Runs a script as its header says. */
async function runScript(engine: TestEngine, project: TestProject, text: string): Promise<void> {
  const { url, config } = project.database;
  if (engine.name === 'sqlite') {
    const { filename } = config.connection as { filename: string };
    const shell = spawnSync('sqlite3', [filename], { input: text, encoding: 'utf8' });
    if (shell.error === undefined) {
      expect([shell.status, shell.stderr]).to.deep.equal([0, '']);
      return;
    }
    // No shell on this machine: the driver, without the shell's own lines.
    const { default: Database } = await import('better-sqlite3');
    const direct = new Database(filename);
    direct.unsafeMode(true);
    direct.exec(text.replace(/^\..*$/gm, ''));
    direct.close();
    return;
  }
  const file = join(project.folder, 'script.sql');
  writeFileSync(file, text);
  const isOne = text.split('\n')[0]?.includes('psql -1');
  try {
    execFileSync('psql', [...(isOne ? ['-1'] : []), '-q', '-f', file, url], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const client = new pg.Client(url);
    await client.connect();
    for (const part of text.replace(/^\\.*$/gm, '').split(/^(?=begin;|commit;)/m)) await client.query(part);
    await client.end();
  }
}

eachEngine('migrate:sql', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  /** Schema, rows and record of a database, without times. */
  async function whole(db: Knex) {
    const tables = (await db.schema.hasTable('users'))
      ? await db('users').orderBy('id').select('id', 'name')
      : [];
    return {
      schema: await dump(db, engine.name),
      users: tables,
      record: await db('knex_migrations').orderBy('id').select('name', 'batch'),
    };
  }

  it('up in two parts and down again: the same as running them', async () => {
    const project = await makeProject(engine, HARD);
    const other = await makeProject(engine, HARD);
    const wanted = other.open();
    const migrator = createMigrator(wanted);
    const got = project.open();
    const script = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(project, 'migrate:sql', ...args);
      expect([code, stderr], args.join(' ')).to.deep.equal([0, '']);
      return stdout;
    };
    for (const [range, act] of [
      ['base:2_posts', () => migrator.upgrade('2_posts')],
      ['2_posts:heads', () => migrator.upgrade('heads')],
      ['heads:2_posts', () => migrator.downgrade('2_posts')],
      ['2_posts:base', () => migrator.downgrade('base')],
      [undefined, () => migrator.latest()],
    ] as const) {
      await runScript(engine, project, await script(...(range === undefined ? [] : [range])));
      await act();
      expect(await whole(got), String(range)).to.deep.equal(await whole(wanted));
    }
    // Both tools know what the script did.
    expect((await run(project, 'migrate:status')).stderr).to.equal('');
    expect((await run(project, 'migrate:latest', '--strict')).stdout).to.equal('Already up to date\n');
    const stock = knex(project.database.config);
    const [done, pending] = await stock.migrate.list({ directory: project.directory });
    await stock.destroy();
    expect([done.length, pending.length]).to.deep.equal([4, 0]);
  });

  it('one without a transaction is outside of the script’s', async () => {
    const none = `exports.config = { transaction: false };
exports.up = (k) => k.raw(${engine.name === 'sqlite' ? "'pragma user_version = 7'" : "'create index concurrently a_word on a (word)'"});
exports.down = async () => {};`;
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '2_b.cjs': none,
      '3_c.cjs': creates('c'),
    });
    const { stdout } = await run(project, 'migrate:sql');
    expect(stdout.split('\n')[0]).to.not.include('psql -1');
    await runScript(engine, project, stdout);
    expect((await stateOf(project.open())).record).to.deep.equal(['a', 'b', 'c']);
    expect((stdout.match(/^(begin|BEGIN IMMEDIATE);$/gm) ?? []).length).to.equal(2);
    expect((stdout.match(/^(commit|COMMIT);$/gm) ?? []).length).to.equal(2);
  });

  it('a script that fails in the middle changes nothing', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_b.cjs': creates('b') });
    const db = project.open();
    await db.schema.createTable('b', (t) => void t.increments());
    const { stdout } = await run(project, 'migrate:sql');
    await runScript(engine, project, stdout).then(
      () => expect.fail('it did not fail'),
      () => {},
    );
    expect((await stateOf(db)).tables).to.deep.equal(['b']);
  });

  it('--out writes it to a file; a range across branches is refused', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '2_b.cjs': `exports.revises = '1_a';\n${creates('b')}`,
      '3_c.cjs': `exports.revises = '1_a';\n${creates('c')}`,
    });
    const { stdout } = await run(project, 'migrate:sql', 'base:2_b', '--out', 'script.sql');
    expect(stdout).to.equal('2 migrations up: script.sql\n');
    expect(readFileSync(join(project.folder, 'script.sql'), 'utf8'))
      .to.include('-- 2_b.cjs (up)')
      .and.to.not.include('3_c');
    const across = await run(project, 'migrate:sql', '2_b:3_c');
    expect([across.code, /two branches/.test(across.stderr)]).to.deep.equal([2, true]);
    expect((await run(project, 'migrate:sql', '+2')).code).to.equal(2);
  });
});

describe('migrate:sql of the worked example', function () {
  this.timeout(60_000);
  afterEach(closeAll);
  for (const engine of testEngines) {
    it(`gives what migrate:latest gives (${engine.name})`, async () => {
      const extra = engine.name === 'postgresql' ? { searchPath: ['public'] } : {};
      const made = await makeProject(engine, {}, extra);
      const other = await makeProject(engine, {}, extra);
      for (const project of [made, other])
        cpSync(join(ROOT, 'migrations'), project.directory, { recursive: true });
      const { code, stdout, stderr } = await run(made, 'migrate:sql');
      expect(code, stderr).to.equal(0);
      await runScript(engine, made, stdout);
      await other.migrator().latest();
      expect(await dump(made.open(), engine.name)).to.deep.equal(await dump(other.open(), engine.name));
      const checked = await run(made, 'check:migration');
      expect(checked.code, checked.stdout).to.equal(0);
    });
  }
});
