import { relative } from 'node:path';
import { closest } from 'fastest-levenshtein';
import type { Knex } from 'knex';
import { configFromUrl, engineForClient } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { checkConnection, databaseFromEnvironment, databaseFromUrl } from './database.js';

/** The flags of the command line that change the configuration. */
export interface ConfigFlags {
  readonly client?: string | undefined;
  readonly connection?: string | undefined;
  readonly migrationsDirectory?: string | undefined;
  readonly migrationsTableName?: string | undefined;
  readonly debug?: boolean | undefined;
}

type Loose = Record<string, unknown>;

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys that an environment of a knexfile has, and a map of environments has not. */
const OWN_KEYS = [
  'client',
  'dialect',
  'connection',
  'migrations',
  'pool',
  'seeds',
  'meta',
  'searchPath',
  'version',
];

/**
 * The configuration of one environment: the key of that name, or the whole where it is one flat configuration.
 *
 * @throws KnexMetaError ENVIRONMENT_UNKNOWN
 */
function chooseEnvironment(
  config: Readonly<Loose>,
  environment: string,
  knexfile: string | undefined,
): { readonly config: Loose; readonly isNamed: boolean } {
  // A name such as `constructor` is no environment because every object has it.
  const own =
    environment in Object.prototype && !Object.hasOwn(config, environment) ? undefined : config[environment];
  if (isObject(own)) return { config: own, isNamed: true };
  const names = Object.keys(config).filter((key) => isObject(config[key]));
  if (OWN_KEYS.some((key) => key in config) || names.length === 0) return { config, isNamed: false };
  const file = knexfile === undefined ? 'The knexfile' : relative('', knexfile);
  throw new KnexMetaError('ENVIRONMENT_UNKNOWN', `${file} has no environment \`${environment}\`.`, {
    remedy: `It has ${names.join(', ')}. Did you mean \`--env ${closest(environment, names)}\`? ENVIRONMENT or NODE_ENV in the environment choose one too.`,
    details: { environment, environments: names },
  });
}

function withFlags(config: Loose, flags: ConfigFlags): Loose {
  const fromUrl = flags.connection !== undefined && /^[a-z][\w+.-]*:/i.test(flags.connection);
  const database = fromUrl ? configFromUrl(flags.connection ?? '') : undefined;
  if (database !== undefined) checkConnection(database.client, database.connection, '--connection');
  const connection = flags.connection === undefined ? {} : { connection: flags.connection };
  const migrations = {
    ...(flags.migrationsDirectory === undefined ? {} : { directory: flags.migrationsDirectory }),
    ...(flags.migrationsTableName === undefined ? {} : { tableName: flags.migrationsTableName }),
  };
  return {
    ...config,
    ...connection,
    ...database,
    ...(flags.client === undefined ? {} : { client: flags.client }),
    ...(flags.debug ? { debug: true } : {}),
    ...(Object.keys(migrations).length > 0
      ? { migrations: { ...(config.migrations as object), ...migrations } }
      : {}),
  };
}

function withDatabase(config: Loose, variables: NodeJS.ProcessEnv): Loose {
  if (config.connection !== undefined || config.connectionPool !== undefined) {
    // A bare URL is enough to know the client.
    const isUrl =
      typeof config.connection === 'string' && config.client === undefined && config.dialect === undefined;
    return isUrl ? { ...config, ...databaseFromUrl(String(config.connection), 'connection') } : config;
  }
  if (config.client !== undefined) return config;
  return { ...config, ...databaseFromEnvironment(variables, undefined) };
}

/** The name of the client, also where the configuration has a class. */
export function clientNameOf(config: { client?: unknown; dialect?: unknown }): unknown {
  const client = config.client ?? config.dialect;
  return typeof client === 'function' ? (client.prototype as { driverName?: string }).driverName : client;
}

function checkUrlFits(config: Loose): void {
  if (typeof config.connection !== 'string') return;
  const byUrl = configFromUrl(config.connection);
  const wanted = engineForClient(clientNameOf(config));
  const found = byUrl && engineForClient(byUrl.client);
  if (wanted === undefined || found === undefined || wanted === found) return;
  throw new KnexMetaError(
    'CONFIG_INVALID',
    `The client is \`${String(clientNameOf(config))}\` (${wanted.title}), and the connection is a URL of ${found.title}.`,
    { remedy: `Set \`client: '${byUrl?.client}'\`, or leave it out: the URL says it.` },
  );
}

/**
 * The configuration that a command works with: one environment's, with the flags over it, the database where it
 * names none, and the engine's defaults.
 *
 * @throws KnexMetaError ENVIRONMENT_UNKNOWN, CONFIG_INVALID, CONFIG_NOT_FOUND
 */
export function resolveConfig(
  loaded: Readonly<Loose>,
  environment: string,
  knexfile: string | undefined,
  flags: ConfigFlags,
): { readonly config: KnexMetaConfig; readonly isNamed: boolean } {
  const chosen = chooseEnvironment(loaded, environment, knexfile);
  const config = withDatabase(withFlags(chosen.config, flags), process.env);
  if (clientNameOf(config) === undefined && knexfile === undefined) {
    throw new KnexMetaError('CONFIG_NOT_FOUND', 'There is no knexfile here, and no database was named.', {
      remedy: 'Make one with `npx knex-meta init`, or set DATABASE_URL, or pass --client and --connection.',
    });
  }
  checkUrlFits(config);
  checkConnection(clientNameOf(config), config.connection, 'The connection');
  const defaults: Partial<Knex.Config> = engineForClient(clientNameOf(config))?.defaults ?? {};
  return { config: { ...defaults, ...config } as KnexMetaConfig, isNamed: chosen.isNamed };
}
