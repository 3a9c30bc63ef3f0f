import type { Knex } from 'knex';

/** What a throwaway database is for, and where it is made. */
export interface DisposableRequest {
  /** The project's configuration: what does not say which database it is stays. */
  readonly config: Knex.Config;
  /** A database on another server where the role may create databases; without it the configured server. */
  readonly server?: string | undefined;
}

/** An empty database that nobody else uses, and that goes with its owner. */
export interface Disposable {
  /** The project's configuration with the throwaway database in place of its own. */
  readonly config: Knex.Config;
  /** What messages call it. */
  readonly name: string;
  /** Removes it. Who opened a Knex on it ends that before. */
  readonly end: () => Promise<void>;
}
