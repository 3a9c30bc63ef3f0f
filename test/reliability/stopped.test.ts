import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { KNEX_META, ROOT } from '../support/commandLine.js';
import { testEngines } from '../support/databases.js';
import { closeAll, makeProject, type TestProject } from './support.js';

const sqlite = testEngines.find(({ name }) => name === 'sqlite') as (typeof testEngines)[number];
const STOP = join(ROOT, 'test/support/stopAtLock.cjs');
const FILES = ['1_a', '2_b', '3_c', '4_d'];

/** A migration of data without a transaction: it does its harm when it runs twice. With SLOW it waits until it is let go. */
const adds = (name: string): string => `exports.config = { transaction: false };
const fs = require('node:fs');
const log = (what) => { fs.appendFileSync('log', what + ' ${name}\\n'); fs.writeSync(1, what + ' ${name}\\n'); };
exports.up = async (k) => {
  log('enter');
  while (process.env.SLOW && !fs.existsSync('go')) await new Promise((done) => setTimeout(done, 5));
  await k('account').increment('balance', 100);
  log('leave');
};
exports.down = async () => {};
`;

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  /** Ends when it has said this, or has ended. */
  readonly until: (what: RegExp) => Promise<void>;
  readonly ended: Promise<number | null>;
}

function start(project: TestProject, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, [KNEX_META, ...args], {
    cwd: project.folder,
    env: { ...process.env, NODE_OPTIONS: undefined, NO_COLOR: '1', ...env },
  });
  let text = '';
  const listeners = new Set<() => void>();
  const ended = new Promise<number | null>((done) => child.once('close', done));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk;
      for (const listener of listeners) listener();
    });
  }
  const until = async (what: RegExp): Promise<void> => {
    await Promise.race([
      ended,
      new Promise<void>((done) => {
        const look = (): void => {
          if (what.test(text)) done();
        };
        listeners.add(look);
        look();
      }),
    ]);
  };
  return { child, text: () => text, until, ended };
}

async function newProject(): Promise<TestProject> {
  const project = await makeProject(
    sqlite,
    Object.fromEntries(FILES.map((name) => [`${name}.cjs`, adds(name)])),
  );
  const db = project.open();
  await db.schema.raw('create table account (balance integer)');
  await db('account').insert({ balance: 0 });
  return project;
}

/** Whether the process is stopped: what it has said comes a moment before that. */
function isStopped(pid: number | undefined): boolean {
  return /^T/i.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim());
}

const logOf = (project: TestProject): readonly string[] => {
  const file = join(project.folder, 'log');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

/** What ran one after the other, each once. */
const IN_TURN = FILES.flatMap((name) => [`enter ${name}`, `leave ${name}`]);

describe('SQLite: a process that is stopped at each step of taking and freeing the lock', function () {
  this.timeout(300_000);
  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  afterEach(closeAll);

  it('nobody else is let in: a run before it, one in its middle, and then it goes on', async () => {
    const steps: string[] = [];
    for (let at = 1; ; at += 1) {
      const project = await newProject();
      const stopped = start(project, ['migrate:latest'], {
        NODE_OPTIONS: `--require ${STOP}`,
        STOP_AT: String(at),
      });
      await stopped.until(/^stopped .*$/m);
      const step = /^stopped (.*)$/m.exec(stopped.text())?.[1];
      if (step === undefined) {
        // It has ended: the last step is behind it.
        expect(await stopped.ended, stopped.text()).to.equal(0);
        break;
      }
      while (stopped.child.exitCode === null && !isStopped(stopped.child.pid)) {
        await new Promise((done) => setTimeout(done, 5));
      }
      steps.push(step);
      // One that comes and goes, unless the stopped one has the lock.
      const first = start(project, ['migrate:up']);
      await first.until(/^Waiting for /m);
      // One that is in the middle of its migration, if it was let in.
      const second = start(project, ['migrate:up'], { SLOW: '1' });
      await second.until(/^(Waiting for |enter )/m);
      stopped.child.kill('SIGCONT');
      await stopped.until(/^(Waiting for |enter )/m);
      writeFileSync(join(project.folder, 'go'), '');
      const codes = await Promise.all([stopped.ended, first.ended, second.ended]);
      const said = [stopped, first, second].map(({ text }) => text()).join('\n');
      const db = project.open();
      const [row] = await db('account').select('balance');
      expect({ codes, log: logOf(project), balance: row.balance }, `${step}\n${said}`).to.deep.equal({
        codes: [0, 0, 0],
        log: IN_TURN,
        balance: 400,
      });
      expect(await db('knex_migrations_lock').pluck('is_locked'), step).to.deep.equal([0]);
      await closeAll();
    }
    expect(steps).to.include.members(['before open', 'after open', 'after begin exclusive', 'before close']);
    expect(steps.length).to.be.greaterThan(12);
  });

  it('somebody deletes the lock file: who has opened the old one is not let in beside the holder of the new one', async () => {
    const project = await newProject();
    const lockFile = `${(project.database.config.connection as { filename: string }).filename}-knex-meta.lock`;
    expect(await start(project, ['migrate:up']).ended).to.equal(0);
    expect(statSync(lockFile).size).to.be.greaterThan(0);
    const stopped = start(project, ['migrate:latest'], { NODE_OPTIONS: `--require ${STOP}`, STOP_AT: '2' });
    await stopped.until(/^stopped after open$/m);
    rmSync(lockFile);
    const second = start(project, ['migrate:up'], { SLOW: '1' });
    await second.until(/^(Waiting for |enter )/m);
    while (!isStopped(stopped.child.pid)) await new Promise((done) => setTimeout(done, 5));
    stopped.child.kill('SIGCONT');
    await stopped.until(/^(Waiting for |enter )/m);
    writeFileSync(join(project.folder, 'go'), '');
    const codes = await Promise.all([stopped.ended, second.ended]);
    expect({ codes, log: logOf(project) }, stopped.text()).to.deep.equal({ codes: [0, 0], log: IN_TURN });
  });

  it('somebody deletes the lock file in the middle of a run: no migration runs twice', async () => {
    const project = await newProject();
    const lockFile = `${(project.database.config.connection as { filename: string }).filename}-knex-meta.lock`;
    const first = start(project, ['migrate:latest'], { SLOW: '1' });
    await first.until(/^enter 1_a$/m);
    rmSync(lockFile);
    const second = start(project, ['migrate:latest']);
    expect([await second.ended, second.text()]).to.satisfy(
      ([code, text]: [number, string]) => code === 1 && text.includes('MIGRATION_UNFINISHED'),
    );
    writeFileSync(join(project.folder, 'go'), '');
    expect(await first.ended, first.text()).to.equal(0);
    expect(logOf(project)).to.deep.equal(IN_TURN);
  });

  it('killed there, it leaves nothing locked', async () => {
    for (let at = 1; ; at += 1) {
      const project = await newProject();
      const killed = start(project, ['migrate:latest'], {
        NODE_OPTIONS: `--require ${STOP}`,
        STOP_AT: String(at),
        STOP_SIGNAL: 'SIGKILL',
      });
      const code = await killed.ended;
      const step = /^stopped (.*)$/m.exec(killed.text())?.[1];
      const next = start(project, ['migrate:latest']);
      expect([await next.ended, /Waiting/.test(next.text())], `${step}\n${next.text()}`).to.deep.equal([
        0,
        false,
      ]);
      expect(logOf(project), step).to.deep.equal(IN_TURN);
      expect(await project.open()('knex_migrations_lock').pluck('is_locked'), step).to.deep.equal([0]);
      await closeAll();
      if (step === undefined) {
        expect(code, killed.text()).to.equal(0);
        break;
      }
    }
  });
});
