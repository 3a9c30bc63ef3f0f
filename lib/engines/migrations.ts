import type { Knex } from 'knex';
import type { SandboxEngine } from './sandbox.js';

/** Where Knex's record of applied migrations is. */
export interface RecordTables {
  readonly tableName: string;
  readonly lockTable: string;
  readonly schemaName: string | undefined;
  /** False where the role may not make the journal's table: a run goes on without one. */
  readonly hasJournal?: boolean;
}

/** Why the right to run migrations could not be had at once. */
export interface LockBusy {
  /**
   * `knex-meta`: another run of ours; `knex`: stock Knex runs, or was killed; `writer`: another program writes to
   * the database.
   */
  readonly by: 'knex-meta' | 'knex' | 'writer';
  /** Who it is, as far as can be told, e.g. `pid 4711 on web-1`. */
  readonly holder: string;
}

/**
 * The right to run migrations. The operating system or the server takes it away when its holder dies, so that
 * nothing is left locked.
 */
export interface RunLock {
  /**
   * Tries once, without waiting. Undefined: it is ours now.
   *
   * @param prepare - makes Knex's tables; called once no other run of ours can be under way
   */
  readonly tryTake: (prepare: () => Promise<void>) => Promise<LockBusy | undefined>;
  /**
   * The last statement of the run's last transaction: what others see of the lock goes when it commits, so that
   * nothing of it is left when the process ends right after.
   */
  readonly freeIn: (trx: Knex) => Promise<void>;
  /** False when a server ended the connection that holds it. */
  readonly isHeld: () => Promise<boolean>;
  /** Gives it back. `changed`: the record was written; a stock Knex that waits must not go on with what it read. */
  readonly release: (changed: boolean) => Promise<void>;
}

/** How a script of statements is written for the engine's own shell. */
export interface ScriptForm {
  /** The command that runs it, as its header says. */
  readonly command: (isOneTransaction: boolean) => string;
  /** Lines before the first statement: an error ends the script; names mean what they mean to the project. */
  readonly prelude: (schemas: {
    /** The search path of the configuration. */
    readonly path: readonly string[];
    /** The one that is created where none of the path exists. */
    readonly created: string | undefined;
    /** The record's own. */
    readonly record: string | undefined;
  }) => readonly string[];
  readonly begin: string;
  readonly commit: string;
  /** True when the command itself makes one transaction of a script that has no begin and commit. */
  readonly isWrapped: boolean;
  /** The present instant, as Knex's column of times holds it. */
  readonly now: string;
  /** A value as it stands in a statement. */
  readonly literal: (value: unknown) => string;
}

/** Limits of one migration's statements, in milliseconds; undefined: the engine's own. */
export interface StatementLimits {
  readonly lockTimeout?: number | undefined;
  readonly statementTimeout?: number | undefined;
}

/** What an error of the driver means for a run of migrations. */
export type ErrorKind =
  | 'busy'
  | 'denied'
  | 'not-writable'
  /** What a statement creates or renames to is there already. */
  | 'exists'
  | 'starting'
  | 'cancelled'
  | 'connection-lost'
  | 'other';

/** Whether the connection went in the middle: a server that is starting again resets what there was. */
export function isLost(kind: ErrorKind): boolean {
  return kind === 'connection-lost' || kind === 'starting';
}

/** The engine's side of running migrations. */
export interface MigrationEngine {
  /** What `is_locked` says of a run of ours; stock Knex takes any number but 0 for a lock. */
  readonly ownFlag: number | undefined;
  /** The lock of this database; nothing is taken yet. */
  readonly openLock: (db: Knex, tables: RecordTables) => Promise<RunLock>;
  /**
   * The first statements of a transaction that runs migrations: nobody else can begin a run before it ends, and
   * its statements give up after the limits. False: another run is at work. Throws an error of kind `busy` when
   * another program writes.
   */
  readonly beginGroup: (trx: Knex, tables: RecordTables, limits: StatementLimits) => Promise<boolean>;
  /** Undoes a transaction whose COMMIT was refused, where the engine leaves it open. */
  readonly afterRefusedCommit: (db: Knex) => Promise<void>;
  /** Whether a pooler gives each statement any server connection, so that a session's setting would reach others. */
  readonly keepsNoSession: (db: Knex) => Promise<boolean>;
  /** Knex settings for connections whose statements have the limits, for migrations without a transaction. */
  readonly limited: (config: Knex.Config, limits: StatementLimits) => Knex.Config;
  /** False: `statementTimeout` means nothing here. */
  readonly hasStatementTimeout: boolean;
  readonly kindOf: (error: unknown) => ErrorKind;
  /** Who holds the database, for an error of kind `busy`. */
  readonly blocker: (db: Knex) => Promise<string>;
  /** Ends the statement of a transaction that runs now; without one those on the pool's connections. */
  readonly cancel: (db: Knex) => Promise<void>;
  /** The character (from 0) of the statement where the engine found the error; undefined when it does not say. */
  readonly positionOf: (error: unknown) => number | undefined;
  /**
   * Writes a copy of the database to a file while others go on working.
   *
   * @throws KnexMetaError BACKUP_FAILED
   */
  readonly backup: (db: Knex, file: string) => Promise<void>;
  readonly sandbox: SandboxEngine;
  readonly script: ScriptForm;
  /**
   * Whether statements which a migration ran do the same when they stand in a file by themselves. False where they
   * name what the database had at the moment.
   */
  readonly isRepeatable: (statements: readonly string[]) => boolean;
  /** The usual extension of such a file, with its dot. */
  readonly backupExtension: string;
}
