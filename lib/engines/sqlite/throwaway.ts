import type { Knex } from 'knex';
import type { ThrowawayEngine } from '../throwaway.js';
import { connectionTo } from './connectionTo.js';

/** A configuration like this one for a database in memory: its functions and settings stay. */
export function inMemory(config: Knex.Config): Knex.Config {
  return {
    useNullAsDefault: true,
    ...config,
    connection: connectionTo(config.connection, ':memory:'),
    // One connection, which is the database, and stays.
    pool: { ...config.pool, min: 1, max: 1, idleTimeoutMillis: 2 ** 31 - 1 },
  } as Knex.Config;
}

/** See `Engine.throwaway`: in memory, so that it goes with the process. */
export const throwaway: ThrowawayEngine = {
  server: undefined,
  make: async ({ config }) => ({
    config: inMemory(config),
    name: 'a database in memory',
    end: async () => {},
  }),
};
