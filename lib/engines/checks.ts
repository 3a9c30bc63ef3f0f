import type { Knex } from 'knex';
import type { Column } from '../schema/column.js';
import type { ObjectName } from '../schema/names.js';
import type { ColumnFacts, HookTarget, TableId } from './contract.js';
import type { JoinEngine } from './joins.js';
import type { LockBusy, RecordTables } from './migrations.js';

/** What the configuration asks of every table, with the names as the database has them. */
export type WantedMetadata = Omit<HookTarget, 'table' | 'quoted'>;

/** One metadata column as it should be in one table, in the catalog's words. */
export interface ExpectedColumn {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  /** `unknown` where this role could not have the engine write it. */
  readonly defaultTo: string | undefined | { readonly unknown: string };
}

/** The update trigger of a table, or what stands in its place. */
export interface ExaminedTrigger {
  readonly name: string;
  /** `replica`: it fires only in sessions that replicate. */
  readonly enabled: 'yes' | 'no' | 'replica';
  /** What is other than knex-meta makes it; undefined when nothing is. */
  readonly difference: string | undefined;
}

/** Another trigger, or rule, that an UPDATE of the table sets off. */
export interface OtherTrigger {
  readonly name: string;
  /** True when all that it does is undone with its transaction. */
  readonly canBeUndone: boolean;
  /** Whether it gives a value to the column of the update trigger. */
  readonly setsStamp: boolean;
}

/** All that the catalog says of one table's metadata, beside what it should say. */
export interface ExaminedTable extends TableId {
  readonly columns: readonly ColumnFacts[];
  readonly expected: readonly ExpectedColumn[];
  /** Indexes that begin with a metadata column which is to have one. */
  readonly indexes: readonly {
    readonly name: string;
    readonly column: string;
    readonly isValid: boolean;
  }[];
  readonly trigger: ExaminedTrigger | undefined;
  /** The trigger of the project's own that keeps the updated_at column: ours is not needed then. */
  readonly keptBy: string | undefined;
  /** The table's updated_at column, when it has one. */
  readonly stamped: ColumnFacts | undefined;
  /** Whether the type of that column is one that a trigger can keep. */
  readonly canStamp: boolean;
  readonly others: readonly OtherTrigger[];
  /** Names of the project's own functions in the table's schema that ours would have. */
  readonly takenNames: readonly string[];
  /** What keeps this role from creating the trigger, in words; undefined when nothing is known to. */
  readonly obstacle: string | undefined;
}

/** The database's side of `check:migration`. */
export interface Examination {
  readonly tables: readonly ExaminedTable[];
  /** Tables that another session has locked against reading: nothing is known of them. */
  readonly locked: readonly TableId[];
  /** Settings under which no trigger fires, in words, with the statement that ends each. */
  readonly silencers: readonly { readonly message: string; readonly mend: string }[];
}

/** Statements that mend one table; an empty list where there is none that does it. */
export interface Mending {
  readonly addColumn: (column: ExpectedColumn) => readonly string[];
  readonly alterColumn: (column: ExpectedColumn) => readonly string[];
  readonly addIndex: (column: string) => readonly string[];
  readonly dropIndex: (name: string) => readonly string[];
  readonly makeTrigger: () => readonly string[];
  readonly enableTrigger: () => readonly string[];
}

/** What a trigger did when it was tried, and whether that was on a row of the table or on a copy of its shape. */
export type TriggerTrial =
  | { readonly outcome: 'moved' }
  | { readonly outcome: 'still' }
  | { readonly outcome: 'no-rows' }
  /** It moves, and not to the present instant in UTC. */
  | { readonly outcome: 'wrong-time'; readonly value: string }
  | { readonly outcome: 'not-tried'; readonly reason: string }
  /** Another session holds the table, or the database. */
  | { readonly outcome: 'locked'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly message: string };

/** The engine's side of the checks. Nothing in it leaves a change. */
export interface CheckEngine {
  /**
   * Reads the named schema's tables. When none is given: those of the connection's own schema, and of those in
   * others that carry a mark of knex-meta's. A fixed number of queries.
   */
  readonly examine: (db: Knex, wanted: WantedMetadata, schema?: string) => Promise<Examination>;
  readonly mending: (table: ExaminedTable, wanted: WantedMetadata) => Mending;
  /** Updates one real row inside a transaction, says whether the column moved, and rolls back. */
  readonly tryTrigger: (db: Knex, table: TableId, column: string) => Promise<TriggerTrial>;
  /**
   * The same on a copy of the table's shape with one row, beside it, with its triggers; without those that cannot be
   * undone.
   */
  readonly tryOnCopy: (db: Knex, table: ExaminedTable) => Promise<TriggerTrial>;
  /** Who runs migrations now, by what the server or the system says; undefined when nobody of ours does. */
  readonly runHolder: (db: Knex, tables: RecordTables) => Promise<LockBusy | undefined>;
  readonly joins: JoinEngine;
  /** What makes an invalid index valid. */
  readonly mendIndex: (schema: string | undefined, index: string) => readonly string[];
  /** Statements that give a column the type and NULLs of another one; none where that cannot be told. */
  readonly alterColumn: (table: ObjectName, from: Column, to: Column) => readonly string[];
  /** The statement by which a database looks for names in this schema. */
  readonly setSearchPath: (database: string, schema: string) => readonly string[];
}
