import type { Knex } from 'knex';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Watched } from './watched.js';

/** A Knex in which migrations run or are followed, and whose statements are written down. */
export interface Sandbox extends Watched {
  /** True where the migrations run for real: what they make can be read. */
  readonly isReal: boolean;
  /** Tables whose rows the statements since the last call asked for, and which are not there. */
  readonly takeUnseenTables: () => readonly string[];
  /** Why what happens here need not happen in the project's database. */
  readonly doubts: readonly string[];
  readonly end: () => Promise<void>;
}

/** A database that is there for one sandbox. */
export interface SandboxDatabase {
  readonly config: Knex.Config;
  readonly end: () => Promise<void>;
}

/** A sandbox on a database of its own, before its owner ends that. */
export type OpenedSandbox = Omit<Sandbox, 'isReal' | 'doubts'>;

/** A table of the live database, as far as it can be told without waiting for anybody. */
export interface KnownTable extends ObjectName {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly nullable: boolean;
    readonly isMetadata: boolean;
  }[];
}

/** The engine's side of making the schema of a live database again in an empty one. */
export interface SchemaCopier {
  /**
   * Prepares an empty database: it gets the settings of the live one, and the role that migrations run with its rights.
   *
   * @param config - of the empty database, of which `copy` has opened no connection yet
   */
  readonly prepare: (config: Knex.Config, live: Knex, copy: Knex) => Promise<void>;
  /** Runs statements in as few turns as can be; what fails is left out and given back. */
  readonly run: (
    copy: Knex,
    statements: readonly string[],
  ) => Promise<readonly { readonly sql: string; readonly error: Error }[]>;
  /**
   * Reads the live database in a transaction that changes nothing and waits for nobody for long.
   *
   * @throws KnexMetaError DATABASE_BUSY
   */
  readonly reading: <T>(live: Knex, act: (trx: Knex) => Promise<T>) => Promise<T>;
  /** The tables, by a question that waits for nobody's lock. */
  readonly knownTables: (live: Knex) => Promise<readonly KnownTable[]>;
  /**
   * Fills the small tables, and sets the sequences; `live` is what `reading` gives.
   *
   * @returns the tables that are empty in the copy, and may have rows
   */
  readonly copyRows: (
    live: Knex,
    copy: Knex,
    schema: DatabaseSchema,
    leftOut: ReadonlySet<string>,
  ) => Promise<readonly ObjectName[]>;
}

/** The engine's side of sandboxes. */
export interface SandboxEngine {
  /**
   * Opens a database that is nobody's but the sandbox's.
   *
   * @param unseen - tables whose rows are not there
   */
  readonly open: (config: Knex.Config, unseen: () => readonly ObjectName[]) => OpenedSandbox;
  /** Follows migrations without any database; undefined where one in memory costs nothing. */
  readonly record: ((config: Knex.Config, known?: readonly KnownTable[]) => Sandbox) | undefined;
  /** Copies the database with its rows; undefined where its schema is made again by `copier`. */
  readonly copy: ((config: Knex.Config, live: Knex) => Promise<SandboxDatabase>) | undefined;
  readonly copier: SchemaCopier | undefined;
}
