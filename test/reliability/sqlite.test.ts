import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { KNEX_META, knexMeta } from '../support/commandLine.js';
import { temporaryFolder, testEngines } from '../support/databases.js';
import {
  closeAll,
  creates,
  fiveTables,
  makeProject,
  refused,
  run,
  stateOf,
  type TestProject,
} from './support.js';

const sqlite = testEngines.find(({ name }) => name === 'sqlite') as (typeof testEngines)[number];
const ALL = ['a', 'b', 'c', 'd', 'e'];

/** Ends when the stream has said this, or has ended without: then the test says so. */
async function untilSaid(stream: Readable, what: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((done) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) done();
    });
    stream.once('end', done);
  });
  expect(text).to.match(what);
}

/** Another program that holds the write lock for so many milliseconds. */
async function writer(project: TestProject, file: string, milliseconds: number) {
  const code = `const D = require('better-sqlite3'); const d = new D(${JSON.stringify(file)}); d.exec('begin immediate');
    console.log('held'); setTimeout(() => { d.exec('commit'); d.close(); }, ${milliseconds});`;
  const child = spawn(process.execPath, ['-e', code], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((held) => child.stdout.once('data', () => held()));
  return child;
}

const fileOf = (project: TestProject): string =>
  (project.database.config.connection as { filename: string }).filename;

describe('SQLite under hard conditions', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const mode of ['delete', 'wal']) {
    it(`another program writes (${mode}): waits, says who it is, and goes on`, async () => {
      const project = await makeProject(sqlite, fiveTables());
      const db = project.open();
      await db.raw(`pragma journal_mode = ${mode}`);
      await db.schema.raw('create table t (x)');
      const child = await writer(project, fileOf(project), 2500);
      const { code, stderr } = await run(project, 'migrate:latest');
      expect(code, stderr).to.equal(0);
      if (process.platform === 'linux')
        expect(stderr).to.match(new RegExp(`^Waiting for process ${child.pid} \\(`));
      else expect(stderr).to.match(/^Waiting for another process/);
      expect((await stateOf(db)).record).to.deep.equal(ALL);
    });

    it(`another program never ends its transaction (${mode}): says who, and nothing is done`, async () => {
      const project = await makeProject(sqlite, fiveTables());
      const db = project.open();
      await db.raw(`pragma journal_mode = ${mode}`);
      await createMigrator(db).up();
      const child = await writer(project, fileOf(project), 60_000);
      const { code, stderr } = await run(project, 'migrate:latest', '--lock-timeout', '700ms');
      child.kill('SIGKILL');
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /Error DATABASE_BUSY: The database is held by (process \d+ \(|another process)/,
      );
      expect(stderr).to.include('--lock-timeout');
      expect(await stateOf(db)).to.deep.equal({ tables: ['a'], record: ['a'], locks: [0] });
      expect((await run(project, 'migrate:latest')).code).to.equal(0);
    });

    it(`two processes take turns (${mode}), also when the first is killed`, async () => {
      // Slow the first time only: the second process runs it again.
      const slow = creates(
        'a',
        "const fs = require('node:fs'); if (!fs.existsSync('begun')) { fs.writeFileSync('begun', ''); console.log('begun'); await new Promise((done) => setTimeout(done, 60_000)); }",
      );
      const project = await makeProject(sqlite, { ...fiveTables(), '1_a.cjs': slow });
      const db = project.open();
      await db.raw(`pragma journal_mode = ${mode}`);
      const start = () => spawn(process.execPath, [KNEX_META, 'migrate:latest'], { cwd: project.folder });
      const first = start();
      await untilSaid(first.stdout, /^begun$/m);
      const second = start();
      const ended = once(second, 'exit');
      await untilSaid(second.stderr, /^Waiting for /);
      first.kill('SIGKILL');
      expect((await ended)[0]).to.equal(0);
      expect(await stateOf(db)).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
    });
  }

  it('leaves the lock file beside the database, and nothing else', async () => {
    const project = await makeProject(sqlite, fiveTables());
    const folder = join(fileOf(project), '..');
    await run(project, 'migrate:latest');
    await run(project, 'migrate:rollback');
    expect(readdirSync(folder)).to.deep.equal(['test.sqlite3', 'test.sqlite3-knex-meta.lock']);
  });

  it('a database that is opened read-only', async () => {
    const project = await makeProject(sqlite, fiveTables());
    await project.migrator().up();
    await closeAll();
    const connection = { filename: fileOf(project), options: { readonly: true } };
    const config = { ...project.database.config, connection, migrations: { directory: project.directory } };
    writeFileSync(join(project.folder, 'knexfile.js'), `module.exports = ${JSON.stringify(config)};\n`);
    const { code, stderr } = await run(project, 'migrate:latest');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^Error DATABASE_NOT_WRITABLE: .*test\.sqlite3 cannot be written to: /);
    expect(stderr).to.include('Nothing was changed');
  });

  it('a read-only file, for a user who may not change that', async function () {
    const project = await makeProject(sqlite, fiveTables());
    await project.migrator().up();
    await closeAll();
    const folder = join(fileOf(project), '..');
    chmodSync(fileOf(project), 0o444);
    chmodSync(folder, 0o555);
    const isRoot = process.getuid?.() === 0;
    // Root may write all the same: the command runs as nobody, when nobody may enter the checkout.
    const as = isRoot ? { uid: 65534, gid: 65534 } : {};
    const cli = join(process.cwd(), 'dist/bin/knex-meta.js');
    if (isRoot) {
      chmodSync(project.folder, 0o755);
      if (
        spawnSync(process.execPath, ['-e', `require('node:fs').readFileSync(${JSON.stringify(cli)})`], as)
          .status !== 0
      ) {
        this.skip();
      }
    }
    const { status, stderr } = spawnSync(process.execPath, [cli, 'migrate:latest'], {
      ...as,
      cwd: project.folder,
      encoding: 'utf8',
    });
    chmodSync(folder, 0o755);
    expect([status, /^Error DATABASE_NOT_WRITABLE: /m.test(stderr)], stderr).to.deep.equal([1, true]);
    expect((await stateOf(project.open())).record).to.deep.equal(['a']);
  });

  it('a full database (max_page_count): the run is undone, and the next one goes on', async () => {
    const fill =
      "await k.raw('create table big as with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) select i, hex(randomblob(50)) as x from n');";
    const project = await makeProject(sqlite, { ...fiveTables(), '3_c.cjs': creates('c', fill) });
    const db = project.open();
    await createMigrator(db).up();
    await db.raw('pragma max_page_count = 60');
    const error = await refused(createMigrator(db).latest());
    expect([error.code, /3_c\.cjs failed \(up\): .*full/.test(error.message)], error.message).to.deep.equal([
      'DATABASE_NOT_WRITABLE',
      true,
    ]);
    expect(error.remedy).to.include('of this migration nothing is left');
    expect(await stateOf(db)).to.deep.equal({ tables: ['a'], record: ['a'], locks: [0] });
    await db.raw('pragma max_page_count = 100000');
    await createMigrator(db).latest();
    expect((await stateOf(db)).record).to.deep.equal(ALL);
  });

  it('a full disk (a small tmpfs): says so, and the database is whole', async function () {
    const disk = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      // Only root may mount, and not in every container.
      this.skip();
    }
    try {
      const fill =
        "await k.raw('create table big as with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i, hex(randomblob(50)) as x from n');";
      const filename = join(disk, 'small.sqlite3');
      const project = await makeProject(
        {
          name: 'sqlite',
          fresh: async () => ({
            url: '',
            config: { client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true },
          }),
        },
        { ...fiveTables(), '3_c.cjs': creates('c', fill) },
      );
      expect((await run(project, 'migrate:up')).code).to.equal(0);
      const { code, stderr } = await run(project, 'migrate:latest');
      expect([code, /^Error DATABASE_NOT_WRITABLE: .*(full|I\/O)/.test(stderr)], stderr).to.deep.equal([
        1,
        true,
      ]);
      const db = project.open();
      expect(await db.raw('pragma integrity_check')).to.deep.equal([{ integrity_check: 'ok' }]);
      expect(await stateOf(db)).to.deep.equal({ tables: ['a'], record: ['a'], locks: [0] });
      writeFileSync(join(disk, 'rest'), Buffer.alloc(1));
      for (let size = 1; size < 400; size += 1) {
        try {
          writeFileSync(join(disk, 'rest'), Buffer.alloc(size * 1024));
        } catch {
          break;
        }
      }
      const none = await run(project, 'migrate:latest');
      expect([none.code, /^Error DATABASE_NOT_WRITABLE/.test(none.stderr)], none.stderr).to.deep.equal([
        1,
        true,
      ]);
      rmSync(join(disk, 'rest'));
      project.write(fiveTables());
      expect((await run(project, 'migrate:latest')).code).to.equal(0);
      await closeAll();
    } finally {
      await closeAll();
      execFileSync('umount', ['-l', disk]);
    }
  });

  it('in memory, and for a path through a symbolic link', async () => {
    const memory = await makeProject(
      {
        name: 'sqlite',
        fresh: async () => ({
          url: '',
          config: {
            client: 'better-sqlite3',
            connection: { filename: ':memory:' },
            useNullAsDefault: true,
            pool: { min: 1, max: 1, idleTimeoutMillis: 3_600_000 },
          },
        }),
      },
      fiveTables(),
    );
    const db = memory.open();
    await createMigrator(db).latest();
    expect(await stateOf(db)).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
    expect(existsSync(':memory:-knex-meta.lock')).to.equal(false);
    mkdirSync(join(memory.folder, 'x'));
    expect((await knexMeta(['migrate:list'], memory.folder)).code).to.equal(0);
  });
});
