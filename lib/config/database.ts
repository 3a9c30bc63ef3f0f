import { configFromUrl, engines } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';
import { withoutPasswords } from './secrets.js';

/** Client, connection and the engine's defaults for a database URL. */
export function databaseFromUrl(url: string, variable = 'DATABASE_URL'): Record<string, unknown> {
  const config = configFromUrl(url);
  if (config !== undefined) {
    const engine = engines.find(({ clients }) => clients.includes(config.client));
    return { ...engine?.defaults, ...config };
  }
  const titles = engines.map(({ title }) => title).join(' and ');
  throw new KnexMetaError(
    'CONFIG_INVALID',
    `${variable} is not a URL that knex-meta knows: ${withoutPasswords(url)}`,
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
