import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { openKnex } from '../../config/connections.js';
import { KnexMetaError } from '../../errors.js';
import type { Throwaway, ThrowawayEngine, ThrowawayRequest } from '../throwaway.js';
import { isSameDatabase } from './asking.js';
import { connectionTo } from './connectionTo.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { readRows } from './introspect/rows.js';
import { asLogin, createdbRemedy, ownedBy, type SessionRoles, sessionRoles } from './loginRole.js';
import { sessionClient } from './nativeDriver.js';
import { searchPath } from './schemas.js';

const PREFIX = 'knex_meta_throwaway_';
/** The comment that proves a database ours. It is set by a session inside, so whoever sees it alone may drop it. */
const MARK = 'knex-meta: a throwaway database, which is dropped when nobody is connected to it';

/** Databases of this role with our name and our mark that nobody is connected to: their owners were killed. */
const LEFT_OVER = `select d.datname as name from pg_catalog.pg_database d
  where d.datname like ${quoteText(`${PREFIX.replaceAll('_', '\\_')}%`)}
    and pg_catalog.shobj_description(d.oid, 'pg_database') = ${quoteText(MARK)}
    and pg_catalog.pg_has_role(d.datdba, 'member')
    and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid
      and coalesce(a.backend_type, 'client backend') = 'client backend')`;

interface Session {
  acquireConnection(): Promise<unknown>;
  query(connection: unknown, sql: string): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
}

/** What Knex says of a connection that failed is thrown too. */
const SILENT = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} };

/** One session apart from the project's pool, opened as the project opens its own. */
export function openSession(config: Knex.Config, connection: Knex.Config['connection']): Knex {
  const { client = 'pg', searchPath, acquireConnectionTimeout } = config;
  return openKnex({
    client: sessionClient(client),
    connection,
    ...(searchPath === undefined ? {} : { searchPath }),
    ...(acquireConnectionTimeout === undefined ? {} : { acquireConnectionTimeout }),
    pool: { ...config.pool, min: 0, max: 1 },
    log: SILENT,
  } as Knex.Config);
}

/** Encoding and order of text as the configured database has them: they decide what is unique and what is equal. */
async function likeConfigured(admin: Knex): Promise<string> {
  const [row] = await readRows<{
    readonly d: Readonly<Record<string, string | null>>;
    readonly encoding: string;
  }>(
    admin,
    `select to_jsonb(d) as d, pg_catalog.pg_encoding_to_char(d.encoding) as encoding
      from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`,
  );
  if (row === undefined) return '';
  const { datcollate, datctype, datlocprovider, datlocale, daticulocale } = row.d;
  const icu = datlocprovider === 'i' ? (datlocale ?? daticulocale) : undefined;
  const provider = icu ? ` locale_provider icu icu_locale ${quoteText(icu)}` : '';
  return ` template template0 encoding ${quoteText(row.encoding)} lc_collate ${quoteText(datcollate ?? 'C')} lc_ctype ${quoteText(datctype ?? 'C')}${provider}`;
}

function refused(error: unknown, roles?: SessionRoles): KnexMetaError {
  return new KnexMetaError(
    'THROWAWAY_REFUSED',
    `No throwaway database (a temporary database for this command) could be made on the server: ${(error as Error).message}`,
    {
      remedy: `${createdbRemedy(roles)}, and to connect to them. Or name another server where it has it: \`--shadow <url>\`, \`meta.shadow\` in the knexfile, in tests the option \`server\`. Nothing was changed.`,
      cause: error,
    },
  );
}

/** A session on the server: through the configured database, or another one where that is not there yet. */
export async function openAdmin(config: Knex.Config, server: string | undefined): Promise<Knex> {
  const connection = server ?? config.connection;
  // The driver would try a server on this machine that nobody has named.
  if (connection === undefined) {
    throw new KnexMetaError('THROWAWAY_REFUSED', 'No PostgreSQL server is named for a throwaway database.', {
      remedy:
        'Name a database on one, where the role may create others: `--shadow postgres://me@localhost/any`. Nothing is written to that one.',
    });
  }
  const admin = openSession(config, connection);
  try {
    await admin.raw('select 1');
    return admin;
  } catch (error) {
    await admin.destroy();
    if ((error as { readonly code?: string }).code !== '3D000') throw refused(error);
    return openSession(config, connectionTo(connection, 'postgres'));
  }
}

async function removeLeftOvers(admin: Knex): Promise<void> {
  for (const { name } of await readRows<{ readonly name: string }>(admin, LEFT_OVER)) {
    // Somebody else may be about it at this moment, and that is as good.
    await admin.raw(withoutBindings(`drop database if exists ${quoteName(name)}`)).catch(() => {});
  }
}

/** Drops a database of ours, whoever is still connected to it. */
async function drop(admin: Knex, name: string, roles: SessionRoles | undefined): Promise<void> {
  // Its sessions are those of the role that logged in. Autovacuum is nobody's: the server itself sends it away.
  await asLogin(admin, roles, async () => {
    await admin.raw(
      withoutBindings(
        `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = ${quoteText(name)} and pg_catalog.pg_has_role(usesysid, 'USAGE')`,
      ),
    );
  });
  await admin.raw(withoutBindings(`drop database if exists ${quoteName(name)}`));
}

const HOME = 'select pg_catalog.current_schema() as name';

/** A search path that `pool.afterCreate` sets may name only schemas that an empty database has not: the one that is used is created. */
async function createHome(configured: Knex, made: Knex, session: unknown): Promise<void> {
  const ask = async (db: Knex, connection?: unknown): Promise<string | undefined> => {
    const { rows } = await (connection === undefined ? db.raw(HOME) : db.raw(HOME).connection(connection));
    return rows[0]?.name ?? undefined;
  };
  if ((await ask(made, session)) !== undefined) return;
  const home = await ask(configured);
  if (home !== undefined)
    await made.raw(withoutBindings(`create schema ${quoteName(home)}`)).connection(session as object);
}

/** A throwaway database with what only this folder does with it. */
export interface OwnDatabase extends Throwaway {
  /** A session on the server, beside the database. */
  readonly admin: Knex;
  /** It stays: from now on it has another name and mark, and no owner. */
  readonly keepAs: (name: string, mark: string) => Promise<void>;
}

/** Makes a database as a copy of a template, or an empty one. */
export async function makeDatabase(
  { config, server }: ThrowawayRequest,
  template?: string,
): Promise<OwnDatabase> {
  const admin = await openAdmin(config, server);
  const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
  const connection = connectionTo(server ?? config.connection, name);
  const keeper = openSession(config, connection);
  const inside = keeper.client as Session;
  const say = (sql: string): Promise<unknown> => admin.raw(withoutBindings(sql));
  let session: unknown;
  let isOurs = false;
  let roles: SessionRoles | undefined;
  const leave = async (): Promise<void> => {
    if (session !== undefined) await inside.releaseConnection(session);
    session = undefined;
    await keeper.destroy();
  };
  const end = async (): Promise<void> => {
    try {
      await leave();
      if (isOurs) await drop(admin, name, roles);
    } finally {
      await admin.destroy();
    }
  };
  try {
    await removeLeftOvers(admin);
    const like = template === undefined ? await likeConfigured(admin) : ` template ${quoteName(template)}`;
    roles = await sessionRoles(admin);
    await asLogin(admin, roles, () => say(`create database ${quoteName(name)}${ownedBy(roles)}${like}`));
    isOurs = true;
    session = await inside.acquireConnection();
    if (template === undefined && server === undefined) {
      // `pool.afterCreate`, the role or the connection may set a path, whose schemas are only in the configured database.
      for (const schema of await searchPath(admin))
        await inside.query(session, withoutBindings(`create schema if not exists ${quoteName(schema)}`));
    }
    await say(`comment on database ${quoteName(name)} is ${quoteText(MARK)}`);
    await createHome(admin, keeper, session);
  } catch (error) {
    await end().catch(() => {});
    throw refused(error, roles);
  }
  return {
    config: { ...config, connection } as Knex.Config,
    name,
    admin,
    end,
    keepAs: async (other, mark) => {
      await say(`comment on database ${quoteName(name)} is ${quoteText(mark)}`);
      await leave();
      await asLogin(admin, roles, () =>
        say(`alter database ${quoteName(name)} rename to ${quoteName(other)}`),
      );
      isOurs = false;
      // Nobody can be connected to it when it is copied.
      await say(`alter database ${quoteName(other)} allow_connections false`);
    },
  };
}

/**
 * See `Engine.throwaway`. One session stays inside for as long as the owner lives: a database with our mark that nobody is
 * connected to has no owner any more.
 */
export const throwaway: ThrowawayEngine = {
  server: { elsewhere: (connection) => connectionTo(connection, 'postgres'), isSame: isSameDatabase },
  make: (request) => makeDatabase(request),
};
