import type { Operation } from '../operations/operation.js';
import { sameObject, subjectOf } from '../operations/operation.js';
import type { ForeignKey } from '../schema/constraints.js';
import type { DatabaseSchema, View } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Comparison } from './comparison.js';

/** Tables of which a column that a view may read is altered, dropped or renamed. */
function touchedTables(operations: readonly Operation[]): readonly ObjectName[] {
  return operations.flatMap((operation) => {
    const isTouching =
      (operation.kind === 'column' && operation.from !== undefined && isHeld(operation)) ||
      operation.kind === 'renameColumn' ||
      (operation.kind === 'table' && operation.from !== undefined);
    const subject = subjectOf(operation);
    return isTouching && subject !== undefined ? [subject] : [];
  });
}

function isHeld({ from, to }: Extract<Operation, { kind: 'column' }>): boolean {
  return (
    to === undefined ||
    from?.type !== to.type ||
    from?.collation !== to.collation ||
    from?.generated?.expression !== to.generated?.expression
  );
}

/** The types that change, by whose values views may compare: also by the names that they had. */
function touchedTypes(operations: readonly Operation[]): readonly ObjectName[] {
  const touched = operations.flatMap((operation) =>
    (operation.kind === 'enum' ||
      (operation.kind === 'domain' && operation.from?.type !== operation.to?.type)) &&
    operation.from !== undefined &&
    operation.to !== undefined
      ? [operation.to]
      : [],
  );
  return operations.reduceRight<readonly ObjectName[]>(
    (all, each) =>
      each.kind === 'renameType' && all.some((type) => sameObject(type, each.to)) ? [...all, each.from] : all,
    touched,
  );
}

/** The functions that go, or are made anew: with what they give back, or for a type that changes. */
function touchedFunctions(
  operations: readonly Operation[],
  types: readonly ObjectName[],
  { functions }: DatabaseSchema,
): readonly ObjectName[] {
  return [
    ...operations.flatMap((operation) => {
      if (operation.kind !== 'function' || operation.from === undefined) return [];
      const { from, to } = operation;
      return to === undefined || to.result !== from.result || to.kind !== from.kind ? [from] : [];
    }),
    ...functions.filter(({ dependsOn }) =>
      dependsOn.some((each) => each.kind === 'type' && types.some((type) => sameObject(type, each))),
    ),
  ];
}

/** The views that need one of these objects, or another such view. */
function viewsOver(views: readonly View[], objects: readonly ObjectName[]): readonly View[] {
  const reached: ObjectName[] = [...objects];
  const found = new Set<View>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const view of views) {
      const needs = view.dependsOn.some((each) => reached.some((object) => sameObject(object, each)));
      if (found.has(view) || !needs) continue;
      found.add(view);
      reached.push(view);
    }
  }
  return [...found];
}

/** A view that changes keeps what no model says of it. */
function keepAttached(operation: Operation): Operation {
  if (operation.kind !== 'view' || operation.from === undefined || operation.to === undefined)
    return operation;
  return { ...operation, to: { ...operation.to, attached: operation.from.attached } };
}

/**
 * Views that stand in the way of other changes are dropped before and created after: to the operations come those
 * of views that do not change themselves.
 */
export function aroundViews(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  operations: readonly Operation[],
  holdsColumns: boolean,
): readonly Operation[] {
  const types = holdsColumns ? touchedTypes(operations) : [];
  const byType = actual.tables.filter((table) =>
    table.columns.some(({ userType }) => types.some((type) => sameObject(type, userType))),
  );
  const changed = operations.flatMap((operation) =>
    operation.kind === 'view' && operation.from !== undefined ? [operation.from] : [],
  );
  const isChanged = (view: View) => changed.some((each) => sameObject(each, view));
  const functions = holdsColumns ? touchedFunctions(operations, types, actual) : [];
  const tables = holdsColumns ? [...touchedTables(operations), ...types, ...byType, ...functions] : [];
  // On every engine a view that is gone for a moment leaves those over it without it.
  const inTheWay = viewsOver(actual.views, [...tables, ...changed]);
  return [
    ...operations.map(keepAttached),
    ...inTheWay.flatMap((from): readonly Operation[] => {
      if (isChanged(from)) return [];
      // One that no model has is left alone: it comes back as it was.
      const to = desired.views.find((view) => sameObject(view, from)) ?? from;
      return [{ kind: 'view', from, to: { ...to, attached: from.attached } }];
    }),
  ];
}

/** A key of a table that others can refer to. */
interface TargetKey {
  readonly table: ObjectName;
  readonly columns: readonly string[];
}

/** The keys, and unique indexes, that go: by their table and columns. */
function goingKeys(operations: readonly Operation[]): readonly TargetKey[] {
  return operations.flatMap((operation) => {
    if (operation.kind === 'primaryKey' || operation.kind === 'unique')
      return operation.from === undefined
        ? []
        : [{ table: operation.table, columns: operation.from.columns }];
    if (operation.kind !== 'index' || operation.from === undefined || !operation.from.unique) return [];
    return [{ table: operation.table, columns: operation.from.keys.flatMap(({ column }) => column ?? []) }];
  });
}

/** All keys of a table, as often as it has them. */
function keysOf({ schema, name, primaryKey, uniques, indexes }: Table): readonly TargetKey[] {
  const table = { schema, name };
  const unique = indexes.filter((index) => index.unique && index.predicate === undefined);
  return [
    ...[...(primaryKey === undefined ? [] : [primaryKey]), ...uniques].map(({ columns }) => columns),
    ...unique.map(({ keys }) => keys.flatMap(({ column }) => column ?? [])),
  ].map((columns) => ({ table, columns }));
}

/** Whether they are one key: by name, or where they have none by all that they say. */
function isSameKey(a: ForeignKey | undefined, b: ForeignKey | undefined): boolean {
  return a?.name === undefined && b?.name === undefined
    ? JSON.stringify(a) === JSON.stringify(b)
    : a?.name === b?.name;
}

/**
 * The foreign keys, the same before and after, with a column on either side that changes its type, or to a key that is
 * made anew.
 */
export function aroundKeys(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  operations: readonly Operation[],
  { holdsColumns, foldName }: Pick<Comparison, 'holdsColumns' | 'foldName'>,
): readonly Operation[] {
  const changed = operations.flatMap((operation) =>
    holdsColumns &&
    operation.kind === 'column' &&
    operation.from &&
    operation.to &&
    operation.from.type !== operation.to.type
      ? [{ table: operation.table, name: operation.to.name }]
      : [],
  );
  const going = goingKeys(operations);
  if (changed.length === 0 && going.length === 0) return operations;
  const isChanged = (table: ObjectName, names: readonly string[]) =>
    changed.some((each) => sameObject(each.table, table) && names.includes(each.name));
  const isSameTable = (a: ObjectName, b: ObjectName) =>
    a.schema === b.schema && foldName(a.name) === foldName(b.name);
  const isGoing = ({ target, targetColumns }: ForeignKey) => {
    const table = actual.tables.find((each) => isSameTable(each, target));
    const wanted = (targetColumns ?? table?.primaryKey?.columns ?? []).map(foldName);
    const isWanted = (key: TargetKey) =>
      isSameTable(key.table, target) &&
      key.columns.length === wanted.length &&
      key.columns.every((column) => wanted.includes(foldName(column)));
    const gone = going.filter(isWanted).length;
    // Where a foreign key is of columns, and of no key by name, another one on them does.
    const isHeld = !holdsColumns && (table ? keysOf(table) : []).filter(isWanted).length > gone;
    return gone > 0 && !isHeld;
  };
  const isComing = (table: ObjectName, key: ForeignKey) =>
    operations.some(
      (each) =>
        (each.kind === 'table' && sameObject(each.to, table)) ||
        (each.kind === 'foreignKey' && sameObject(each.table, table) && isSameKey(each.to, key)),
    );
  const keys = desired.tables.flatMap(({ schema, name, foreignKeys }) =>
    foreignKeys
      .filter((key) => !isComing({ schema, name }, key))
      .filter(
        (key) =>
          isChanged({ schema, name }, key.columns) ||
          isChanged(key.target, key.targetColumns ?? []) ||
          isGoing(key),
      )
      .map((key) => ({ table: { schema, name }, key })),
  );
  const isRenamed = (table: ObjectName, name: string | undefined) => (operation: Operation) =>
    operation.kind === 'renamePart' && sameObject(operation.table, table) && operation.to === name;
  return [
    // What is made anew has its new name at once.
    ...operations.filter((each) => !keys.some(({ table, key }) => isRenamed(table, key.name)(each))),
    ...keys.flatMap(({ table, key }): readonly Operation[] => {
      const rename = operations.find(isRenamed(table, key.name));
      const name = rename?.kind === 'renamePart' ? rename.from : key.name;
      const had = actual.tables
        .find((each) => sameObject(each, table))
        ?.foreignKeys.find((each) => isSameKey(each, name === key.name ? key : { ...key, name }));
      return [
        { kind: 'foreignKey', table, from: had ?? key, to: undefined },
        { kind: 'foreignKey', table, from: undefined, to: key },
      ];
    }),
  ];
}
