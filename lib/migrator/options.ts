import type { StatementLimits } from '../engines/migrations.js';
import type { Settings } from './settings.js';

/** How the migrations of one run share transactions. */
export type TransactionMode = 'each' | 'all' | 'none';

/** Settings of one run. Times are milliseconds. */
export interface RunOptions extends StatementLimits {
  /**
   * `all` (the default): one transaction for the run, so that it is wholly done or wholly undone; `each`: one for each
   * migration; `none`. A migration's own `export const config = { transaction: false }` goes before it, and does not
   * change the others.
   */
  readonly transaction?: TransactionMode | undefined;
  /** Knex's word for `transaction: 'none'`. */
  readonly disableTransactions?: boolean | undefined;
  /** How often a migration is tried again that did not get a lock in time. Default 0; with a `lockTimeout` 5. */
  readonly retries?: number | undefined;
  /** How long another run of migrations is waited for. Default: for another of ours without end, else 10 seconds. */
  readonly lockWait?: number | undefined;
  /** Makes a backup before the first change: at the path, or beside the working directory's name for it. */
  readonly backup?: boolean | string | undefined;
  /** Refuses when an applied file was edited. */
  readonly strict?: boolean | undefined;
  /** Refuses when a pending migration is older than one that is applied. */
  readonly strictOrder?: boolean | undefined;
  /** Ends the run: what is in a transaction is undone. */
  readonly signal?: AbortSignal | undefined;
}

/** The mode of a run, from its options and the project's configuration. */
export function modeOf(options: RunOptions, { disableTransactions }: Settings): TransactionMode {
  if (options.transaction !== undefined) return options.transaction;
  return options.disableTransactions || disableTransactions === true ? 'none' : 'all';
}
