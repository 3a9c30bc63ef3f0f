import type { Operation } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { ForeignKey } from '../schema/constraints.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Comparison } from './comparison.js';

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
  const rebuilt = operations.flatMap((operation) => {
    if (!holdsColumns || operation.kind !== 'column' || !operation.from || !operation.to) return [];
    const { table, from, to } = operation;
    const isTyped = from.type !== to.type;
    return isTyped || from.collation !== to.collation ? [{ table, name: to.name, isTyped }] : [];
  });
  const going = goingKeys(operations);
  if (rebuilt.length === 0 && going.length === 0) return operations;
  const rebuiltIn = (table: ObjectName, names: readonly string[]) =>
    rebuilt.filter((each) => sameObject(each.table, table) && names.includes(each.name));
  const isChanged = (table: ObjectName, names: readonly string[]) =>
    rebuiltIn(table, names).some(({ isTyped }) => isTyped);
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
  /** What else is in the index of a key that is referred to: it is made anew with that. */
  const includedWith = ({ target, targetColumns = [] }: ForeignKey): readonly string[] => {
    const table = actual.tables.find((each) => sameObject(each, target));
    const all = [...(table?.primaryKey === undefined ? [] : [table.primaryKey]), ...(table?.uniques ?? [])];
    return all
      .filter(({ columns }) => columns.every((column) => targetColumns.includes(column)))
      .flatMap(({ include }) => include);
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
          rebuiltIn(key.target, includedWith(key)).length > 0 ||
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
