import type { Column } from './column.js';
import type { Check, Exclusion, ForeignKey, KeyConstraint } from './constraints.js';
import type { DatabaseObject, Dependency, ObjectName, StorageOption } from './names.js';
import type { Index } from './tableIndex.js';

export interface Trigger {
  readonly name: string;
  readonly comment: string | undefined;
  /** The statement that creates it, as the engine writes it. */
  readonly definition: string;
  /** The function that it calls, where the engine's triggers call one. */
  readonly calls: ObjectName | undefined;
  /** `replica` and `always`: it fires in replicated sessions only, or there too. */
  readonly enabled: 'yes' | 'no' | 'replica' | 'always';
  /** The column that it keeps when it is the update trigger of knex-meta; undefined for every other trigger. */
  readonly stamps: string | undefined;
}

export interface Table extends DatabaseObject {
  readonly columns: readonly Column[];
  readonly primaryKey: KeyConstraint | undefined;
  readonly uniques: readonly KeyConstraint[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly checks: readonly Check[];
  readonly exclusions: readonly Exclusion[];
  readonly indexes: readonly Index[];
  readonly triggers: readonly Trigger[];
  /** The partition key, as the engine writes it, of a table that is kept in partitions. */
  readonly partitionedBy: string | undefined;
  /**
   * The table that this one is a partition of, and for which values. Of a partition's constraints, indexes and
   * triggers only those are listed that it has not from its parent.
   */
  readonly partitionOf: { readonly parent: ObjectName; readonly bounds: string } | undefined;
  /** Tables that this one inherits from; a partition's is in `partitionOf`. */
  readonly inherits: readonly ObjectName[];
  readonly isUnlogged: boolean;
  /** Row-level security; its policies are among `DatabaseSchema.others`. */
  readonly rowSecurity: 'off' | 'on' | 'forced';
  /** True where the engine checks the types of values only when the table says so, and it does. */
  readonly isStrict: boolean;
  /** True for a table that is kept in the order of its primary key. */
  readonly isWithoutRowid: boolean;
  readonly options: readonly StorageOption[];
  /** Functions, types and sequences that its columns, checks and indexes name. */
  readonly dependsOn: readonly Dependency[];
}
