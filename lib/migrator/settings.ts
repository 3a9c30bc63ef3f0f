import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { RecordTables } from '../engines/migrations.js';
import { engineForClient, refuseClass } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';

type Hook = (db: Knex, migrations: readonly unknown[]) => unknown;

/** `migrations` of a Knex configuration, with what Knex reads and has no type for. */
export type Settings = Knex.MigratorConfig & {
  readonly beforeAll?: Hook;
  readonly afterAll?: Hook;
  readonly beforeEach?: Hook;
  readonly afterEach?: Hook;
};

/** The names of Knex's two tables. */
export function recordTables({ tableName = 'knex_migrations', schemaName }: Settings): RecordTables {
  return { tableName, lockTable: `${tableName}_lock`, schemaName: schemaName || undefined };
}

/** The engine of a Knex instance. Throws CLIENT_UNSUPPORTED. */
export function engineOf(db: Knex): Engine {
  const { config, driverName } = db.client as {
    readonly config: { readonly client?: unknown };
    readonly driverName?: string;
  };
  const engine = engineForClient(config.client) ?? engineForClient(driverName);
  if (engine !== undefined) {
    refuseClass(engine, db.client.constructor);
    return engine;
  }
  throw new KnexMetaError('CLIENT_UNSUPPORTED', `knex-meta has no engine for the client \`${driverName}\`.`);
}
