import type { Knex } from 'knex';
import type { Comparison } from '../diff/comparison.js';
import type { LintEngine } from '../lint/engine.js';
import type { ClientClass, ClientInternals } from '../metadata/knexInternals.js';
import type { HazardFacts } from '../operations/hazards/index.js';
import type { Operation } from '../operations/operation.js';
import type { Wording } from '../render/wording.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { AdoptionEngine } from './adoption.js';
import type { CheckEngine } from './checks.js';
import type { ConnectionProblem, ConnectionSettings } from './connection.js';
import type { MeaningEngine } from './meaning.js';
import type { MigrationEngine } from './migrations.js';
import type { OwnTriggers } from './ownTriggers.js';
import type { SchemaEngine } from './schemas.js';
import type { BothRequest, BothSchemas, ObjectKind } from './scratchObject.js';
import type { SeedEngine } from './seeding.js';
import type { TemplateCopy, TemplateRequest } from './template.js';
import type { ThrowawayEngine } from './throwaway.js';

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
  readonly connection: string | Knex.StaticConnectionConfig;
}

/** One database engine: everything that knex-meta knows of it is behind this. */
export interface Engine extends SchemaEngine {
  /** `'postgresql'`, `'sqlite'`: the word in messages and in `--json`. */
  readonly name: string;
  readonly title: string;
  /** The values of `client:` in a Knex configuration that this engine serves; the first is the default. */
  readonly clients: readonly string[];
  /** The npm package with the driver of a client. */
  readonly driverOf: (client: string) => string;
  /** Why this version of the driver cannot work on this Node; undefined when it can. */
  readonly driverProblem: (driver: string, version: string, nodeVersion: string) => string | undefined;
  /** Why commands and the migrator cannot work with a project's own subclass of a dialect; undefined when they can. */
  readonly classProblem?: (client: unknown) => string | undefined;
  /** What a configuration that does not say otherwise gets on the command line. */
  readonly defaults: Readonly<Partial<Knex.Config>>;
  /** The file that the database is in; undefined for a server or a database in memory. */
  readonly databaseFile: (settings: ConnectionSettings) => string | undefined;
  /** Why Knex or the driver would not read a connection as it is meant; undefined when they do. Nothing is opened. */
  readonly connectionProblem: (settings: ConnectionSettings) => ConnectionProblem | undefined;
  /** Client and connection for a URL of this engine; undefined when the URL is another engine's. */
  readonly fromUrl: (url: string) => UrlConfig | undefined;
  /**
   * All that the named schemas have, or without names every schema but the server's own. A fixed number of queries;
   * in a transaction it reads what that has made.
   */
  readonly introspect: (db: Knex, schemas?: readonly string[]) => Promise<DatabaseSchema>;
  /** The objects that the engine has. */
  readonly objectKinds: readonly ObjectKind[];
  /**
   * Reads the database as `introspect` does, builds the objects where nobody sees them, reads those too, and leaves
   * nothing behind. They are named as if they stood where they are meant to; what they refer to without declaring it is
   * taken from the database.
   *
   * @throws KnexMetaError SCRATCH_REFUSED, MODEL_BUILD_FAILED
   */
  readonly readBoth: (db: Knex, request: BothRequest) => Promise<BothSchemas>;
  /**
   * The numbers that queries of one `count` each give, in a transaction that may only read; of a query that fails or
   * takes too long, why. The database is as it was.
   */
  readonly countRows: (db: Knex, queries: readonly string[]) => Promise<readonly (number | Error)[]>;
  /** Databases that are made for a while, and go with their owner. */
  readonly throwaway: ThrowawayEngine;
  /** The engine's side of generated migrations. */
  readonly changes: ChangeEngine;
  /** What TypeScript says of a column's values. */
  readonly valueTypes: (column: TypedColumn, schema: DatabaseSchema) => ValueTypes;
  /** What an application notices of the engine. */
  readonly meaning: MeaningEngine;
  /** The engine's side of the hook. */
  readonly metadata: MetadataEngine;
  /** The engine's side of running migrations. */
  readonly migrations: MigrationEngine;
  /** The engine's side of `lint`. */
  readonly lint: LintEngine;
  /** The engine's side of adoption. */
  readonly adoption: AdoptionEngine;
  /** The engine's side of the checks. */
  readonly checks: CheckEngine;
  /** Lets the rows of one transaction keep the time stamps that they are given. */
  readonly preserving: PreservingEngine;
  /** The engine's side of rows that are made up. */
  readonly seeding: SeedEngine;
  /**
   * Gives a copy of a database that is filled once for all processes.
   *
   * @throws KnexMetaError THROWAWAY_REFUSED, and what `fill` throws
   */
  readonly fromTemplate: (request: TemplateRequest) => Promise<TemplateCopy>;
}

/** The engine's side of `preserveTimestamps`: both run in the transaction that the session is in. */
export interface PreservingEngine {
  /**
   * From now on no trigger of knex-meta's stamps a row in this transaction, and nothing of that is to be seen in
   * another. A rollback takes it back, and it never outlives the transaction.
   *
   * @throws KnexMetaError TRIGGER_OUTDATED
   */
  readonly begin: (session: Session) => Promise<void>;
  readonly end: (session: Session) => Promise<void>;
  /** Makes anew what an older version of knex-meta made otherwise; in a transaction, all or nothing. */
  readonly upgrade: (trx: Knex.Transaction) => Promise<Upgrade>;
}

/** A column as far as its values go; of a view's column the engine may not know more than a type's name. */
export interface TypedColumn {
  readonly type: string | undefined;
  readonly userType?: ObjectName | undefined;
  readonly isMetadata?: boolean;
}

/** The types of a column's values that are not null, in TypeScript's words. */
export interface ValueTypes {
  /** What the driver gives, where the project has not set a parser of its own. */
  readonly read: string;
  /** What it takes. */
  readonly write: string;
}

/** What was done about functions of an older version, by their names. */
export interface Upgrade {
  readonly upgraded: readonly string[];
  /** Those that could not be made anew, with the reason. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

/** What the engine knows of changes: facts, and how it runs what it cannot do in one. It renders nothing. */
export interface ChangeEngine {
  readonly comparison: Comparison;
  readonly wording: Wording;
  readonly hazards: HazardFacts;
  /** The schema that a name without one means; undefined where the engine has none. */
  readonly defaultSchema: string | undefined;
  /**
   * The operations of one direction as the engine can run them, in their order; `before` is the schema that they
   * find.
   */
  readonly rewrite: (operations: readonly Operation[], before: DatabaseSchema) => readonly Operation[];
}

/** The expression for the current instant, and the type of a column that holds it. */
export interface Clock {
  /** As it stands in a column's default. */
  readonly expression: string;
  /** The engine's column type for the expression's value. */
  readonly type: string;
}

/** One metadata column of one table, with the names as the database has them. */
export interface MetadataColumn {
  readonly key: string;
  readonly name: string;
  readonly quoted: string;
  readonly index: boolean;
}

/** A table that the hook works on, with the names as the database has them. */
export interface HookTarget {
  readonly table: TableId;
  /** Schema and name, quoted. */
  readonly quoted: string;
  readonly columns: readonly MetadataColumn[];
  /** The name of the column that the trigger keeps; undefined when it is omitted. */
  readonly updatedAt: string | undefined;
  readonly clock: Clock;
  readonly onExplicitUpdate: 'stamp' | 'keep';
}

/** One statement that the hook adds to those of Knex's compiler. */
export interface HookStatement {
  readonly sql: string;
  readonly bindings?: readonly unknown[];
  /** Called with the rows of `sql` on the same connection, before the next statement runs. */
  readonly withRows?: (session: Session, rows: readonly Row[]) => Promise<void>;
  /** The column that the update trigger of a new table is to keep, where this makes it; null where there is none to keep. */
  readonly stamps?: string | null;
}

export type Row = Readonly<Record<string, unknown>>;

/** The connection that a schema statement runs on; what it runs shows in Knex's `query` events. */
export interface Session {
  readonly client: ClientInternals;
  readonly connection: unknown;
  rows(sql: string, bindings?: readonly unknown[]): Promise<readonly Row[]>;
  warn(message: string): void;
}

/** How the values of a column that a migration takes over were dealt with. */
export type CarryOutcome = 'carried' | 'nothing' | 'not-possible';

/** The engine's side of the hook: statements and primitives, no policy. */
export interface MetadataEngine {
  /** What two spellings of one identifier have in common. */
  readonly foldName: (name: string) => string;
  /** The name that an identifier without quotes means. */
  readonly foldWord: (word: string) => string;
  /** True when a view's `*` is stored as the columns that it means when the view is created. */
  readonly expandsViews: boolean;
  /** True when an INSERT may give fewer values than its table has columns. */
  readonly insertsFewer: boolean;
  /** Throws NAME_TOO_LONG for a name that the engine would cut. */
  readonly checkName: (name: string) => void;
  /** The clock for a configured expression (undefined: the engine's own), without a connection. */
  readonly clock: (expression: string | undefined) => Clock;
  /** Tries the expression on the engine. Throws TIMESTAMP_INVALID. */
  readonly probeClock: (session: Session, expression: string) => Promise<Clock>;
  /** Type of a standard column, with the engine's mark in it when there is one. */
  readonly columnType: (key: string, clock: Clock) => string;
  readonly columnDefault: (key: string, clock: Clock) => string | undefined;
  /** Whether a trigger can keep this column: its type holds an instant. */
  readonly canStamp: (column: ColumnFacts) => boolean;
  /** The WHERE of the index on a flag: the rare value. */
  readonly indexPredicate: (column: MetadataColumn) => string | undefined;
  /** Prepares a new connection, e.g. to hear the server's warnings. */
  readonly onConnection?: (connection: unknown, warn: (message: string) => void) => void;
  /** After a plain CREATE TABLE; `added` are the columns that the hook put there, `own` the project's. */
  readonly afterCreate: (
    target: HookTarget,
    added: readonly MetadataColumn[],
    own: readonly string[],
  ) => readonly HookStatement[];
  /** After a CREATE TABLE with these columns that was run as a text, with what the project wrote around it. */
  readonly completeCreated: MetadataEngine['afterCreate'];
  /** After RENAME TABLE. */
  readonly afterRenameTable: (from: HookTarget, to: HookTarget) => readonly HookStatement[];
  /** After DROP TABLE. */
  readonly afterDropTable: (target: HookTarget) => readonly HookStatement[];
  /** A faithful CREATE TABLE LIKE where Knex's own is lossy; undefined: Knex's is good. */
  readonly createLike?: (target: HookTarget, like: TableId) => readonly HookStatement[];
  /** The statement that reads `TableFacts` of the target, and how to read its rows. */
  readonly factsQuery: (target: HookTarget) => {
    readonly sql: string;
    readonly bindings: readonly unknown[];
  };
  readonly readFacts: (target: HookTarget, rows: readonly Row[]) => TableFacts | undefined;
  /** Adds the column under `name`, marked as metadata. */
  readonly addColumn: (session: Session, target: HookTarget, key: string, name: string) => Promise<void>;
  readonly renameColumn: (session: Session, target: HookTarget, from: string, to: string) => Promise<void>;
  readonly dropColumn: (session: Session, target: HookTarget, name: string) => Promise<void>;
  /**
   * Whether a row of a metadata column has a value that a person or program wrote (not a default or the trigger), and
   * another one in the column `own`.
   */
  readonly holdsOtherValues: (
    session: Session,
    target: HookTarget,
    key: string,
    column: string,
    own: string,
  ) => Promise<boolean>;
  /** Runs `update <table> set <assignment>` while no trigger of the table runs, so that no row counts as updated. */
  readonly updateSilently: (session: Session, target: HookTarget, assignment: string) => Promise<void>;
  /**
   * Does something with all rows of a table, of which none may be hidden from the role.
   *
   * @throws KnexMetaError ROWS_HIDDEN
   */
  readonly withAllRows: <T>(
    session: Session,
    target: HookTarget,
    purpose: string,
    act: () => Promise<T>,
  ) => Promise<T>;
  /** The columns of the primary key, in its order. */
  readonly primaryKey: (session: Session, target: HookTarget) => Promise<readonly string[]>;
  /**
   * Makes a metadata column the project's own new column, without writing a row: where the two types hold the same
   * values and the order of the project's own columns stays.
   *
   * @returns false where nothing was changed, so that values have to be copied
   */
  readonly keepColumn?: (
    session: Session,
    target: HookTarget,
    key: string,
    metadataName: string,
    ownName: string,
  ) => Promise<boolean>;
  /** Copies values that a person or program wrote (not the defaults) from one column to another. */
  readonly carryValues: (
    session: Session,
    target: HookTarget,
    key: string,
    from: string,
    to: string,
  ) => Promise<CarryOutcome>;
  /** Makes the trigger fit what the table has now: creates, replaces or drops it. */
  readonly reconcileTrigger: (session: Session, target: HookTarget) => Promise<void>;
  readonly ownTriggers: OwnTriggers;
  /** Methods that the engine's client class has in place of Knex's. */
  readonly extendClient?: (base: ClientClass) => ClientClass;
  /** A client whose answers have no metadata column that the code did not name. */
  readonly hideMetadata: (base: ClientClass) => ClientClass;
}
