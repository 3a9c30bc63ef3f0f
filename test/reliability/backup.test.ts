import { spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex from 'knex';
import { KNEX_META } from '../support/commandLine.js';
import { testEngines } from '../support/databases.js';
import { closeAll, creates, makeProject, run, stateOf, type TestProject } from './support.js';

const sqlite = testEngines.find(({ name }) => name === 'sqlite') as (typeof testEngines)[number];
const postgres = testEngines.find(({ name }) => name === 'postgresql') as (typeof testEngines)[number];

const unfinishedIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.includes('unfinished'));

/** A pg_dump that writes half and waits, or writes all. */
function fakeDump(project: TestProject, rest: string): void {
  const text = `#!/bin/sh\nfor last; do :; done\necho half > "$last"\n${rest}\n`;
  writeFileSync(join(project.folder, 'pg_dump'), text, { mode: 0o755 });
}

describe('a backup', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const mode of [0o600, 0o640, 0o644]) {
    it(`of SQLite has the mode of the database (${mode.toString(8)})`, async () => {
      const project = await makeProject(sqlite, { '1_a.cjs': creates('a') });
      await project.open().schema.raw('create table t (x)');
      const { filename } = project.database.config.connection as { filename: string };
      chmodSync(filename, mode);
      const { code, stderr } = await run(project, 'migrate:latest', '--backup', 'copy.sqlite3');
      expect(code, stderr).to.equal(0);
      expect(statSync(join(project.folder, 'copy.sqlite3')).mode & 0o777).to.equal(mode);
      expect(statSync(`${filename}-knex-meta.lock`).mode & 0o777).to.equal(mode);
      expect(unfinishedIn(project.folder)).to.deep.equal([]);
    });
  }

  it('of PostgreSQL is for its owner alone', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    fakeDump(project, 'exit 0');
    const path = process.env.PATH;
    process.env.PATH = `${project.folder}:${path}`;
    const { code, stderr } = await run(project, 'migrate:latest', '--backup', 'copy.dump');
    process.env.PATH = path;
    expect(code, stderr).to.equal(0);
    expect(statSync(join(project.folder, 'copy.dump')).mode & 0o777).to.equal(0o600);
  });

  for (const engine of testEngines) {
    it(`does not follow a dangling link (${engine.name})`, async () => {
      const project = await makeProject(engine, { '1_a.cjs': creates('a') });
      symlinkSync(join(project.folder, 'elsewhere'), join(project.folder, 'copy'));
      const { code, stderr } = await run(project, 'migrate:latest', '--backup', 'copy');
      expect([code, /^Error BACKUP_FAILED: .*copy exists already/.test(stderr)], stderr).to.deep.equal([
        1,
        true,
      ]);
      expect(existsSync(join(project.folder, 'elsewhere'))).to.equal(false);
      expect(lstatSync(join(project.folder, 'copy')).isSymbolicLink()).to.equal(true);
      expect((await stateOf(project.open())).tables).to.deep.equal([]);
    });

    it(`that is killed does not have its final name, unless it is whole (${engine.name})`, async () => {
      const project = await makeProject(engine, { '1_a.cjs': creates('a') });
      const db = project.open();
      if (engine === sqlite) {
        await db.raw(
          'create table big as with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000) select i, hex(randomblob(250)) as x from n',
        );
      } else fakeDump(project, 'sleep 5');
      const child = spawn(process.execPath, [KNEX_META, 'migrate:latest', '--backup', 'copy'], {
        cwd: project.folder,
        env: { ...process.env, NODE_OPTIONS: undefined, PATH: `${project.folder}:${process.env.PATH}` },
        stdio: 'ignore',
      });
      const ended = new Promise((done) => child.once('close', done));
      while (unfinishedIn(project.folder).length === 0 && child.exitCode === null)
        await new Promise((done) => setTimeout(done, 2));
      child.kill('SIGKILL');
      await ended;
      const copy = join(project.folder, 'copy');
      if (existsSync(copy)) {
        const whole = knex({
          client: 'better-sqlite3',
          connection: { filename: copy },
          useNullAsDefault: true,
        });
        const [row] = await whole('big').count({ n: '*' });
        await whole.destroy();
        expect(row?.n).to.equal(60_000);
      }
    });
  }
});
