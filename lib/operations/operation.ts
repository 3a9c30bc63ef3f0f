import type { Column } from '../schema/column.js';
import type { Check, Exclusion, ForeignKey, KeyConstraint } from '../schema/constraints.js';
import type {
  DatabaseFunction,
  Domain,
  EnumType,
  Extension,
  NamedSchema,
  OtherObject,
  Sequence,
  View,
} from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table, Trigger } from '../schema/table.js';
import type { Index } from '../schema/tableIndex.js';

/** One change: without `from` something is created, without `to` it is dropped, with both it is altered. */
interface Change<Kind extends string, Of> {
  readonly kind: Kind;
  readonly from: Of | undefined;
  readonly to: Of | undefined;
}

/** A change of a part of a table, by the table's name when all renames are done. */
interface TableChange<Kind extends string, Of> extends Change<Kind, Of> {
  readonly table: ObjectName;
}

/** Another name for the same thing. */
interface Renaming<Kind extends string, Name> {
  readonly kind: Kind;
  readonly from: Name;
  readonly to: Name;
}

/** A value of an enum that got another name. */
export interface ValueRename {
  readonly from: string;
  readonly to: string;
}

/** An enum type, with the values that only got another name: one after the other. */
export interface EnumChange extends Change<'enum', EnumType> {
  readonly renamedValues: readonly ValueRename[];
}

/** A column; `using` is the expression by which the values become those of another type. */
export interface ColumnChange extends TableChange<'column', Column> {
  readonly using?: string;
  /** True where an explicit cast would cut a value that an assignment refuses. */
  readonly isAssigned?: boolean;
}

type PartKind = 'primaryKey' | 'unique' | 'foreignKey' | 'check' | 'exclusion' | 'index';

/** A constraint or index that got another name. */
export interface PartRename extends Renaming<'renamePart', string> {
  readonly table: ObjectName;
  readonly what: 'constraint' | 'index';
  /** The same as a drop and an addition, for an engine that has no such rename. */
  readonly parts: { readonly kind: PartKind; readonly from: object; readonly to: object };
}

/** An index, of a constraint too, or a sequence that makes room for another of its name. */
export interface RelationRename extends Renaming<'renameRelation', ObjectName> {
  readonly what: 'index' | 'sequence';
}

export interface CommentChange extends Change<'comment', string> {
  /** In words: `table`, `index`, `constraint`, `type`. */
  readonly on: string;
  readonly name: ObjectName;
  /** The table of a constraint or trigger. */
  readonly table: ObjectName | undefined;
  /** What tells functions of one name apart. */
  readonly identity?: string | undefined;
}

/** The column with which a sequence is dropped. */
interface SequenceOwnerChange extends Change<'sequenceOwner', NonNullable<Sequence['ownedBy']>> {
  readonly sequence: ObjectName;
}

type PrimaryKeyChange = TableChange<'primaryKey', KeyConstraint>;
type UniqueChange = TableChange<'unique', KeyConstraint>;
type ForeignKeyChange = TableChange<'foreignKey', ForeignKey>;
type CheckChange = TableChange<'check', Check>;
type IndexChange = TableChange<'index', Index>;
type TriggerChange = TableChange<'trigger', Trigger>;
/** What is described by its statements only. */
type OtherChange = Change<'other', OtherObject>;
type ViewChange = Change<'view', View>;
type FunctionChange = Change<'function', DatabaseFunction> & {
  /** True for one that has to be away while views or tables change: it goes and comes with the views. */
  readonly isWithViews?: true;
};
export type TableCreation = Change<'table', Table> & {
  /** True for a partition that goes or comes together with the table that it is of: dropping that drops it. */
  readonly isWithParent?: boolean;
};

/** One change of a database, as plain data. */
export type Operation =
  | Change<'schema', NamedSchema>
  | Change<'extension', Extension>
  | EnumChange
  | Change<'domain', Domain>
  | Change<'sequence', Sequence>
  | SequenceOwnerChange
  | TableCreation
  | Renaming<'renameTable', ObjectName>
  | Renaming<'renameType', ObjectName>
  | (Renaming<'renameColumn', string> & { readonly table: ObjectName })
  | PartRename
  | RelationRename
  | ColumnChange
  | PrimaryKeyChange
  | UniqueChange
  | ForeignKeyChange
  | CheckChange
  | TableChange<'exclusion', Exclusion>
  | IndexChange
  | TriggerChange
  | FunctionChange
  | ViewChange
  | OtherChange
  | CommentChange;

export type OperationKind = Operation['kind'];

/** What a value of an enum is called after renames that follow each other. */
export function renamedValue(value: string, renames: readonly ValueRename[]): string {
  return renames.reduce((name, { from, to }) => (name === from ? to : name), value);
}

/** The table, or other object, that an operation is on. */
export function subjectOf(operation: Operation): ObjectName | undefined {
  if ('table' in operation && operation.table !== undefined) return operation.table;
  switch (operation.kind) {
    case 'table':
    case 'view':
    case 'function':
    case 'enum':
    case 'domain':
    case 'sequence':
      return operation.to ?? operation.from;
    case 'renameTable':
    case 'renameType':
    case 'renameRelation':
      return operation.to;
    case 'sequenceOwner':
      return operation.sequence;
    case 'comment':
      return operation.name;
    default:
      return undefined;
  }
}

/** Whether two objects have one name. */
export function sameObject(a: ObjectName | undefined, b: ObjectName | undefined): boolean {
  return a?.name === b?.name && a?.schema === b?.schema;
}
