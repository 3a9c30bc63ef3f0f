import type { Column } from '../schema/column.js';

/** A call of the table builder: `string('x', 40)` without the column's name. */
export interface BuilderCall {
  readonly method: string;
  readonly args: readonly (string | number | boolean | null | Readonly<Record<string, unknown>>)[];
}

/** What a default is in the builder's words. */
export type DefaultWord =
  | { readonly kind: 'value'; readonly value: string | number | boolean }
  /** `knex.fn.now()`. */
  | { readonly kind: 'now' }
  /** SQL, as it can stand behind DEFAULT. */
  | { readonly kind: 'sql'; readonly sql: string };

/** `x in ('a', 'b')` */
export interface EnumCheck {
  readonly column: string;
  readonly values: readonly string[];
}

/** What Knex's builder makes of its words on an engine: facts, no text of a file. */
export interface Wording {
  /** The builder's method for a type as the engine writes it; undefined when it has none. */
  readonly columnCall: (type: string) => BuilderCall | undefined;
  readonly defaultWord: (column: Column) => DefaultWord | undefined;
  /** The method for a column that numbers itself as Knex's own: it is the primary key too. */
  readonly incrementsCall: (column: Column) => string | undefined;
  /** The name that a serial column's sequence gets by itself; undefined where there are none. */
  readonly serialName: (table: string, column: string) => string | undefined;
  /** The column and the values of a check that `enu()` makes; undefined for every other. */
  readonly enumCheck: (expression: string) => EnumCheck | undefined;
  /** True where the engine keeps an expression as its author wrote it. */
  readonly keepsExpressions: boolean;
  /** True where `unique()` makes an index and no constraint. */
  readonly uniqueIsIndex: boolean;
  /** True where Knex gives a primary or foreign key a name when the author gives none. */
  readonly namesKeys: boolean;
  /** True where Knex reads a `?` in SQL as a place for a binding, also when there is none. */
  readonly readsBindings: boolean;
  /** True where `.deferrable()` says something. */
  readonly defersKeys: boolean;
  /** True where `.alter()` replaces the whole column. */
  readonly altersWhole: boolean;
  /**
   * Statements before and after functions that may name what comes later; undefined where the engine looks into no
   * function that is made.
   */
  readonly aroundFunctions: readonly [before: string, after: string] | undefined;
  /**
   * Actions of ALTER TABLE that only knex-meta knows, and what a file says of them; undefined where the server knows all
   * that is written.
   */
  readonly unknownActions: { readonly pattern: RegExp; readonly note: string } | undefined;
  /** The method that an index has when none is said. */
  readonly indexMethod: string;
  readonly defaultNulls: (descending: boolean) => 'first' | 'last';
}
