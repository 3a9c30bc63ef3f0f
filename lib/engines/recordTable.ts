import type { ClientInternals } from '../metadata/knexInternals.js';
import type { TableId } from './contract.js';

/** The table of applied migrations that a client's configuration names. */
export function recordTableOf(client: ClientInternals): TableId {
  const settings = client.config.migrations as { tableName?: string; schemaName?: string } | undefined;
  const name = settings?.tableName ?? 'knex_migrations';
  return settings?.schemaName ? { schema: settings.schemaName, name } : { name };
}
