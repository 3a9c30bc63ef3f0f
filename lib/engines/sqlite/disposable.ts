import type { Knex } from 'knex';
import type { Disposable, DisposableRequest } from '../disposable.js';

/** A configuration like this one for a database in memory: its functions and settings stay. */
export function inMemory(config: Knex.Config): Knex.Config {
  const { connection } = config;
  const settings = typeof connection === 'object' ? connection : {};
  return {
    useNullAsDefault: true,
    ...config,
    connection: { ...settings, filename: ':memory:' } as Knex.Config['connection'],
    // One connection, which is the database, and stays.
    pool: { ...config.pool, min: 1, max: 1, idleTimeoutMillis: 2 ** 31 - 1 },
  } as Knex.Config;
}

/** See `Engine.disposable`: in memory, so that it goes with the process. */
export async function disposable({ config }: DisposableRequest): Promise<Disposable> {
  return { config: inMemory(config), name: 'a database in memory', end: async () => {} };
}
