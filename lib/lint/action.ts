import type { ObjectName } from '../schema/names.js';

/** What a statement says of a column. */
export interface ColumnWords {
  readonly name: string;
  /** As the engine's catalog would write it, where that is known. */
  readonly type: string;
  readonly isNullable: boolean;
  /** `volatile`: another value for each row. */
  readonly defaultTo: 'none' | 'constant' | 'volatile';
  readonly numbering: 'none' | 'serial' | 'identity';
  readonly isStored: boolean;
  readonly isKey: boolean;
  readonly isUnique: boolean;
  readonly hasCheck: boolean;
  readonly references: ObjectName | undefined;
}

/** What a statement says of a constraint. */
export interface ConstraintWords {
  readonly kind: 'check' | 'foreign key' | 'unique' | 'primary key' | 'exclusion';
  readonly name: string | undefined;
  readonly columns: readonly string[];
  /** The rows that are there are not looked at. */
  readonly isNotValid: boolean;
  /** Made of an index that is there. */
  readonly usesIndex: boolean;
  /** Two rows without a value are the same to a unique constraint. */
  readonly nullsNotDistinct: boolean;
  readonly target: ObjectName | undefined;
  readonly targetColumns: readonly string[];
  /** The column that a check says is never NULL. */
  readonly notNull: string | undefined;
}

interface OfTable {
  readonly table: ObjectName;
}

/** One thing that a statement does, in the words that the engines share. */
export type Action =
  | (OfTable & {
      readonly kind: 'createTable';
      readonly columns: readonly ColumnWords[];
      readonly constraints: readonly ConstraintWords[];
      readonly isTemporary: boolean;
      readonly isQualified: boolean;
      readonly isRobust: boolean;
    })
  | (OfTable & { readonly kind: 'dropTable'; readonly isRobust: boolean })
  | (OfTable & { readonly kind: 'renameTable'; readonly to: string })
  | (OfTable & { readonly kind: 'addColumn'; readonly column: ColumnWords; readonly isRobust: boolean })
  | (OfTable & { readonly kind: 'dropColumn'; readonly name: string; readonly isRobust: boolean })
  | (OfTable & { readonly kind: 'renameColumn'; readonly name: string; readonly to: string })
  | (OfTable & {
      readonly kind: 'changeType';
      readonly name: string;
      readonly type: string;
      /** A cast that is more than `column::type`. */
      readonly isComputed: boolean;
      /** Whether it is written: an explicit cast cuts what an assignment refuses. */
      readonly isCast: boolean;
    })
  | (OfTable & { readonly kind: 'setNotNull' | 'dropNotNull'; readonly name: string })
  | (OfTable & { readonly kind: 'addConstraint'; readonly constraint: ConstraintWords })
  | (OfTable & { readonly kind: 'validateConstraint'; readonly name: string })
  | (OfTable & { readonly kind: 'dropConstraint'; readonly name: string; readonly isRobust: boolean })
  | (OfTable & {
      readonly kind: 'createIndex';
      readonly name: string;
      readonly columns: readonly string[];
      readonly size: number;
      readonly isUnique: boolean;
      readonly isPartial: boolean;
      readonly nullsNotDistinct: boolean;
      readonly isConcurrent: boolean;
      readonly isRobust: boolean;
    })
  | {
      readonly kind: 'dropIndex';
      readonly index: ObjectName;
      readonly isConcurrent: boolean;
      readonly isRobust: boolean;
    }
  | { readonly kind: 'reindex'; readonly table: ObjectName | undefined; readonly isConcurrent: boolean }
  | (OfTable & { readonly kind: 'rewrite'; readonly how: string })
  | (OfTable & {
      readonly kind: 'detachPartition';
      readonly partition: ObjectName;
      readonly isConcurrent: boolean;
    })
  | (OfTable & { readonly kind: 'attachPartition'; readonly partition: ObjectName })
  | (OfTable & { readonly kind: 'truncate'; readonly isCascade: boolean })
  | (OfTable & { readonly kind: 'deleteRows'; readonly hasWhere: boolean })
  | (OfTable & {
      readonly kind: 'updateRows';
      readonly hasWhere: boolean;
      readonly repeated: string | undefined;
    })
  | { readonly kind: 'dropObject'; readonly what: string; readonly name: string; readonly isCascade: boolean }
  | { readonly kind: 'renameObject'; readonly what: string; readonly name: string }
  | {
      readonly kind: 'addEnumValue';
      readonly type: string;
      readonly value: string;
      readonly hasPlace: boolean;
    }
  | { readonly kind: 'domain'; readonly name: string }
  | { readonly kind: 'setting'; readonly name: string; readonly isLocal: boolean }
  | { readonly kind: 'boundary'; readonly word: string }
  /** The hook copies the values of a metadata column; `isSure`: seen, and else to be expected for some types. */
  | (OfTable & { readonly kind: 'copyMetadata'; readonly name: string; readonly isSure: boolean })
  | (OfTable & { readonly kind: 'lockTable'; readonly mode: string })
  | { readonly kind: 'refreshView'; readonly view: ObjectName; readonly isConcurrent: boolean }
  | (OfTable & { readonly kind: 'createTrigger'; readonly name: string })
  | { readonly kind: 'rights'; readonly what: string }
  | { readonly kind: 'updateExtension'; readonly name: string }
  /** What the server refuses inside a transaction. */
  | { readonly kind: 'alone'; readonly what: string }
  /** The engine alters a table by copying it; `columns` is what it will have. */
  | (OfTable & { readonly kind: 'rebuild'; readonly columns: readonly ColumnWords[] })
  | { readonly kind: 'idleSetting'; readonly name: string }
  | { readonly kind: 'longName'; readonly name: string; readonly limit: number }
  | { readonly kind: 'unread'; readonly reason: string };

export type ActionKind = Action['kind'];
