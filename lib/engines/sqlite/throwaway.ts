import type { Knex } from 'knex';
import type { ThrowawayEngine } from '../throwaway.js';

interface Settings {
  readonly flags?: unknown;
  readonly options?: object;
}

/** A configuration like this one for a database in memory: its functions and settings stay. */
export function inMemory(config: Knex.Config): Knex.Config {
  const { connection } = config;
  // Flags and an option may say that the file is only read, which nothing in memory can be.
  const {
    flags: _ofTheFile,
    options,
    ...settings
  } = (typeof connection === 'object' ? (connection ?? {}) : {}) as Settings;
  return {
    useNullAsDefault: true,
    ...config,
    connection: { ...settings, options: { ...options, readonly: false }, filename: ':memory:' },
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
