import type { Knex } from 'knex';

/** What a throwaway database is for, and where it is made. */
export interface ThrowawayRequest {
  /** The project's configuration: what does not say which database it is stays. */
  readonly config: Knex.Config;
  /** A database on another server where the role may create databases; without it the configured server. */
  readonly server?: string | undefined;
}

/** An empty database that nobody else uses, and that goes with its owner. */
export interface Throwaway {
  /** The project's configuration with the throwaway database in place of its own. */
  readonly config: Knex.Config;
  /** What messages call it. */
  readonly name: string;
  /** Removes it. Who opened a Knex on it ends that before. */
  readonly end: () => Promise<void>;
}

/** What a server knows of its databases. */
interface ServerOfDatabases {
  /** The connection to a database that every server has, in place of one that is not there. */
  readonly elsewhere: (connection: Knex.Config['connection']) => Knex.Config['connection'];
  /** Whether two connections are to one and the same database, whatever they call it. */
  readonly isSame: (db: Knex, other: Knex) => Promise<boolean>;
}

/** The engine's side of databases that are made for a while. */
export interface ThrowawayEngine {
  /**
   * Undefined where no server makes them: they are in memory, and so are the models when they are built, so nothing
   * needs a shadow database.
   */
  readonly server: ServerOfDatabases | undefined;
  /**
   * Makes an empty one. The configured one is not written to. What a killed process left is removed by the next one
   * that asks.
   *
   * @throws KnexMetaError THROWAWAY_REFUSED
   */
  readonly make: (request: ThrowawayRequest) => Promise<Throwaway>;
}
