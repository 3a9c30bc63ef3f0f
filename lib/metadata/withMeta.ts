import type { Knex } from 'knex';
import { dialectClass } from '../config/connections.js';
import { checkConnection } from '../config/database.js';
import { engineForClient, engines } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';
import { HOOKED, hookClient } from './hook.js';
import type { ClientClass } from './knexInternals.js';
import type { KnexMetaConfig } from './options.js';
import { resolveMeta } from './resolve.js';

function isClass(client: unknown): client is ClientClass & { readonly [HOOKED]?: true } {
  return typeof client === 'function';
}

/** A whole knexfile, with a configuration for each environment. */
function environmentsOf(config: object): readonly string[] {
  return Object.entries(config).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && 'client' in value ? [name] : [],
  );
}

function unsupported(client: unknown, config: object): KnexMetaError {
  const environments = environmentsOf(config);
  if (client === undefined && environments.length > 0) {
    return new KnexMetaError(
      'CONFIG_INVALID',
      `The configuration has no \`client\`: it is one for each environment (${environments.join(', ')}).`,
      { remedy: `Give one of them: \`config.${environments[0]}\`.`, details: { environments } },
    );
  }
  const names = engines.map((engine) => `${engine.clients[0]} (${engine.title})`).join(' and ');
  return client === undefined
    ? new KnexMetaError('CONFIG_INVALID', 'The configuration has no `client`.', {
        remedy: `Set \`client\` to one of those that knex-meta supports: ${names}. With \`defineConfig\` the variable DATABASE_URL can name the database in its place.`,
      })
    : new KnexMetaError(
        'CLIENT_UNSUPPORTED',
        `knex-meta has no engine for the client \`${String(client)}\`.`,
        {
          remedy: `It supports ${names}.`,
          details: { client: String(client) },
        },
      );
}

/**
 * Wraps a Knex configuration, so that every table that is created through it gets the metadata columns and the
 * update trigger. The application, stock `npx knex` and `npx knex-meta` may all use the result. A configuration
 * that is wrapped already is returned as it is.
 *
 * @param config - a Knex configuration, with an optional `meta` key
 * @returns a Knex configuration whose `client` is a subclass of the dialect
 * @throws KnexMetaError CLIENT_UNSUPPORTED, CONFIG_INVALID, META_OPTION_UNKNOWN, META_OPTION_INVALID
 *
 * @example
 * import knex from 'knex';
 * import { withMeta } from 'knex-meta';
 *
 * export const db = knex(withMeta({ client: 'pg', connection: process.env.DATABASE_URL }));
 */
export function withMeta<T extends KnexMetaConfig>(config: T): T & Knex.Config {
  const { meta } = config;
  const client: unknown = config.client ?? (config as { dialect?: unknown }).dialect;
  if (isClass(client) && client[HOOKED] === true) return config;
  const resolved = resolveMeta(meta, process.env);
  const dialect = isClass(client) ? (client.prototype as { driverName?: string }).driverName : client;
  const engine = engineForClient(dialect);
  if (engine === undefined) throw unsupported(dialect, config);
  checkConnection(dialect, config.connection, 'The connection');
  const Base = isClass(client) ? client : dialectClass(String(client));
  const Hooked = hookClient(Base, engine.metadata, resolved, client);
  return { ...config, client: Hooked as unknown as typeof Knex.Client };
}

/** A configuration with the client class that `withMeta` wrapped. */
export function withoutHook<T extends KnexMetaConfig>(config: T): T {
  let { client } = config as { client?: unknown };
  while (isClass(client) && client[HOOKED] === true) client = Object.getPrototypeOf(client);
  return { ...config, client };
}
