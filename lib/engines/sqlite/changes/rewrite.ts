import { type Operation, type PartRename, sameObject } from '../../../operations/operation.js';
import type { Column } from '../../../schema/column.js';
import type { DatabaseSchema } from '../../../schema/database.js';

/** A rename of a constraint or index as the engine knows it: away with the one, and here is the other. */
function rewriteRename({ table, parts: { kind, from, to } }: PartRename): readonly Operation[] {
  return [
    { kind, table, from, to: undefined } as Operation,
    { kind, table, from: undefined, to } as Operation,
  ];
}

type KeyChange = Extract<Operation, { kind: 'primaryKey' }>;

/** The names that tables which are kept in the order of their primary key have at one time or another. */
function keptByKey(operations: readonly Operation[], { tables }: DatabaseSchema): ReadonlySet<string> {
  const names = new Set(tables.filter(({ isWithoutRowid }) => isWithoutRowid).map(({ name }) => name));
  for (const each of operations)
    if (each.kind === 'renameTable' && names.has(each.from.name)) names.add(each.to.name);
  return names;
}

/**
 * A table that is kept in the order of its key is never without one: the new one takes the place of the old in one
 * alteration, behind the columns that come and before those that go.
 */
function joinKeys(operations: readonly Operation[], before: DatabaseSchema): readonly Operation[] {
  const names = keptByKey(operations, before);
  const isKey = (each: Operation): each is KeyChange => each.kind === 'primaryKey';
  const keys = operations.filter(isKey).filter(({ table }) => names.has(table.name));
  return keys
    .filter(({ to }) => to === undefined)
    .reduce((all, { table, from }) => {
      const isOf = (each: Operation) => 'table' in each && sameObject(each.table, table);
      const added = keys.find((each) => each.to !== undefined && isOf(each));
      if (added === undefined) return all;
      const rest = all.filter((each) => !(isKey(each) && isOf(each) && each.to === undefined));
      const place = rest.findIndex(
        (each) =>
          each === added ||
          (isOf(each) &&
            each.kind === 'column' &&
            each.to === undefined &&
            each.from?.generated === undefined),
      );
      const without = rest.filter((each) => each !== added);
      return [...without.slice(0, place), { ...added, from }, ...without.slice(place)];
    }, operations);
}

type ColumnOperation = Extract<Operation, { kind: 'column' }>;

const isNumbered = (each: Operation): each is ColumnOperation & { readonly to: Column } =>
  each.kind === 'column' && each.to?.numbering?.kind === 'rowid' && !each.to.numbering.reuses;

/**
 * ALTER TABLE adds no primary key. A new column that numbers the rows is added as a plain one, and becomes the key when
 * the table has no other: that rebuild numbers the rows that are there.
 */
function addNumberedLater(operations: readonly Operation[]): readonly Operation[] {
  const later = operations.filter(isNumbered).filter(({ from }) => from === undefined);
  if (later.length === 0) return operations;
  const plain = ({ to }: { readonly to: Column }): Column => ({
    ...to,
    numbering: undefined,
    nullable: true,
  });
  const isOf = (each: Operation, { table }: ColumnOperation) =>
    'table' in each && sameObject(each.table, table);
  return later.reduce<readonly Operation[]>((all, added) => {
    // Behind its own key, which comes when the old one has gone, and before whatever refers to it.
    const key = all.findIndex(
      (each) => each.kind === 'primaryKey' && each.to !== undefined && isOf(each, added),
    );
    const place = key < 0 ? all.indexOf(added) : key;
    return all.flatMap((each, at) => [
      ...(each === added ? [{ ...added, to: plain(added) }] : [each]),
      ...(at === place ? [{ ...added, from: plain(added) }] : []),
    ]);
  }, operations);
}

/** A column that never gives a number twice says itself that it is the primary key: it brings it. */
function withoutOwnKeys(operations: readonly Operation[]): readonly Operation[] {
  const isBrought = (key: Operation): boolean =>
    key.kind === 'primaryKey' &&
    key.to !== undefined &&
    operations.some((each) => isNumbered(each) && sameObject(each.table, key.table));
  return operations.filter((each) => !isBrought(each));
}

/** See `ChangeEngine.rewrite`. */
export function rewrite(operations: readonly Operation[], before: DatabaseSchema): readonly Operation[] {
  const plain = operations.flatMap((operation) =>
    operation.kind === 'renamePart' ? rewriteRename(operation) : [operation],
  );
  return joinKeys(withoutOwnKeys(addNumberedLater(plain)), before);
}
