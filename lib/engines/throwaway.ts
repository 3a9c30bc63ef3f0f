import type { Knex } from 'knex';

/** A database that was made for one command. */
export interface ThrowawayDatabase {
  /** What of a Knex configuration leads to it, over the project's own. */
  readonly config: Knex.Config;
  /** Drops it, with whoever is still connected. */
  readonly drop: () => Promise<void>;
}

/** What a server knows of its databases. */
interface ServerOfDatabases {
  /** The connection to a database that every server has, in place of one that is not there. */
  readonly elsewhere: (connection: Knex.Config['connection']) => Knex.Config['connection'];
  /** Whether two connections are to one and the same database, whatever they call it. */
  readonly isSame: (db: Knex, other: Knex) => Promise<boolean>;
}

/** The engine's side of databases that are made for one command and are gone at its end. */
export interface ThrowawayEngine {
  /**
   * Undefined where no server makes them: they are in memory, and so are the models when they are built, so nothing
   * needs a shadow database. Elsewhere `create` needs a connection to the server.
   */
  readonly server: ServerOfDatabases | undefined;
  /**
   * Makes an empty one, and drops those that a killed process left.
   *
   * @param config - the project's configuration, with the connection that `server` has
   * @throws KnexMetaError SCRATCH_REFUSED when the role may not
   */
  readonly create: (config: Knex.Config, server: Knex | undefined) => Promise<ThrowawayDatabase>;
}
