import type { ObjectName } from './names.js';

/** What a sequence counts. Numbers are text: they may be greater than JavaScript's. */
export interface SequenceOptions {
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycles: boolean;
}

/** The sequence that numbers a column. */
interface ColumnSequence extends ObjectName, SequenceOptions {}

/** How a column numbers itself. */
export type Numbering =
  /** `serial`: a default that takes from a sequence which the column owns. */
  | { readonly kind: 'serial'; readonly sequence: ColumnSequence }
  | { readonly kind: 'identity'; readonly always: boolean; readonly sequence: ColumnSequence }
  /** The engine's own number of the row; `reuses` is false where a number is never given twice (AUTOINCREMENT). */
  | {
      readonly kind: 'rowid';
      readonly reuses: boolean;
      /** True where the column says NOT NULL, which goes without saying. */
      readonly isRequired?: true;
    };

/** What the engine does with a row that breaks a constraint, where the constraint itself says so. */
export type ConflictAction = 'rollback' | 'abort' | 'fail' | 'ignore' | 'replace';

/** A column whose value is computed from the others of its row. */
export interface Generated {
  readonly expression: string;
  readonly kind: 'stored' | 'virtual';
}

export interface Column {
  readonly name: string;
  /** As the engine writes it, with length, precision and array brackets. */
  readonly type: string;
  /** The type as an object of the database where it is not built in: of an array, that of its elements. */
  readonly userType: ObjectName | undefined;
  readonly nullable: boolean;
  /** What NOT NULL does with a row that breaks it, where the column says so. */
  readonly notNullConflict: ConflictAction | undefined;
  /** The expression as the engine writes it. */
  readonly defaultTo: string | undefined;
  readonly numbering: Numbering | undefined;
  readonly generated: Generated | undefined;
  /** The collation where it is not the type's own, as the engine writes it. */
  readonly collation: string | undefined;
  /** Never the comment by which knex-meta marks its own columns: see `isMetadata`. */
  readonly comment: string | undefined;
  /** True when knex-meta put the column there and no migration took it over. */
  readonly isMetadata: boolean;
  /** True when the table has the column from a parent table only. */
  readonly isInherited: boolean;
}
