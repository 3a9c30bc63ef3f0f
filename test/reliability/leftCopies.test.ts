import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { KNEX_META } from '../support/commandLine.js';
import { temporaryFolder, testEngines } from '../support/databases.js';
import { closeAll, creates, makeProject, type TestProject } from './support.js';

describe('copies of a database', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  /** A plan that stops in the middle, with its copies in a folder of its own. */
  async function stopped(project: TestProject, folder: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [KNEX_META, 'migrate:plan'], {
      cwd: project.folder,
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await new Promise<void>((resolve) => {
      child.stderr?.on('data', (data: Buffer) => {
        if (data.includes('in the middle')) resolve();
      });
    });
    return child;
  }

  const ended = (child: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
  const copies = (folder: string): readonly string[] =>
    readdirSync(folder).filter((name) => name.startsWith('knex-meta-plan-'));

  it('are private, go with Ctrl-C and SIGTERM, and after a kill with the next plan', async () => {
    const [sqlite] = testEngines;
    if (sqlite === undefined) return;
    const project = await makeProject(sqlite, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    project.write({
      '2_b.cjs':
        "exports.up = async () => { console.error('in the middle'); await new Promise((done) => setTimeout(done, 60000)); };\nexports.down = async () => {};",
    });
    const folder = temporaryFolder();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = await stopped(project, folder);
      const [name = ''] = copies(folder);
      expect(statSync(join(folder, name)).mode & 0o777).to.equal(0o700);
      expect(statSync(join(folder, name, 'copy')).mode & 0o777).to.equal(0o600);
      child.kill(signal);
      await ended(child);
      expect(copies(folder), signal).to.deep.equal([]);
    }
    const killed = await stopped(project, folder);
    const [left = ''] = copies(folder);
    killed.kill('SIGKILL');
    await ended(killed);
    expect(existsSync(join(folder, left))).to.equal(true);
    const next = await stopped(project, folder);
    const now = copies(folder);
    expect([now.length, now.includes(left)]).to.deep.equal([1, false]);
    next.kill('SIGINT');
    await ended(next);
  });

  it('temporary databases of PostgreSQL are like the configured one, go with a signal, and after a kill with the next plan', async () => {
    const engine = testEngines.find(({ name }) => name === 'postgresql');
    if (engine === undefined) return;
    const project = await makeProject(engine, {
      '1_b.cjs':
        "exports.up = async (k) => { const { rows: [d] } = await k.raw('select datname, encoding, datcollate, datctype from pg_database where datname = current_database()'); console.error('in the middle ' + JSON.stringify(d)); await new Promise((done) => setTimeout(done, 60000)); };\nexports.down = async () => {};",
    });
    const client = new pg.Client(project.database.url);
    await client.connect();
    const of = async (name: string) =>
      (
        await client.query(
          'select datname, encoding, datcollate, datctype from pg_database where datname = $1',
          [name],
        )
      ).rows;
    const [own] = await of(new URL(project.database.url).pathname.slice(1));
    const begin = async () => {
      const child = spawn(process.execPath, [KNEX_META, 'migrate:plan'], {
        cwd: project.folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const made = await new Promise<{ readonly datname: string }>((resolve) => {
        let text = '';
        child.stderr?.on('data', (data: Buffer) => {
          text += data;
          const found = /in the middle (\{.*\})/.exec(text);
          if (found) resolve(JSON.parse(found[1] ?? ''));
        });
      });
      return { child, made };
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { child, made } = await begin();
      expect({ ...made, datname: '' }).to.deep.equal({ ...own, datname: '' });
      child.kill(signal);
      await ended(child);
      expect(await of(made.datname), signal).to.deep.equal([]);
    }
    const killed = await begin();
    killed.child.kill('SIGKILL');
    await ended(killed.child);
    // The server ends the session of a process that is gone when it hears of it.
    const isEmpty = async () =>
      (await client.query('select 1 from pg_stat_activity where datname = $1', [killed.made.datname])).rows
        .length === 0;
    while (!(await isEmpty())) await client.query('select pg_sleep(0.05)');
    const next = await begin();
    expect(await of(killed.made.datname)).to.deep.equal([]);
    next.child.kill('SIGINT');
    await ended(next.child);
    await client.end();
  });
});
