import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect } from 'chai';
import { KNEX_META } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { closeAll, creates, fiveTables, makeProject, stateOf, type TestProject } from './support.js';

const ALL = ['a', 'b', 'c', 'd', 'e'];

/** Prints from the migration itself too, and gives the other end time to close. */
const talks = (config: string): Readonly<Record<string, string>> => ({
  ...fiveTables(config),
  '1_a.cjs': creates(
    'a',
    "console.log('out'); console.error('err'); process.stdout.write('x'); await new Promise((done) => setTimeout(done, 100)); console.error('again');",
    config,
  ),
});

type Output = 'closed' | 'full';

/** Runs a command with an output that is closed by its reader, or on a full disk. */
async function run(
  project: TestProject,
  args: readonly string[],
  stdout: Output | 'pipe',
  stderr: Output | 'pipe',
): Promise<number | null> {
  const full = openSync('/dev/full', 'w');
  const stdio = (output: Output | 'pipe') => (output === 'full' ? full : ('pipe' as const));
  const child = spawn(process.execPath, [KNEX_META, ...args], {
    cwd: project.folder,
    env: { ...process.env, NODE_OPTIONS: undefined },
    stdio: ['ignore', stdio(stdout), stdio(stderr)],
  });
  closeSync(full);
  for (const [stream, output] of [
    [child.stdout, stdout],
    [child.stderr, stderr],
  ] as const) {
    if (output === 'closed') stream?.destroy();
    else stream?.resume();
  }
  return new Promise((done) => child.once('close', done));
}

eachEngine('a run whose output goes nowhere', function (engine) {
  this.timeout(120_000);
  before(function () {
    if (!existsSync('/dev/full')) this.skip();
  });
  afterEach(closeAll);

  for (const config of ['', 'exports.config = { transaction: false };']) {
    const where = config === '' ? 'in a transaction' : 'without a transaction';
    for (const [stdout, stderr, code] of [
      ['closed', 'pipe', 0],
      ['pipe', 'closed', 0],
      ['closed', 'closed', 0],
      ['full', 'pipe', 1],
      ['pipe', 'full', 1],
      ['full', 'full', 1],
    ] as const) {
      it(`stdout ${stdout}, stderr ${stderr}, ${where}: it ends as it would, with its record`, async () => {
        const project = await makeProject(engine, talks(config));
        expect(await run(project, ['migrate:latest', '--verbose'], stdout, stderr)).to.equal(code);
        const state = await stateOf(project.open());
        expect(state).to.deep.equal({ tables: ALL, record: ALL, locks: [0] });
        expect((await project.migrator().status()).unfinished).to.deep.equal([]);
        expect(await run(project, ['migrate:rollback', '--json'], stdout, stderr)).to.be.oneOf([0, code]);
        expect((await stateOf(project.open())).tables).to.deep.equal([]);
      });
    }
  }
});
