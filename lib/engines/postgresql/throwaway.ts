import { randomBytes } from 'node:crypto';
import knex, { type Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import type { Throwaway, ThrowawayRequest } from '../throwaway.js';
import { connectionTo } from './connectionTo.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { readRows } from './introspect/rows.js';

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
  releaseConnection(connection: unknown): Promise<void>;
}

/** What Knex says of a connection that failed is thrown too. */
const SILENT = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} };

/** One session of its own, apart from the project's pool. */
function openSession(config: Knex.Config, connection: Knex.Config['connection']): Knex {
  return knex({
    client: config.client ?? 'pg',
    connection,
    pool: { min: 0, max: 1 },
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

function refused(error: unknown): KnexMetaError {
  return new KnexMetaError(
    'THROWAWAY_REFUSED',
    `No throwaway database could be made on the server: ${(error as Error).message}`,
    {
      remedy:
        'The role needs the right to create databases (`alter role <name> createdb`), and to connect to them. Or name another server where it has it: `--shadow <url>`. Nothing was changed.',
      cause: error,
    },
  );
}

/** A session on the server: through the configured database, or another one where that is not there yet. */
async function openAdmin(config: Knex.Config, server: string | undefined): Promise<Knex> {
  const connection = server ?? config.connection;
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
async function drop(admin: Knex, name: string): Promise<void> {
  await admin.raw(
    withoutBindings(
      `select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = ${quoteText(name)}`,
    ),
  );
  await admin.raw(withoutBindings(`drop database if exists ${quoteName(name)}`));
}

/**
 * See `Engine.throwaway`. One session stays inside for as long as the owner lives: a database with our mark that nobody is
 * connected to has no owner any more.
 */
export async function throwaway({ config, server }: ThrowawayRequest): Promise<Throwaway> {
  const admin = await openAdmin(config, server);
  const name = `${PREFIX}${randomBytes(8).toString('hex')}`;
  const connection = connectionTo(server ?? config.connection, name);
  const keeper = openSession(config, connection);
  const inside = keeper.client as Session;
  let session: unknown;
  let isMade = false;
  const end = async (): Promise<void> => {
    try {
      if (session !== undefined) await inside.releaseConnection(session);
      await keeper.destroy();
      if (isMade) await drop(admin, name);
    } finally {
      await admin.destroy();
    }
  };
  try {
    await removeLeftOvers(admin);
    await admin.raw(withoutBindings(`create database ${quoteName(name)}${await likeConfigured(admin)}`));
    isMade = true;
    session = await inside.acquireConnection();
    await admin.raw(withoutBindings(`comment on database ${quoteName(name)} is ${quoteText(MARK)}`));
  } catch (error) {
    await end().catch(() => {});
    throw refused(error);
  }
  return { config: { ...config, connection } as Knex.Config, name, end };
}
