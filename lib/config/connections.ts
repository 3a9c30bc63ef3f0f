import knex, { type Knex } from 'knex';
import type { ClientClass } from '../metadata/knexInternals.js';

/**
 * Opens a Knex instance. All instances that knex-meta makes are made here, and nothing in knex-meta calls the driver
 * itself: so every connection has the settings, the search path and the `pool.afterCreate` that Knex gives it.
 */
export function openKnex(config: Knex.Config): Knex {
  return knex(config);
}

/** Knex's class for a client name, from an instance without a connection: no deep import is needed. */
export function dialectClass(client: string): ClientClass {
  return knex({ client, useNullAsDefault: true }).client.constructor as ClientClass;
}

/** The settings that Knex reads from a URL. */
export function settingsOfUrl(client: string, url: string): Readonly<Record<string, unknown>> {
  const { config } = knex({ client, connection: url, pool: { max: 0 } }).client;
  const { password, ...settings } = config.connection as Readonly<Record<string, unknown>>;
  // Knex hides the password from who copies the settings.
  return { ...settings, password };
}

/** The configuration that makes another Knex instance like this one, its hook included. */
export function configOf(db: Knex): Knex.Config {
  const client = db.client as { readonly config: Knex.Config; readonly constructor: unknown };
  return { ...client.config, client: client.constructor as typeof Knex.Client };
}

/** One connection apart from the pool of its Knex instance. */
export interface SeparateConnection {
  readonly connection: unknown;
  /** Ends the connection. Its transaction must be over. */
  readonly close: () => Promise<void>;
}

interface Acquiring {
  acquireConnection(): Promise<object>;
  releaseConnection(connection: object): Promise<void>;
}

/** Another pool's parts, which would make a second pool of one connection wait or warn. */
type PoolSettings = Record<string, unknown>;

/**
 * Opens one more connection as Knex opens those of the pool: it calls a connection function, gives the search path, and
 * runs `pool.afterCreate`. From a pool that the application made itself (`connectionPool`) it takes one.
 */
export async function openConnection(db: Knex): Promise<SeparateConnection> {
  const config = configOf(db);
  const { version } = db.client as { readonly version?: string };
  const own = openKnex({
    ...config,
    // Known already: Knex asks each new instance's server.
    ...(version === undefined ? {} : { version }),
    ...('connectionPool' in config ? {} : { pool: { ...(config.pool as PoolSettings), min: 0, max: 1 } }),
  });
  const client = own.client as Acquiring;
  try {
    const connection = await client.acquireConnection();
    return {
      connection,
      close: async () => {
        // Knex's name for a connection that no pool may give to somebody else.
        Object.assign(connection, { __knex__disposed: 'It was opened for one use.' });
        await client.releaseConnection(connection);
        await own.destroy();
      },
    };
  } catch (error) {
    await own.destroy();
    throw error;
  }
}
