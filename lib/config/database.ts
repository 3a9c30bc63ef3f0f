import { configFromUrl, engineForClient, engines } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';

/**
 * Refuses a connection that Knex or the driver would read as another database than is meant.
 *
 * @param source - where it was written, as the subject of a sentence
 * @throws KnexMetaError CONFIG_INVALID; no part of the connection is in it
 */
export function checkConnection(client: unknown, connection: unknown, source: string): void {
  const problem = engineForClient(client)?.connectionProblem({ client, connection });
  if (problem === undefined) return;
  throw new KnexMetaError('CONFIG_INVALID', `${source} ${problem.message}`, {
    remedy: `${problem.remedy} Nothing was changed.`,
    details: { source },
  });
}

/** The scheme of a URL, which is no secret. */
function schemeOf(url: string): string {
  const [, scheme] = /^([a-z][a-z0-9+.-]{1,20}):\/\//i.exec(url) ?? [];
  return scheme === undefined ? '' : ` (${scheme}://)`;
}

/** Client, connection and the engine's defaults for a database URL. */
export function databaseFromUrl(url: string, variable = 'DATABASE_URL'): Record<string, unknown> {
  const config = configFromUrl(url);
  if (config !== undefined) {
    const { client, connection } = config;
    checkConnection(client, connection, variable);
    return { ...engineForClient(client)?.defaults, ...config };
  }
  const titles = engines.map(({ title }) => title).join(' and ');
  throw new KnexMetaError(
    'CONFIG_INVALID',
    `${variable} is not a URL that knex-meta knows${schemeOf(url)}.`,
    {
      remedy: `It knows ${titles}: postgres://user@host/database or sqlite:./file.sqlite3`,
    },
  );
}

/** The database that `DATABASE_URL` names, or else the given default; nothing when there is neither. */
export function databaseFromEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  fallback: string | undefined,
): Record<string, unknown> {
  const url = variables.DATABASE_URL || undefined;
  if (url !== undefined) return databaseFromUrl(url);
  return fallback === undefined ? {} : databaseFromUrl(fallback, 'databaseUrl');
}
