import type { Operation } from '../operations/operation.js';
import type { ObjectName } from '../schema/names.js';

/** A thing that a person says was renamed; `table` and `type` are the new names. */
export type Rename =
  | { readonly kind: 'table'; readonly from: ObjectName; readonly to: ObjectName }
  | { readonly kind: 'column'; readonly table: ObjectName; readonly from: string; readonly to: string }
  | { readonly kind: 'type'; readonly from: ObjectName; readonly to: ObjectName }
  | { readonly kind: 'enumValue'; readonly type: ObjectName; readonly from: string; readonly to: string };

/** The kinds of objects that a database may have without any model of them. */
export type LeftKind = 'view' | 'function' | 'trigger' | 'sequence' | 'domain' | 'extension' | 'schema';

export const LEFT_KINDS: readonly LeftKind[] = [
  'view',
  'function',
  'trigger',
  'sequence',
  'domain',
  'extension',
  'schema',
];

export interface DiffOptions {
  /** What the models say was renamed; they may say it for ever. */
  readonly renames?: readonly Rename[];
  /** What a person says is to be renamed by this one migration. */
  readonly once?: readonly Rename[];
  /** Whether a table, view or other object is the project's to manage, by schema and name. Default: all are. */
  readonly includes?: (object: ObjectName) => boolean;
  /** Kinds of objects that stay when no model has them: all of `LeftKind` where nothing is said. */
  readonly leave?: readonly LeftKind[];
  /** Tables of the migrator's own besides `knex_migrations`, its lock and its journal. */
  readonly ownTables?: readonly string[];
  /** Metadata columns that get an index with the table: such an index is not in a migration. */
  readonly indexedMetadata?: readonly string[];
}

/** What is in the database or in the models and is not made a change: it is named, never dropped in silence. */
export interface Unmanaged {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  /** True for a difference between models and database that no generated migration can remove. */
  readonly isDifferent?: true;
}

/** The differences that no generated migration can remove. */
export const writtenByHand = (unmanaged: readonly Unmanaged[]): readonly Unmanaged[] =>
  unmanaged.filter(({ isDifferent }) => isDifferent === true);

export interface Difference {
  /** In an order in which they can be run. */
  readonly operations: readonly Operation[];
  /** Renames that might be meant where something went and a like thing came: to be asked, never assumed. */
  readonly candidates: readonly Rename[];
  readonly unmanaged: readonly Unmanaged[];
}
