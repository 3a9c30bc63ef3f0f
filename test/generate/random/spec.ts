import type { Rename } from '../../../lib/diff/options.js';

export type EngineName = 'postgresql' | 'sqlite';

/** A column by its slot: the same slot before and after is the same column, whatever its name. */
export interface ColumnSpec {
  readonly slot: string;
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** SQL; where the slot is on one side only, a required column has one. */
  readonly defaultTo: string | undefined;
  readonly numbering: string | undefined;
  /** The expression, on the names of its side. */
  readonly computed: string | undefined;
  readonly collation: string | undefined;
  readonly comment: string | undefined;
  /** The slot of the table that a single key refers to. */
  readonly target: string | undefined;
}

/** A constraint or index of a table, as SQL behind its name. */
export interface PartSpec {
  readonly key: string;
  readonly kind: 'constraint' | 'index';
  readonly name: string | undefined;
  /** Of an index all behind the table's name, of a constraint all behind its own. */
  readonly definition: string;
  readonly unique?: boolean;
  readonly comment?: string | undefined;
}

/** A foreign key of several columns, by the names of its side. */
export interface KeySpec {
  readonly name: string | undefined;
  readonly columns: readonly string[];
  /** The slot of the table that it refers to, and its columns there. */
  readonly target: string;
  readonly targetColumns: readonly string[];
  /** What it does, and when. */
  readonly rest: string;
}

export interface TableSpec {
  readonly slot: string;
  readonly schema: string | undefined;
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly parts: readonly PartSpec[];
  /** The slots that the primary key is of. */
  readonly primary: readonly string[];
  /** The primary key, and what else is a key beside it; none where a column says so itself. */
  readonly primaryKey: readonly string[];
  readonly keys: readonly KeySpec[];
  /** What the key of one column does, and when. */
  readonly refers: string;
  readonly metadata: boolean;
  readonly settings: string;
  readonly comment: string | undefined;
  /** The body of a trigger, on the names of its side. */
  readonly trigger: string | undefined;
}

/** All else, in the order in which it can be made. */
export interface ObjectSpec {
  readonly stage: 'before tables' | 'after tables';
  readonly sql: string;
}

/** One side: a database. */
export interface Side {
  readonly tables: readonly TableSpec[];
  readonly objects: readonly ObjectSpec[];
  /** The values of the enum type that are on both sides, by their names on this one. */
  readonly mood: readonly string[];
}

export interface PairSpec {
  readonly engine: EngineName;
  readonly before: Side;
  readonly after: Side;
  readonly renames: readonly Rename[];
  /** Of which a model could not say whether they were made. */
  readonly once: readonly Rename[];
  readonly rows: number;
}

export const q = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function tableSql({
  schema,
  name,
}: {
  readonly schema: string | undefined;
  readonly name: string;
}): string {
  return schema === undefined ? q(name) : `${q(schema)}.${q(name)}`;
}

export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
