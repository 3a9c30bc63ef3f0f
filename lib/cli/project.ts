import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, extname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { openKnex } from '../config/connections.js';
import { checkDriver } from '../config/driver.js';
import { readEnvironment } from '../config/environment.js';
import { findKnexfile, loadKnexfile } from '../config/knexfile.js';
import { type ConfigFlags, clientNameOf, resolveConfig } from '../config/resolveConfig.js';
import { secretsOf, secretsOfVariables } from '../config/secrets.js';
import { unusedChoices } from '../config/unusedChoices.js';
import type { Engine } from '../engines/contract.js';
import { engineForClient, refuseClass } from '../engines/registry.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { withMeta } from '../metadata/withMeta.js';
import type { Output } from './output.js';

/** The flags that every command has. */
export interface CommonFlags extends ConfigFlags {
  readonly cwd?: string | undefined;
  readonly knexfile?: string | undefined;
  readonly env?: string | undefined;
}

/** A project as its knexfile, its environment and the flags describe it. */
export interface Project {
  readonly knexfile: string | undefined;
  readonly environment: string;
  readonly config: KnexMetaConfig;
  /** The extension of the knexfile: what new files get when nothing else says. */
  readonly extension: string;
}

/** Finds and reads the project. Changes the working directory as Knex does. */
export async function openProject(flags: CommonFlags, output: Output): Promise<Project> {
  if (flags.cwd !== undefined) changeDirectory(flags.cwd);
  const { knexfile, folder } = findKnexfile(process.cwd(), flags.knexfile);
  if (folder !== process.cwd()) {
    process.chdir(folder);
    output.preamble(`Working directory changed to ${folder.replace(homedir(), '~')}`);
  }
  const environment = readEnvironment(
    knexfile === undefined ? folder : resolve(knexfile, '..'),
    flags.env,
    process.env,
  );
  output.hide(secretsOfVariables(process.env));
  const loaded = knexfile === undefined ? {} : await loadKnexfile(knexfile);
  const { config, isNamed } = resolveConfig(loaded, environment, knexfile, flags);
  output.hide(secretsOf(config));
  const { env, connection: flag } = flags;
  const databaseUrl = process.env.DATABASE_URL;
  for (const warning of unusedChoices({
    environment: env,
    isNamed,
    knexfile,
    folder,
    flag,
    config,
    databaseUrl,
  }))
    output.warn(warning);
  if (isNamed) output.preamble(`Using environment: ${output.style('cyan', environment)}`);
  const extension =
    config.migrations?.extension ?? (knexfile === undefined ? 'js' : extname(knexfile).slice(1));
  return { knexfile, environment, config, extension };
}

/** For --cwd. Throws USAGE when there is no such folder. */
export function changeDirectory(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    throw new KnexMetaError('USAGE', `There is no folder ${folder}.`, {
      remedy: 'Check the path after --cwd.',
      cause: error,
    });
  }
}

/** Knex's own messages, as ours: it logs what it then also throws. */
function logOf(output: Output) {
  return {
    warn: (message: unknown) => {
      const text = String(message);
      const isThrownToo =
        /^(Acquire connection error|migration file "|migration failed with error|Can't take lock|If you are sure migrations)/;
      if (!isThrownToo.test(text)) output.warn(text);
    },
    error: (message: unknown) => {
      if (output.isVerbose) output.note(String(message));
    },
    debug: (message: unknown) => output.note(typeof message === 'string' ? message : JSON.stringify(message)),
    deprecate: () => {},
  };
}

/** The engine of a project. Throws CLIENT_UNSUPPORTED, DRIVER_MISSING, DRIVER_BROKEN. */
export function engineOf(config: KnexMetaConfig): Engine {
  const client = clientNameOf(config);
  const engine = engineForClient(client);
  // Without an engine withMeta says which there are.
  if (engine === undefined) withMeta(config);
  refuseClass(engine as Engine, config.client);
  checkDriver(engine as Engine, String(client));
  return engine as Engine;
}

/** The file of the project's database. */
function fileOf(config: KnexMetaConfig): string | undefined {
  const { connection } = config;
  return engineOf(config).databaseFile({ client: clientNameOf(config), connection });
}

const isUri = (file: string): boolean => /^file:/i.test(file);

/** Throws CONFIG_INVALID when the folder of a database file does not exist: no driver creates that. */
function requireFolder(file: string | undefined): void {
  if (file === undefined || existsSync(dirname(file))) return;
  throw new KnexMetaError('CONFIG_INVALID', `There is no folder ${dirname(file)} for the database.`, {
    remedy: `${isUri(file) ? 'The driver takes a `file:` URI for the name of a file: write the path. ' : 'Create it, or correct the path in the knexfile: a relative path starts from the working directory. '}Nothing was changed.`,
    details: { file },
  });
}

/** The file of the project's database where it does not exist, for those who tell that. Throws CONFIG_INVALID for a URI. */
export function absentFile(config: KnexMetaConfig): string | undefined {
  const file = fileOf(config);
  if (file === undefined || existsSync(file)) return undefined;
  if (isUri(file)) requireFolder(file);
  return file;
}

/** The file of the project's database where there is one that does not exist yet. Throws CONFIG_INVALID without its folder. */
export function missingFile(config: KnexMetaConfig): string | undefined {
  const file = absentFile(config);
  requireFolder(file);
  return file;
}

const POLL_MS = 250;

/** One connection from the pool and back, again for as long as the server is starting. */
async function tryConnection(db: Knex, engine: Engine, wait: number, output: Output): Promise<void> {
  const client = db.client as {
    acquireConnection(): Promise<unknown>;
    releaseConnection(c: unknown): Promise<void>;
  };
  const end = performance.now() + wait;
  for (let isFirst = true; ; isFirst = false) {
    try {
      await client.releaseConnection(await client.acquireConnection());
      return;
    } catch (error) {
      // What forwards a container's port takes a connection, and ends it while the server is not there yet.
      const isStarting = /^(starting|connection-lost)$/.test(engine.migrations.kindOf(error));
      if (!isStarting || performance.now() + POLL_MS > end) throw error;
      if (isFirst) output.note(`Waiting for the database: ${(error as Error).message || 'no answer yet'}`);
      await delay(POLL_MS);
    }
  }
}

/**
 * Connects to the project's database with the hook.
 *
 * @param wait - milliseconds that a database which is still starting is waited for
 * @throws KnexMetaError CONNECTION_FAILED
 */
export async function connect({ config, extension }: Project, output: Output, wait = 0): Promise<Knex> {
  const engine = engineOf(config);
  requireFolder(fileOf(config));
  const migrations = { ...config.migrations, extension };
  const db = openKnex(withMeta({ ...config, migrations, log: config.log ?? logOf(output) }));
  if (output.isVerbose) db.on('query', ({ sql }: { sql: string }) => output.note(sql, 'dim'));
  try {
    await tryConnection(db, engine, wait, output);
    return db;
  } catch (error) {
    await disconnect(db);
    throw isKnexMetaError(error) ? error : connectionFailed(error, config);
  }
}

/** Longer than a healthy pool needs; one with a transaction that was never ended would wait for ever. */
const CLOSING_MS = 3000;

/** Ends the connections, as far as they can be ended. */
export async function disconnect(db: Knex): Promise<void> {
  const closed = new AbortController();
  const enough = delay(CLOSING_MS, undefined, { signal: closed.signal }).catch(() => {});
  await Promise.race([db.destroy(), enough]);
  closed.abort();
}

/** The driver is there and its binary part is not, or is another Node's. */
const BROKEN_BINARY = /NODE_MODULE_VERSION|Could not locate the bindings file|ERR_DLOPEN_FAILED/;

function connectionFailed(error: unknown, config: KnexMetaConfig): KnexMetaError {
  const { code, name, message, errors } = error as {
    readonly code?: string;
    readonly name?: string;
    readonly message?: string;
    readonly errors?: readonly Error[];
  };
  const text = message || errors?.[0]?.message || String(error);
  if (BROKEN_BINARY.test(`${code} ${text}`)) {
    const client = String(clientNameOf(config));
    const driver = engineForClient(client)?.driverOf(client) ?? client;
    return new KnexMetaError(
      'DRIVER_BROKEN',
      `The driver \`${driver}\` has no binary part for this Node (${process.version}).`,
      { remedy: `npm rebuild ${driver}`, details: { driver, node: process.version }, cause: error },
    );
  }
  if (name === 'KnexTimeoutError') {
    return new KnexMetaError(
      'CONNECTION_FAILED',
      'The database could not be reached: it gave no answer in time.',
      {
        remedy:
          'Do host and port in the connection name it, and does a firewall let it answer? `acquireConnectionTimeout` in the knexfile is the time to wait. Nothing was changed.',
        details: { cause: name },
        cause: error,
      },
    );
  }
  if (config.connection === undefined && !('connectionPool' in config)) {
    return new KnexMetaError('CONNECTION_FAILED', 'The configuration has no connection.', {
      remedy:
        'Is the variable set that the knexfile reads it from? `DATABASE_URL` is taken where it names neither client nor connection. Nothing was changed.',
      cause: error,
    });
  }
  const isRefused = code === 'ECONNREFUSED';
  return new KnexMetaError('CONNECTION_FAILED', `The database could not be reached: ${text}`, {
    remedy: isRefused
      ? 'Is it running, and do host and port in the connection name it? Nothing was changed.'
      : 'Check the connection in the knexfile or DATABASE_URL. Nothing was changed.',
    details: code === undefined ? {} : { cause: code },
    cause: error,
  });
}
