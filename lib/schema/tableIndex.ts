import type { StorageOption } from './names.js';

/** One key of an index: either a column or an expression. */
export interface KeyPart {
  readonly column: string | undefined;
  /** As the engine writes it in an index. */
  readonly expression: string | undefined;
  /** The operator class where it is not the default of the type. */
  readonly opclass: string | undefined;
  readonly opclassOptions: readonly StorageOption[];
  /** The collation where it is not the column's; of an expression, where it is not the default one. */
  readonly collation: string | undefined;
  readonly descending: boolean;
  /** Where NULL stands in the order of the index. */
  readonly nulls: 'first' | 'last';
}

/** An index that no constraint made. */
export interface Index {
  readonly name: string;
  readonly comment: string | undefined;
  /** `btree`, `gin`, ... */
  readonly method: string;
  readonly unique: boolean;
  readonly keys: readonly KeyPart[];
  readonly include: readonly string[];
  /** The WHERE of a partial index. */
  readonly predicate: string | undefined;
  readonly nullsNotDistinct: boolean;
  readonly options: readonly StorageOption[];
  /** False for what a CREATE INDEX CONCURRENTLY that failed has left. */
  readonly isValid: boolean;
}
