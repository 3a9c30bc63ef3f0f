import type { Knex } from 'knex';
import { dialectClass } from '../../config/connections.js';
import { KnexMetaError } from '../../errors.js';
import type { ClientClass, QueryObject } from '../../metadata/knexInternals.js';

/** Knex's name for the driver `pg-native`. */
const NATIVE = 'pgnative';

/**
 * A client whose driver may be `pg-native`. Given an empty list of values that driver prepares the statement, and the server
 * prepares one statement only. Without the list it takes several, as `pg` does.
 */
export function withPlainQueries(base: ClientClass): ClientClass {
  // The client of a transaction is made without a constructor, and does not have the name of the driver.
  let isNative = false;

  return class PlainQueries extends base {
    constructor(config: Record<PropertyKey, unknown>) {
      super(config);
      isNative = this.driverName === NATIVE;
    }

    override async _query(connection: unknown, query: QueryObject): Promise<unknown> {
      if (!isNative || (query.bindings ?? []).length > 0) return super._query(connection, query);
      // Knex lays the options of a query over what it gives to the driver.
      const plain: QueryObject = { ...query, options: { ...query.options, values: undefined } };
      await super._query(connection, plain);
      return Object.assign(query, { response: plain.response });
    }
  };
}

/** The client of a session apart from the project's Knex instances. */
export function sessionClient(client: Knex.Config['client']): Knex.Config['client'] {
  return client === NATIVE
    ? (withPlainQueries(dialectClass(NATIVE)) as unknown as typeof Knex.Client)
    : client;
}

/**
 * That driver does not say which table a column of an answer comes from, so metadata columns would stay in the answers.
 *
 * @throws KnexMetaError META_OPTION_INVALID
 */
export function refuseNative(driverName: string): void {
  if (driverName !== NATIVE) return;
  throw new KnexMetaError(
    'META_OPTION_INVALID',
    '`meta.visible: false` does not work with the client `pgnative`: its driver does not say which table a column comes from.',
    { remedy: "Set `client: 'pg'`, or leave `meta.visible` out. Nothing was changed." },
  );
}
