import type { Column } from '../../schema/column.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import type { EnumChange, Operation } from '../operation.js';

type HazardKind = 'data loss' | 'can fail' | 'long lock' | 'incompatible';

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
  /** Whether every value of one type is one of the other. */
  readonly isSafeCast: (from: string, to: string) => boolean;
  /** Whether the change of type leaves the table's file as it is. */
  readonly isInPlace: (from: Column, to: Column) => boolean;
  /** True where an index or constraint can be made while others write. */
  readonly isConcurrent: boolean;
  /** Whether an enum becomes another type, to which its columns go over. */
  readonly isMadeAnew: (
    change: EnumChange,
    operations: readonly Operation[],
    before: readonly Table[],
  ) => boolean;
  /** A condition that is true of values which cannot be cast; undefined where SQL cannot say it. */
  readonly failsCast: (column: string, from: Column, to: Column) => string | undefined;
  /** A condition that is true of rows which have one of these values of an enum in a column. */
  readonly hasValue: (name: string, column: Column, values: readonly string[]) => string;
  /** A condition that is true of texts which the new type takes for numbers that are written otherwise. */
  readonly losesText: (column: string, from: Column, to: Column) => string | undefined;
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
