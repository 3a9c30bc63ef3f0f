import { existsSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { eachEngine, testEngines } from '../support/databases.js';
import { closeAll, creates, makeProject, run } from './support.js';

/** Takes connections and ends them, as what forwards a container's port does, until the server is there. */
function startForwarder(target: number, ready: number): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (Date.now() < ready) {
      socket.end();
      return;
    }
    const onward = dial(target, '127.0.0.1');
    onward.on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done({ server, port: typeof address === 'object' && address ? address.port : 0 });
    });
  });
}

eachEngine('the command line of the migrator', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('unlock on a database that nothing was migrated in has nothing to free, and makes nothing', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const { code, stderr } = await run(project, 'migrate:unlock');
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(await project.open().schema.hasTable('knex_migrations')).to.equal(false);
  });

  it('plan and history read the file that latest runs, of a pair in two languages', async () => {
    const project = await makeProject(engine, {
      '1_a.js': creates('compiled'),
      '1_a.ts': creates('written'),
    });
    const args = ['--knexfile', 'knexfile.ts'];
    writeFileSync(
      join(project.folder, 'knexfile.ts'),
      `export default ${JSON.stringify({ ...project.database.config, migrations: { directory: project.directory } })};`,
    );
    expect((await run(project, 'migrate:plan', ...args)).stdout).to.include('written');
    expect((await run(project, 'migrate:history', '--verbose', ...args)).stdout).to.include('1_a.ts');
    expect((await run(project, 'migrate:latest', ...args)).code).to.equal(0);
    expect(await project.open().schema.hasTable('written')).to.equal(true);
  });
});

describe('the command line of the migrator, one engine', function () {
  this.timeout(60_000);
  afterEach(closeAll);
  const [sqlite, postgres] = testEngines as [(typeof testEngines)[number], (typeof testEngines)[number]];

  it('--wait waits behind what takes connections for a server that is not there yet', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    const url = new URL(project.database.url);
    const { server, port } = await startForwarder(Number(url.port), Date.now() + 2500);
    url.port = String(port);
    const { code, stderr } = await run(project, 'migrate:latest', '--wait', '20', '--connection', url.href);
    server.close();
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include('Waiting for the database');
  });

  it('--backup onto the database itself, or through a link to it, is refused: it would be none', async () => {
    const project = await makeProject(sqlite, { '1_a.cjs': creates('a') });
    await run(project, 'migrate:latest');
    project.write({ '2_b.cjs': creates('b') });
    const { filename } = project.database.config.connection as { filename: string };
    const { code, stderr } = await run(project, 'migrate:latest', '--backup', filename);
    expect([code, /is the database itself/.test(stderr)]).to.deep.equal([1, true]);
    expect(await project.open().schema.hasTable('b')).to.equal(false);
  });

  it('a backup that failed leaves no file that looks like one', async () => {
    const project = await makeProject(postgres, { '1_a.cjs': creates('a') });
    const program = join(project.folder, 'pg_dump');
    writeFileSync(program, '#!/bin/sh\nfor last; do :; done\necho half > "$last"\nexit 1\n', { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = `${project.folder}:${path}`;
    const { code } = await run(project, 'migrate:latest', '--backup', 'x.dump');
    process.env.PATH = path;
    expect([code, existsSync(join(project.folder, 'x.dump'))]).to.deep.equal([1, false]);
  });
});
