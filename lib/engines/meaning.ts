import type { Knex } from 'knex';
import type { Column } from '../schema/column.js';
import type { DatabaseSchema } from '../schema/database.js';

/** What values of a column are to an application. */
export type MeaningKind =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  | 'text without case'
  /** Blanks at its end do not count when it is compared. */
  | 'text without its last blanks'
  | 'binary'
  | 'instant'
  | 'time without zone'
  | 'date'
  | 'time of day'
  | 'json'
  | 'uuid'
  /** A type that only this engine has; `word` is its name. */
  | 'other';

/** A column in words that all engines share. */
export interface Meaning {
  readonly kind: MeaningKind;
  /** The type's own word, where `kind` is `other`. */
  readonly word: string;
  /** False: the engine takes values of other types too. */
  readonly isEnforced: boolean;
  /** Of an integer, where the engine refuses greater ones. */
  readonly bits: number | undefined;
  /** Of a float: true where it holds 7 digits in place of 15. */
  readonly isSingle: boolean;
  /** Of an instant: true where the default is a text that does not say that it is UTC. */
  readonly lacksZone: boolean;
  /** Of a text, as declared. */
  readonly length: number | undefined;
  /** Of a decimal, as declared: digits, and digits behind the point. */
  readonly digits: string | undefined;
  /** What the driver gives: `number`, `string`, `Date`, ... */
  readonly comesAs: string;
  /** The values that are allowed, of an enum type, whose order they have. */
  readonly values: readonly string[] | undefined;
  /** A literal default as plain text, `now`, or `expression`; undefined when there is none. */
  readonly defaultTo: string | undefined;
}

/** How an engine behaves beyond its columns, in one line each: the same keys on every engine. */
export interface Traits {
  /** True when foreign keys are enforced on this connection. */
  readonly enforcesKeys: boolean;
  /** True when a LIKE of other case matches too. */
  readonly likeIgnoresCase: boolean;
  /** What the order of texts follows. */
  readonly textOrder: string;
}

/** What of an engine an application notices when it changes to another one. */
export interface MeaningEngine {
  readonly meaningOf: (column: Column, schema: DatabaseSchema) => Meaning;
  readonly traits: (db: Knex) => Promise<Traits>;
}
