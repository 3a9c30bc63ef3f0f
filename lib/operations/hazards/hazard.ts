import type { Column } from '../../schema/column.js';
import type { DatabaseSchema, TypeFacts } from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import type { EnumChange, Operation } from '../operation.js';
import type { Conversion } from './conversion.js';
import type { RecomputedPart } from './functions.js';

/** `review`: a person has to look at the expression, because the database cannot say whether it is meant. */
type HazardKind = 'data loss' | 'can fail' | 'long lock' | 'incompatible' | 'review';

/** What a conversion depends on besides the types. */
export interface ColumnFacts extends TypeFacts {
  /** True for a column of a table that checks the types of values. */
  readonly isStrict?: boolean;
}

/** A read-only query of one number. */
export interface Evidence {
  readonly sql: string;
  /** What it counts, many of them: `rows with NULL in it`. */
  readonly counts: string;
}

/** What can go wrong when an operation runs on a database that is in use. */
export interface Hazard {
  readonly kind: HazardKind;
  readonly message: string;
  /** The safe way. */
  readonly remedy: string;
  readonly evidence: Evidence | undefined;
}

/** What hazards depend on besides the operation. */
export interface HazardFacts {
  /** A table or column in SQL. */
  readonly quote: (name: string) => string;
  /** True where an index or constraint can be made while others write. */
  readonly isConcurrent: boolean;
  /** Whether an enum becomes another type, to which its columns go over. */
  readonly isMadeAnew: (
    change: EnumChange,
    operations: readonly Operation[],
    before: readonly Table[],
  ) => boolean;
  /**
   * What happens to the values of a column that gets another type.
   *
   * @param name - the column in SQL, as it is before the change
   */
  readonly convert: (name: string, from: Column, to: Column, types?: ColumnFacts) => Conversion;
  /** Whether a default gives each row another value, so that a new column rewrites the table. */
  readonly isVolatile: (expression: string) => boolean;
  /** What tables hold of the results of a function that gets another body. */
  readonly recomputed: (
    change: Extract<Operation, { readonly kind: 'function' }>,
    before: DatabaseSchema,
  ) => readonly RecomputedPart[];
  /** A condition that is true of rows which have one of these values of an enum in a column. */
  readonly hasValue: (name: string, column: Column, values: readonly string[]) => string;
}

export interface Quoting {
  readonly table: (name: ObjectName) => string;
  readonly name: (name: string) => string;
}

export function quoting({ quote }: HazardFacts): Quoting {
  return {
    table: ({ schema, name }) => (schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`),
    name: quote,
  };
}

export const textOf = ({ schema, name }: ObjectName) =>
  schema === undefined || schema === 'public' ? name : `${schema}.${name}`;

export function count(table: string, where: string | undefined, counts: string): Evidence {
  return {
    sql: `select count(*) as count from ${table}${where === undefined ? '' : ` where ${where}`}`,
    counts,
  };
}
