import type { View } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import type { Table, Trigger } from '../../../schema/table.js';
import type { Index } from '../../../schema/tableIndex.js';
import { withoutPrecision } from '../trigger.js';
import { type ColumnRow, numbered } from './columns.js';
import { type ConstraintRow, checkOf, exclusionOf, foreignKeyOf, keyOf } from './constraints.js';
import { type IndexRow, type IndexWords, indexOf } from './indexes.js';
import type { RelationRow } from './relations.js';
import type { SequenceRow } from './sequences.js';
import { stable } from './stable.js';
import { type TriggerRow, triggerOf } from './triggers.js';

type ByRelation<Row> = ReadonlyMap<string | undefined, readonly Row[]>;

/** Everything that belongs to a relation, by the relation's oid. */
export interface RelationParts {
  readonly columns: ByRelation<ColumnRow>;
  readonly sequences: ByRelation<SequenceRow>;
  readonly constraints: ByRelation<ConstraintRow>;
  readonly indexes: ByRelation<IndexRow>;
  readonly triggers: ByRelation<TriggerRow>;
  readonly dependencies: ByRelation<Dependency>;
  readonly words: IndexWords;
}

function indexesOf(id: string, columns: readonly ColumnRow[], parts: RelationParts): readonly Index[] {
  const rows = parts.indexes.get(id) ?? [];
  if (rows.length === 0) return [];
  const names = new Map(columns.map(({ number, column }) => [number, column.name]));
  const collations = new Map(
    columns.flatMap(({ number, shape: { collation_id: own } }) =>
      own === undefined ? [] : [[number, own] as const],
    ),
  );
  return rows.map((row) => indexOf(row, names, collations, parts.words));
}

function triggersOf(id: string, parts: RelationParts): readonly Trigger[] {
  return (parts.triggers.get(id) ?? []).map(triggerOf);
}

export function tableOf(row: RelationRow, parts: RelationParts): Table {
  const { id, schema, name, comment, extension, bounds } = row;
  const columns = parts.columns.get(id) ?? [];
  const owned = parts.sequences.get(id) ?? [];
  const names = new Map(columns.map(({ number, column }) => [number, column.name]));
  const constraints = parts.constraints.get(id) ?? [];
  const ofKind = (kind: ConstraintRow['kind']) => constraints.filter((each) => each.kind === kind);
  const [primary] = ofKind('p');
  const [parent] = row.parents ?? [];
  const isPartition = bounds !== undefined && parent !== undefined;
  return {
    schema,
    name,
    comment,
    extension,
    columns: columns.map((column) =>
      numbered(
        column,
        owned.filter((sequence) => sequence.owner_column === column.number),
      ),
    ),
    primaryKey: primary && keyOf(primary, names),
    uniques: ofKind('u').map((each) => keyOf(each, names)),
    foreignKeys: ofKind('f').map((each) => foreignKeyOf(each, names)),
    checks: ofKind('c').map(checkOf),
    exclusions: ofKind('x').map(exclusionOf),
    indexes: indexesOf(id, columns, parts),
    triggers: triggersOf(id, parts),
    partitionedBy: row.partition_key,
    partitionOf: isPartition ? { parent, bounds } : undefined,
    inherits: isPartition ? [] : (row.parents ?? []),
    isUnlogged: row.unlogged,
    rowSecurity: row.row_security,
    isStrict: false,
    isWithoutRowid: false,
    options: row.options ?? [],
    dependsOn: parts.dependencies.get(id) ?? [],
  };
}

export function viewOf(row: RelationRow, parts: RelationParts): View {
  const { id, schema, name, comment, extension } = row;
  const columns = parts.columns.get(id) ?? [];
  return {
    schema,
    name,
    comment,
    extension,
    isMaterialized: row.kind === 'm',
    // A view's types are its tables' types, and of metadata columns both precisions are right.
    columns: columns.map(({ shape: { name, type, comment } }) => ({
      name,
      type: withoutPrecision(type),
      comment,
    })),
    definition: stable((row.definition ?? '').trim().replace(/;$/, '')),
    options: row.options ?? [],
    isPopulated: row.populated,
    attached: row.attached ?? [],
    indexes: indexesOf(id, columns, parts),
    triggers: triggersOf(id, parts),
    dependsOn: parts.dependencies.get(id) ?? [],
  };
}
