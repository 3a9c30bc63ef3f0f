import type { Knex } from 'knex';
import type { ThrowawayEngine } from '../throwaway.js';

/** A database in memory: its one connection is the database, and stays. */
export function inMemory(config: Knex.Config): Knex.Config {
  return {
    connection: { filename: ':memory:' },
    pool: { ...config.pool, min: 1, max: 1, idleTimeoutMillis: 2 ** 31 - 1 },
  };
}

export const throwaway: ThrowawayEngine = {
  server: undefined,
  create: async (config) => ({ config: inMemory(config), drop: async () => {} }),
};
