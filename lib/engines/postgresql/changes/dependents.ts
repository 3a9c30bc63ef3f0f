import {
  renameColumn,
  renamePart,
  renameRelation,
  renameTable,
  renameValue,
} from '../../../diff/renamedSchema.js';
import { type ColumnChange, type Operation, sameObject, subjectOf } from '../../../operations/operation.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import type { Table } from '../../../schema/table.js';
import type { Index } from '../../../schema/tableIndex.js';
import { mentions } from '../../tokens.js';

const indexText = ({ keys, include, predicate }: Index): string =>
  [
    ...keys.flatMap(({ column, expression }) => [quoted(column), expression]),
    ...include.map(quoted),
    predicate,
  ].join(' ');

/** The parts of a table that name something, but for those that a later operation brings. */
export function partsNaming(
  table: Table,
  isNamed: (text: string) => boolean,
  later: readonly Operation[],
): readonly Operation[] {
  // By its name: until then another one may have it, which is gone by now.
  const keyOf = (part: object | string | undefined): string =>
    typeof part === 'object' && 'name' in part && part.name !== undefined
      ? String(part.name)
      : JSON.stringify(part);
  const isComing = ({ kind, to }: Operation) =>
    later.some(
      (each) =>
        each.kind === kind &&
        'table' in each &&
        sameObject(each.table, table) &&
        each.to !== undefined &&
        keyOf(each.to) === keyOf(to),
    );
  const object = { schema: table.schema, name: table.name };
  const parts: readonly Operation[] = [
    ...table.checks
      .filter(({ expression, isInherited }) => isNamed(expression) && !isInherited)
      .map((check): Operation => ({ kind: 'check', table: object, from: undefined, to: check })),
    ...table.indexes
      .filter((index) => isNamed(indexText(index)))
      .map((index): Operation => ({ kind: 'index', table: object, from: undefined, to: index })),
    ...table.exclusions
      .filter(({ definition }) => isNamed(definition))
      .map((exclusion): Operation => ({ kind: 'exclusion', table: object, from: undefined, to: exclusion })),
    ...table.triggers
      .filter(({ definition, stamps }) => stamps === undefined && isNamed(definition))
      .map((trigger): Operation => ({ kind: 'trigger', table: object, from: undefined, to: trigger })),
  ];
  return [...parts.filter((part) => !isComing(part)), ...partsLeaving(table, isNamed, later)];
}

/** The parts that are there until a later operation drops them. */
function partsLeaving(
  table: Table,
  isNamed: (text: string) => boolean,
  later: readonly Operation[],
): readonly Operation[] {
  return later.flatMap((each, at): readonly Operation[] => {
    if (each.kind !== 'index' && each.kind !== 'check' && each.kind !== 'exclusion') return [];
    const { from, to } = each;
    if (from === undefined || to !== undefined || !sameObject(each.table, table)) return [];
    const text = 'keys' in from ? indexText(from) : 'expression' in from ? from.expression : from.definition;
    if (!isNamed(text)) return [];
    const comesFirst = later
      .slice(0, at)
      .some((other) => other.kind === each.kind && JSON.stringify(other.to) === JSON.stringify(from));
    return comesFirst ? [] : [{ ...each, from: undefined, to: from } as Operation];
  });
}

const quoted = (name: string | undefined) =>
  name === undefined ? undefined : `"${name.replaceAll('"', '""')}"`;

function dropOf(operation: Operation): Operation {
  return { ...operation, from: operation.to, to: undefined } as Operation;
}

/** Takes parts away before, and brings them back after. */
export function around(parts: readonly Operation[], inner: readonly Operation[]): readonly Operation[] {
  return [...parts.map(dropOf).reverse(), ...inner, ...parts];
}

/** Other columns that are computed from this one. */
function computedFrom(table: Table, name: string, later: readonly Operation[]): readonly Operation[] {
  const object = { schema: table.schema, name: table.name };
  return table.columns
    .filter(
      (column) =>
        column.generated !== undefined && column.name !== name && mentions(column.generated.expression, name),
    )
    .filter(
      (column) =>
        !later.some(
          (each) => each.kind === 'column' && sameObject(each.table, table) && each.to?.name === column.name,
        ),
    )
    .map((column): Operation => ({ kind: 'column', table: object, from: undefined, to: column }));
}

function uniquesOn(table: Table, name: string, later: readonly Operation[]): readonly Operation[] {
  const object = { schema: table.schema, name: table.name };
  return table.uniques
    .filter(({ columns }) => columns.includes(name))
    .filter(
      ({ name: key }) =>
        !later.some(
          (each) => each.kind === 'unique' && sameObject(each.table, table) && each.to?.name === key,
        ),
    )
    .map((key): Operation => ({ kind: 'unique', table: object, from: undefined, to: key }));
}

/** What goes with a column that is dropped. */
function onColumn(table: Table, name: string, later: readonly Operation[]): readonly Operation[] {
  return [...uniquesOn(table, name, later), ...partsNaming(table, (text) => mentions(text, name), later)];
}

/** The columns that are computed from this one, with what is on them. */
export function aroundComputed(
  table: Table,
  name: string,
  later: readonly Operation[],
): readonly Operation[] {
  const computed = computedFrom(table, name, later);
  // A computed column takes along what is on it.
  const onComputed = computed.flatMap((each) =>
    each.kind === 'column' && each.to !== undefined ? onColumn(table, each.to.name, later) : [],
  );
  return [...computed, ...onComputed];
}

/** The schema before a rename that comes later: taken back, a migration renames last. */
export function unrenamed(schema: DatabaseSchema, later: Operation): DatabaseSchema {
  const how = { foldName: (name: string) => name };
  if (later.kind === 'renameTable') return renameTable(schema, later.to, later.from, how);
  if (later.kind === 'renameColumn')
    return renameColumn(schema, { table: later.table, from: later.to, to: later.from }, how);
  if (later.kind === 'renamePart')
    return renamePart(schema, (table) => sameObject(table, later.table), later.to, later.from);
  if (later.kind === 'enum' && later.to !== undefined) {
    const { to, renamedValues } = later;
    return renamedValues.reduceRight((now, each) => renameValue(now, to, each.to, each.from), schema);
  }
  if (later.kind === 'renameRelation')
    return renameRelation(schema, { ...later, from: later.to, to: later.from });
  return schema;
}

/**
 * A change of a column with what stands in its way: columns that are computed from it, triggers and, where it is
 * made anew, the constraints and indexes that go with it.
 */
export function aroundColumn(
  change: ColumnChange,
  inner: readonly Operation[],
  later: readonly Operation[],
  after: DatabaseSchema,
): readonly Operation[] {
  const { tables } = [...later].reverse().reduce(unrenamed, after);
  const table = tables.find((each) => sameObject(each, subjectOf(change)));
  const name = change.to?.name;
  if (table === undefined || name === undefined) return inner;
  const isAnew = inner.some(({ to }) => to === undefined);
  const naming = partsNaming(table, (text) => mentions(text, name), later);
  const parts = naming.filter(({ kind }) => isAnew || kind === 'trigger');
  const computed = aroundComputed(table, name, later);
  const keys = isAnew ? uniquesOn(table, name, later) : [];
  return around([...computed, ...keys, ...parts], inner);
}
