import type { KnexMetaConfig } from '../metadata/options.js';
import { databaseFromEnvironment } from './database.js';

/** A configuration whose database may come from `DATABASE_URL`. */
export type DefinedConfig = KnexMetaConfig & {
  /** The database where `DATABASE_URL` is not set, e.g. `'sqlite:./dev.sqlite3'`. */
  readonly databaseUrl?: string;
};

function complete(config: DefinedConfig): KnexMetaConfig {
  const { databaseUrl, ...rest } = config;
  if (rest.client !== undefined || rest.connection !== undefined) return rest;
  return { ...databaseFromEnvironment(process.env, databaseUrl), ...rest };
}

/** Names of a flat configuration's own keys; anything else at the top is an environment. */
const FLAT = ['client', 'connection', 'databaseUrl', 'migrations', 'meta', 'pool', 'seeds', 'searchPath'];

function isFlat(config: object): config is DefinedConfig {
  return Object.keys(config).length === 0 || FLAT.some((key) => key in config);
}

/**
 * Types a knexfile, and takes the database from `DATABASE_URL` where a configuration names none itself: then one
 * variable switches the project from one engine to another.
 *
 * @param config - one configuration, or one for each environment
 * @throws KnexMetaError CONFIG_INVALID for a URL that no engine knows
 *
 * @example
 * import { defineConfig } from 'knex-meta';
 *
 * export default defineConfig({
 *   databaseUrl: 'sqlite:./dev.sqlite3',
 *   migrations: { directory: './migrations' },
 * });
 */
export function defineConfig<T extends DefinedConfig | Readonly<Record<string, DefinedConfig>>>(
  config: T,
): T extends DefinedConfig ? KnexMetaConfig : { readonly [K in keyof T]: KnexMetaConfig } {
  const result = isFlat(config)
    ? complete(config)
    : Object.fromEntries(Object.entries(config).map(([name, one]) => [name, complete(one as DefinedConfig)]));
  return result as never;
}
