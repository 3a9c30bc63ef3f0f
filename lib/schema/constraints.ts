import type { ConflictAction } from './column.js';
import type { ObjectName, StorageOption } from './names.js';
import type { KeyPart } from './tableIndex.js';

/** When a constraint is checked. */
export type Deferral = 'not deferrable' | 'initially immediate' | 'initially deferred';

/** What every constraint has. `name` is undefined where the engine lets constraints go unnamed. */
interface Constraint {
  readonly name: string | undefined;
  readonly comment: string | undefined;
}

/** A primary key or a unique constraint. */
export interface KeyConstraint extends Constraint {
  readonly columns: readonly string[];
  /** The columns with collation and direction; set only where a part has one of its own. */
  readonly parts: readonly KeyPart[] | undefined;
  /** Columns that are in the key's index only. */
  readonly include: readonly string[];
  readonly deferral: Deferral;
  readonly nullsNotDistinct: boolean;
  /** True when the last column is a range that must not overlap. */
  readonly withoutOverlaps: boolean;
  readonly options: readonly StorageOption[];
  readonly conflict: ConflictAction | undefined;
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

export interface ForeignKey extends Constraint {
  readonly columns: readonly string[];
  readonly target: ObjectName;
  /** Undefined where the key refers to the target's primary key without naming its columns. */
  readonly targetColumns: readonly string[] | undefined;
  readonly onUpdate: ReferentialAction;
  readonly onDelete: ReferentialAction;
  /** The columns that ON DELETE SET NULL or SET DEFAULT sets, where not all. */
  readonly onDeleteColumns: readonly string[];
  readonly match: 'simple' | 'full';
  readonly deferral: Deferral;
  /** False for NOT VALID: rows from before it were never checked. */
  readonly isValid: boolean;
  /** False for NOT ENFORCED. */
  readonly isEnforced: boolean;
  /** True when the last column is a PERIOD. */
  readonly withPeriod: boolean;
}

export interface Check extends Constraint {
  /** As the engine writes it, without the word CHECK. */
  readonly expression: string;
  readonly isValid: boolean;
  readonly isEnforced: boolean;
  /** False for NO INHERIT. */
  readonly isInheritable: boolean;
  /** True when the table has it from a parent table only. */
  readonly isInherited: boolean;
}

export interface Exclusion extends Constraint {
  /** All behind the constraint's name, as the engine writes it. */
  readonly definition: string;
}
