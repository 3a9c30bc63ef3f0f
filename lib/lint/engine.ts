import type { Knex } from 'knex';
import type { ObjectName } from '../schema/names.js';
import type { Action } from './action.js';
import type { KnownColumn } from './known.js';
import type { LintRule } from './rule.js';

/** One statement of a text of several, with what it does. */
export interface ReadStatement {
  readonly text: string;
  readonly actions: readonly Action[];
}

/** What the catalog says of a table, as far as rules ask. */
export interface CatalogTable {
  readonly table: ObjectName;
  readonly columns: readonly (KnownColumn & { readonly name: string })[];
  /** Columns that a validated check says are never NULL. */
  readonly neverNull: readonly string[];
}

/** What may be asked of a database, which is only read; every question gives up softly. */
export interface Witness {
  readonly catalog: () => Promise<readonly CatalogTable[]>;
  /** The number that a query answers; undefined where it cannot be had in time. */
  readonly count: (sql: string) => Promise<number | undefined>;
  /** The rows of a table, at most `limit` + 1 of them counted. */
  readonly rows: (table: ObjectName, limit: number) => Promise<number | undefined>;
}

/** The engine's side of `lint`. */
export interface LintEngine {
  /** The rules that mean something on this engine. */
  readonly rules: readonly LintRule[];
  /**
   * What statements do. Text that the engine's parser does not understand is an action too.
   *
   * @param isOwn - it runs because of the hook, or of the engine's own way to alter a table
   */
  readonly read: (sql: string, isOwn: boolean) => Promise<readonly ReadStatement[]>;
  readonly witness: (db: Knex) => Witness;
}
