import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import type { ThrowawayDatabase, ThrowawayEngine } from '../throwaway.js';
import { isSameDatabase } from './asking.js';
import { quoteName, withoutBindings } from './identifiers.js';

type Connection = Knex.Config['connection'];

const PREFIX = 'knex_meta_head_';

/** The name says when it was made, so that one which a killed process left can be told from one in use. */
function newName(): string {
  return `${PREFIX}${Math.floor(Date.now() / 1000)}_${randomBytes(4).toString('hex')}`;
}

/** The same server, role and settings, and another database. */
function atDatabase(connection: Connection, database: string): Connection {
  if (typeof connection === 'function') {
    return async () => atDatabase(await connection(), database) as Knex.StaticConnectionConfig;
  }
  if (typeof connection === 'string') {
    const url = new URL(connection);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  }
  const { connectionString, ...settings } = (connection ?? {}) as { readonly connectionString?: string };
  // A URL would win over the key.
  const url = connectionString && { connectionString: atDatabase(connectionString, database) };
  return { ...settings, ...url, database } as Knex.StaticConnectionConfig;
}

const drop = (server: Knex, name: string): Promise<unknown> =>
  server.raw(`drop database if exists ${quoteName(name)} with (force)`);

/** Those of processes that were killed: an hour old, and nobody is connected. */
async function dropLeftOver(server: Knex): Promise<void> {
  const { rows } = await server.raw(
    withoutBindings(`select datname as name from pg_catalog.pg_database d
      where datname ~ '^${PREFIX}[0-9]+_[0-9a-f]{8}$'
        and pg_catalog.split_part(datname, '_', 4)::bigint < pg_catalog.date_part('epoch', pg_catalog.now()) - 3600
        and pg_catalog.pg_has_role(d.datdba, 'usage')
        and not exists (select from pg_catalog.pg_stat_activity a where a.datname = d.datname)`),
  );
  for (const { name } of rows as readonly { readonly name: string }[]) {
    // Another run may do the same at this moment.
    await drop(server, name).catch(() => {});
  }
}

function refused(error: unknown): unknown {
  if (!/^(42501|25006)$/.test(String((error as { readonly code?: unknown }).code))) return error;
  return new KnexMetaError(
    'SCRATCH_REFUSED',
    `A database for the result of the migrations could not be made: ${(error as Error).message}`,
    {
      remedy:
        'With --head the migrations run in an empty database that is dropped at once. Grant the role CREATEDB, or name a server where another role may: `--shadow <url>`, or `meta.shadow` in the knexfile. Nothing was changed.',
      cause: error,
    },
  );
}

export const throwaway: ThrowawayEngine = {
  server: { elsewhere: (connection) => atDatabase(connection, 'postgres'), isSame: isSameDatabase },
  create: async ({ connection }, server): Promise<ThrowawayDatabase> => {
    if (server === undefined) throw new KnexMetaError('UNEXPECTED', 'A throwaway database needs a server.');
    await dropLeftOver(server);
    const name = newName();
    try {
      // Nobody is ever connected to this template, which would keep it from being copied.
      await server.raw(`create database ${quoteName(name)} template template0`);
    } catch (error) {
      throw refused(error);
    }
    return {
      config: { connection: atDatabase(connection, name) } as Knex.Config,
      drop: async () => void (await drop(server, name)),
    };
  },
};
