import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
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
});
