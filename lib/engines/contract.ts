import type { Knex } from 'knex';

/** A dialect class of Knex: what `client:` of a configuration may be. */
export type DialectClass = new (config: Knex.Config) => Knex.Client;

/** A table by name; `schema` only where the engine has schemas and one was given. */
export interface TableId {
  readonly schema?: string;
  readonly name: string;
}

/** One column of a table as the engine's catalog has it. */
export interface ColumnFacts {
  readonly name: string;
  /** The type as the engine writes it, lower case. */
  readonly type: string;
  readonly nullable: boolean;
  /** The default expression as the engine writes it; undefined when there is none. */
  readonly defaultTo: string | undefined;
  /** True when knex-meta put the column there (and no migration took it over). */
  readonly isMetadata: boolean;
}

/** What the engine's catalog says of one table, as far as the metadata go. */
export interface TableFacts extends TableId {
  readonly columns: readonly ColumnFacts[];
  /** The trigger that keeps the updated_at column; undefined when there is none. */
  readonly trigger: { readonly name: string; readonly column: string; readonly enabled: boolean } | undefined;
}

/** A Knex client name with its connection, read from a URL. */
export interface UrlConfig {
  readonly client: string;
  readonly connection: Knex.StaticConnectionConfig;
}

/** What a trigger did when it was tried on a real row inside a transaction that was rolled back. */
export type TriggerTrial =
  | { readonly outcome: 'moved' }
  | { readonly outcome: 'still' }
  | { readonly outcome: 'no-rows' }
  | { readonly outcome: 'failed'; readonly message: string };

/** One database engine: everything that knex-meta knows of it is behind this. */
export interface Engine {
  /** `'postgresql'`, `'sqlite'`: the word in messages and in `--json`. */
  readonly name: string;
  readonly title: string;
  /** The values of `client:` in a Knex configuration that this engine serves; the first is the default. */
  readonly clients: readonly string[];
  /** The npm package with the driver of a client. */
  readonly driverOf: (client: string) => string;
  /** Client and connection for a URL of this engine; undefined when the URL is another engine's. */
  readonly fromUrl: (url: string) => UrlConfig | undefined;
  /** Columns and trigger of the named schema's tables (the connection's own schema when none is given). */
  readonly inspect: (db: Knex, schema?: string) => Promise<readonly TableFacts[]>;
  /** Updates one real row inside a transaction, says whether the column moved, and rolls back. */
  readonly tryTrigger: (db: Knex, table: TableId, column: string) => Promise<TriggerTrial>;
}
