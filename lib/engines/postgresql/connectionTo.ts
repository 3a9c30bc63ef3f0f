import type { Knex } from 'knex';
import { settingsOfUrl } from '../../config/connections.js';

type Settings = Readonly<Record<string, unknown>>;

/** A connection like this one to another database of its server. */
export function connectionTo(connection: unknown, database: string): Knex.Config['connection'] {
  if (typeof connection === 'function') {
    const provide = connection as () => unknown;
    return async () => connectionTo(await provide(), database) as Knex.StaticConnectionConfig;
  }
  const given =
    typeof connection === 'string' ? { connectionString: connection } : ((connection ?? {}) as Settings);
  const { connectionString, ...rest } = given;
  // The driver lets the text win over what stands beside it.
  const fromText = typeof connectionString === 'string' ? settingsOfUrl('pg', connectionString) : {};
  // Knex hides a password from who copies the settings.
  const password = 'password' in given ? { password: given.password } : {};
  return { ...rest, ...password, ...fromText, database } as Knex.Config['connection'];
}
