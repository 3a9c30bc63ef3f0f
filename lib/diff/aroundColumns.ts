import { mentions } from '../engines/tokens.js';
import type { Operation } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { Column } from '../schema/column.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';

type ColumnOperation = Extract<Operation, { kind: 'column' }>;

/** The same table before and after, by its name after all renames. */
interface Both {
  readonly name: ObjectName;
  readonly before: Table;
  readonly after: Table;
}

function isOn(operation: Operation, { name }: Both): boolean {
  return 'table' in operation && sameObject(operation.table, name);
}

/** Whether a column that is computed before and after has to be made anew. */
function isRemade(from: Column, to: Column): boolean {
  if (from.generated === undefined || to.generated === undefined) return false;
  return (
    from.generated.expression !== to.generated.expression ||
    from.generated.kind !== to.generated.kind ||
    from.type !== to.type
  );
}

/** Computed columns that change, or that are computed from a column which changes its type or collation. */
function remadeColumns(both: Both, operations: readonly Operation[]): readonly ColumnOperation[] {
  const changes = operations.filter(
    (each): each is ColumnOperation => each.kind === 'column' && isOn(each, both),
  );
  const retyped = changes.flatMap(({ from, to }) =>
    from && to && (from.type !== to.type || from.collation !== to.collation) ? [to.name] : [],
  );
  return both.after.columns.flatMap((to): readonly ColumnOperation[] => {
    const from = both.before.columns.find(({ name }) => name === to.name);
    if (from?.generated === undefined || to.generated === undefined) return [];
    const { expression } = from.generated;
    const isOver = retyped.some((name) => mentions(expression, name));
    return isOver || isRemade(from, to) ? [{ kind: 'column', table: both.name, from, to }] : [];
  });
}

type PartKind = 'unique' | 'foreignKey' | 'check' | 'exclusion' | 'index' | 'trigger';

interface Part {
  readonly kind: PartKind;
  readonly part: { readonly name: string | undefined };
}

function partsOf(table: Table): readonly Part[] {
  const of = (kind: PartKind, parts: readonly Part['part'][]) => parts.map((part): Part => ({ kind, part }));
  return [
    ...of('unique', table.uniques),
    ...of('foreignKey', table.foreignKeys),
    ...of('check', table.checks),
    ...of('exclusion', table.exclusions),
    ...of('index', table.indexes),
    ...of(
      'trigger',
      table.triggers.filter(({ stamps }) => stamps === undefined),
    ),
  ];
}

/** Every text and every name in a part. */
function namesColumn(value: unknown, column: string): boolean {
  if (typeof value === 'string') return value === column || mentions(value, column);
  return typeof value === 'object' && value !== null
    ? Object.entries(value).some(([key, each]) => key !== 'name' && namesColumn(each, column))
    : false;
}

/** What goes with the columns and has to come back: parts that are the same before and after, but for their names. */
function takenAlong(
  both: Both,
  columns: readonly string[],
  operations: readonly Operation[],
): readonly Operation[] {
  const renames = operations.flatMap((each) =>
    each.kind === 'renamePart' && isOn(each, both) ? [each] : [],
  );
  const before = partsOf(both.before);
  const isChanged = ({ kind, part }: Part) =>
    operations.some(
      (each) => each.kind === kind && isOn(each, both) && (each.to as Part['part'])?.name === part.name,
    );
  return partsOf(both.after).flatMap((after): readonly Operation[] => {
    if (isChanged(after) || !columns.some((column) => namesColumn(after.part, column))) return [];
    const had = renames.find(({ to }) => to === after.part.name)?.from ?? after.part.name;
    const from = before.find(({ kind, part }) => kind === after.kind && part.name === had);
    if (from === undefined) return [];
    const change = { kind: after.kind, table: both.name };
    return [
      { ...change, from: from.part, to: undefined } as Operation,
      { ...change, from: undefined, to: after.part } as Operation,
    ];
  });
}

/**
 * Where a computed column cannot be altered, nor one that it is computed from: it goes before everything else in its
 * table, and comes back after, with what is on it. Its values are nobody's loss.
 */
export function aroundComputed(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  operations: readonly Operation[],
): readonly Operation[] {
  const tables = desired.tables.flatMap((after): readonly Both[] => {
    const before = actual.tables.find((each) => sameObject(each, after));
    return before === undefined ? [] : [{ name: { schema: after.schema, name: after.name }, before, after }];
  });
  return tables.reduce((all, both) => {
    if (!both.after.columns.some(({ generated }) => generated !== undefined)) return all;
    const remade = remadeColumns(both, all);
    if (remade.length === 0) return all;
    const names = remade.flatMap(({ to }) => to?.name ?? []);
    const along = takenAlong(both, names, all);
    const isReplaced = (each: Operation): boolean => {
      if (!isOn(each, both)) return false;
      if (each.kind === 'column') return each.from !== undefined && names.includes(each.to?.name ?? '');
      return (
        each.kind === 'renamePart' &&
        along.some(({ to }) => (to as { readonly name?: string } | undefined)?.name === each.to)
      );
    };
    return [
      ...all.filter((each) => !isReplaced(each)),
      ...along,
      ...remade.flatMap(({ kind, table, from, to }): readonly Operation[] => [
        { kind, table, from, to: undefined },
        { kind, table, from: undefined, to },
      ]),
    ];
  }, operations);
}
