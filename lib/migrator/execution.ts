import type { Knex } from 'knex';
import type { MigrationEngine, RecordTables, RunLock, StatementLimits } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import type { Events, MigrationRun } from './events.js';
import type { RunOptions } from './options.js';
import type { Settings } from './settings.js';
import type { Task } from './task.js';

/** What the parts of a run share. */
export interface Execution {
  /** The project's Knex instance. */
  readonly db: Knex;
  /** The view that migrations and the record are worked on through. */
  readonly view: Knex;
  readonly engine: MigrationEngine;
  readonly tables: RecordTables;
  readonly settings: Settings;
  readonly options: RunOptions;
  readonly events: Events;
  readonly lock: RunLock;
  readonly batch: number;
  /** The name and version that the journal gets. */
  readonly tool: string;
  readonly progress: Progress;
  /** A migration that was begun and killed is among those that run, and goes on. */
  readonly isResumed: boolean;
  /** Keeps the statements of errors of another view too. */
  readonly watch: (view: Knex) => void;
}

/** Where a run is: what a failure is explained from. */
export interface Progress {
  active: Task | undefined;
  ranLast: string | undefined;
  isInTransaction: boolean;
  isEnding: boolean;
  /** The journal has an open line of this run, for a migration without a transaction. */
  hasOpenLine: boolean;
  /** Whose change stays, whatever happens now. */
  readonly stays: MigrationRun[];
  /** Who ran in the transaction that is open. */
  inGroup: MigrationRun[];
}

export function newProgress(): Progress {
  return {
    active: undefined,
    ranLast: undefined,
    isInTransaction: false,
    isEnding: false,
    hasOpenLine: false,
    stays: [],
    inGroup: [],
  };
}

export function lockLost(): KnexMetaError {
  return new KnexMetaError(
    'MIGRATIONS_LOCK_LOST',
    'The server ended the connection that held the lock of this run.',
    {
      remedy: 'Another run may have begun since, so this one stopped. Run the command again.',
    },
  );
}

export function limitsOf({ options }: Execution): StatementLimits {
  const { lockTimeout, statementTimeout } = options;
  return { lockTimeout, statementTimeout };
}
