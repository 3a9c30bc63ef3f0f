import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { validate } from 'dockerfile-utils';
import knex from 'knex';
import { parse } from 'yaml';
import { knexMeta, ROOT, runProgram } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';
import { type OwnServer, startServer } from '../support/postgres.js';

const EXAMPLE = join(ROOT, 'examples/container');
const read = (file: string): string => readFileSync(join(EXAMPLE, file), 'utf8');

/** The image's /app, as the Dockerfile fills it. */
function makeApp(): string {
  const folder = temporaryFolder();
  cpSync(EXAMPLE, folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')).filter((each) => !each.startsWith('.')))
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  symlinkSync(ROOT, join(modules, 'knex-meta'));
  symlinkSync(join(ROOT, 'dist/bin/knex-meta.js'), join(modules, '.bin/knex-meta'));
  return folder;
}

interface Container {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Until it has said this; an error when it ends without. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<number | null>;
}

const [entry = ''] = /^ENTRYPOINT (.*)$/m.exec(read('Dockerfile'))?.slice(1) ?? [];
const [command = ''] = /^CMD (.*)$/m.exec(read('Dockerfile'))?.slice(1) ?? [];

describe('the example of a container', () => {
  let own: OwnServer;
  let folder: string;
  let url: string;
  let containers: Container[] = [];
  let counter = 0;

  before(async () => {
    own = await startServer(false);
  });
  after(() => own.stop());

  beforeEach(async () => {
    counter += 1;
    const admin = knex({ client: 'pg', connection: own.server.url('postgres') });
    await admin.raw(`create database app_${counter}`);
    await admin.destroy();
    url = own.server.url(`app_${counter}`);
    folder = makeApp();
  });
  afterEach(async () => {
    for (const container of containers) end(container);
    await Promise.all(containers.map(({ ended }) => ended));
    containers = [];
  });

  /** What `docker kill` does. */
  function end({ child }: Container): void {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  /** Runs ENTRYPOINT and CMD of the Dockerfile, as Docker does. */
  function start(environment: NodeJS.ProcessEnv = {}): Container {
    const [program = '', ...args] = [...JSON.parse(entry), ...JSON.parse(command)] as readonly string[];
    const child = spawn(program, args, {
      cwd: folder,
      env: {
        ...process.env,
        DATABASE_URL: url,
        PORT: '0',
        NODE_ENV: 'production',
        ENVIRONMENT: undefined,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, as a container is: `end` ends all of it.
      detached: true,
    });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const says = (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output);
          if (found !== null) resolve(found);
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        look();
        ended.then((code) =>
          reject(new Error(`It ended with ${code} and did not say ${pattern}:\n${output}`)),
        );
      });
    const container = { child, output: () => output, says, ended };
    containers.push(container);
    return container;
  }

  async function journal(): Promise<readonly string[]> {
    const db = knex({ client: 'pg', connection: url });
    try {
      return await db('knex_migrations_journal').where({ direction: 'up', state: 'done' }).pluck('name');
    } finally {
      await db.destroy();
    }
  }

  const healthcheck = (port: number) =>
    runProgram(process.execPath, ['healthcheck.js'], folder, { PORT: String(port) });

  it('six at once: one migrates, all start, are healthy and stop when they are told', async () => {
    const all = Array.from({ length: 6 }, () => start());
    const ports = await Promise.all(
      all.map(async ({ says }) => Number((await says(/listening on (\d+)/))[1])),
    );
    expect(await journal()).to.deep.equal(['20250101120000_create_visits.js']);
    const [first = 0] = ports;
    expect((await healthcheck(first)).code).to.equal(0);
    expect((await healthcheck(1)).code).to.equal(1);
    expect((await fetch(`http://127.0.0.1:${first}/page`)).status).to.equal(200);
    for (const { child } of all) child.kill('SIGTERM');
    expect(await Promise.all(all.map(({ ended }) => ended))).to.deep.equal(all.map(() => 0));
    expect((await healthcheck(first)).code).to.equal(1);
  });

  it('one is killed while it migrates: another one begins again, and all others start', async () => {
    writeFileSync(
      join(folder, 'migrations/20250102120000_second.js'),
      `import { existsSync } from 'node:fs';
export const up = async (knex) => {
  await knex.schema.createTable('second', () => {});
  console.log('in it');
  if (!existsSync('go')) await new Promise((done) => setTimeout(done, 600000));
};
export const down = () => {};
`,
    );
    const all = Array.from({ length: 5 }, () => start());
    const victim = await Promise.race(all.map((each) => each.says(/in it/).then(() => each)));
    writeFileSync(join(folder, 'go'), '');
    end(victim);
    const others = all.filter((each) => each !== victim);
    await Promise.all(others.map(({ says }) => says(/listening on/)));
    expect(others.filter(({ output }) => output().includes('in it'))).to.have.length(1);
    expect(victim.output()).not.to.include('listening');
    expect([...(await journal())].sort()).to.deep.equal([
      '20250101120000_create_visits.js',
      '20250102120000_second.js',
    ]);
  });

  it('a migration that fails stops the start, with its exit code', async () => {
    writeFileSync(
      join(folder, 'migrations/20250102120000_wrong.js'),
      "export const up = (knex) => knex.raw('select nothing from nowhere');\nexport const down = () => {};\n",
    );
    const all = [start(), start()];
    expect(await Promise.all(all.map(({ ended }) => ended))).to.deep.equal([1, 1]);
    for (const { output } of all) {
      expect(output()).to.include('MIGRATION_FAILED').and.to.include('20250102120000_wrong');
      expect(output()).not.to.include('listening');
    }
    const misused = start({ MIGRATE_WAIT: 'soon' });
    expect(await misused.ended, misused.output()).to.equal(2);
  });

  it('a database that comes up late is waited for', async () => {
    await own.kill();
    const late = start();
    await late.says(/Waiting for the database/);
    expect(late.output()).not.to.include('listening');
    await own.startAgain();
    await late.says(/listening on/);
    expect(await journal()).to.have.length(1);
  });

  it('stopped while it migrates: nothing is left, and the application does not start', async () => {
    writeFileSync(
      join(folder, 'migrations/20250102120000_slow.js'),
      "export const up = (knex) => { console.log('slow'); return knex.raw('select pg_sleep(60)'); };\nexport const down = () => {};\n",
    );
    const stopped = start();
    await stopped.says(/slow/);
    stopped.child.kill('SIGTERM');
    expect(await stopped.ended).not.to.equal(0);
    expect(stopped.output()).not.to.include('listening');
    writeFileSync(
      join(folder, 'migrations/20250102120000_slow.js'),
      'export const up = () => {};\nexport const down = () => {};\n',
    );
    const ran = await knexMeta(['migrate:latest'], folder, { DATABASE_URL: url });
    expect(ran.code, ran.stderr).to.equal(0);
  });

  it('stopped as the migration ends well: the application does not start', async () => {
    const program = join(folder, 'node_modules/.bin/knex-meta');
    rmSync(program);
    const waits =
      "#!/bin/sh\ntrap 'echo told' TERM\necho there\nwhile [ ! -e go ]; do sleep 0.05; echo still; done\nexit 0\n";
    writeFileSync(program, waits, { mode: 0o755 });
    const stopped = start();
    await stopped.says(/there/);
    stopped.child.kill('SIGTERM');
    // A signal ends the shell's wait, and not the migration: it goes on waiting.
    await stopped.says(/told\n(still\n){5}/);
    expect(stopped.child.exitCode).to.equal(null);
    writeFileSync(join(folder, 'go'), '');
    expect(await stopped.ended).to.equal(143);
    expect(stopped.output()).not.to.include('listening');
  });
});

describe('the Dockerfile and the compose file', () => {
  it('the Dockerfile is valid, runs as node, and names files that are there', () => {
    const text = read('Dockerfile');
    expect(validate(text).map(({ message }) => message)).to.deep.equal([]);
    expect(validate(`${text}NONSENSE\n`)).not.to.deep.equal([]);
    expect(text).to.match(/^USER node$/m);
    expect(text.indexOf('USER node')).to.be.lessThan(text.indexOf('ENTRYPOINT'));
    expect(JSON.parse(entry)).to.deep.equal(['./docker-entrypoint.sh']);
    expect(JSON.parse(command)).to.deep.equal(['node', 'server.js']);
    expect(text).to.match(/^HEALTHCHECK .*CMD \["node", "healthcheck\.js"\]$/m);
    const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    );
    const present = readdirSync(EXAMPLE);
    // The lock file is the project's own.
    expect(copied.filter((file) => !present.includes(file))).to.deep.equal(['package-lock.json']);
  });

  it('the entry point listens to signals before it begins', () => {
    const text = read('docker-entrypoint.sh');
    expect(text.indexOf('trap stop')).to.be.within(0, text.indexOf('knex-meta migrate:latest'));
  });

  it('the compose file starts several against one database, with no password in it', () => {
    const { services } = parse(read('compose.yaml'));
    expect(services.app.deploy.replicas).to.be.greaterThan(1);
    expect(services.app.environment.DATABASE_URL)
      .to.include('@database/')
      .and.to.match(/\$\{POSTGRES_PASSWORD\}/);
    expect(services.app.init).to.equal(true);
    expect(services.app.depends_on).to.deep.equal(['database']);
    expect(services.database.healthcheck.test).to.include('pg_isready -U app');
  });
});
