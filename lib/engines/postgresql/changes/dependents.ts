import { type ColumnChange, type Operation, sameObject } from '../../../operations/operation.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import type { ObjectName } from '../../../schema/names.js';
import type { Table } from '../../../schema/table.js';
import type { Index } from '../../../schema/tableIndex.js';
import { isWord, mentions, tokenize } from '../../tokens.js';
import { quoteName } from '../identifiers.js';

const indexText = ({ keys, include, predicate }: Index): string =>
  [
    ...keys.flatMap(({ column, expression }) => [column && quoteName(column), expression]),
    ...include.map(quoteName),
    predicate,
  ].join(' ');

const ofTable = ({ schema, name }: Table) => ({ schema, name });

/** The parts of a table whose text names something. */
export function partsNaming(table: Table, isNamed: (text: string) => boolean): readonly Operation[] {
  const object = ofTable(table);
  return [
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
}

/** The policies of a table whose text names something. */
export function policiesNaming(
  { others }: DatabaseSchema,
  table: ObjectName,
  isNamed: (text: string) => boolean,
): readonly Operation[] {
  return others
    .filter(
      ({ kind, schema, table: owner, definition }) =>
        kind === 'policy' &&
        sameObject({ schema, name: owner ?? '' }, table) &&
        isNamed(textBehindTable(definition ?? '')),
    )
    .map((to): Operation => ({ kind: 'other', from: undefined, to }));
}

/** What a policy says, without its name and that of its table. */
function textBehindTable(definition: string): string {
  const tokens = tokenize(definition);
  const as = tokens.findIndex((token) => isWord(token, 'AS'));
  return tokens
    .slice(as)
    .map(({ text }) => text)
    .join('');
}

/** What takes a part away for the while: a default is taken from its column. */
function dropOf(operation: Operation): Operation {
  return operation.from === undefined
    ? ({ ...operation, from: operation.to, to: undefined } as Operation)
    : ({ ...operation, from: operation.to, to: operation.from } as Operation);
}

/** What takes parts away, the last of them first. */
export function takingAway(parts: readonly Operation[]): readonly Operation[] {
  return parts.map(dropOf).reverse();
}

/** Takes parts away before, and brings them back after. */
export function around(parts: readonly Operation[], inner: readonly Operation[]): readonly Operation[] {
  return [...takingAway(parts), ...inner, ...parts];
}

/** What goes with a column that is dropped. */
function onColumn(table: Table, name: string): readonly Operation[] {
  const uniques = table.uniques
    .filter(({ columns, include }) => columns.includes(name) || include.includes(name))
    .map((key): Operation => ({ kind: 'unique', table: ofTable(table), from: undefined, to: key }));
  return [...uniques, ...partsNaming(table, (text) => mentions(text, name))];
}

/** The columns that are computed from this one, with what is on them. */
export function aroundComputed(table: Table, name: string): readonly Operation[] {
  return withTheirs(
    table,
    table.columns.filter(
      (column) =>
        column.generated !== undefined && column.name !== name && mentions(column.generated.expression, name),
    ),
  );
}

/** The same of those whose expression names something. */
export function computedNaming(table: Table, isNamed: (text: string) => boolean): readonly Operation[] {
  return withTheirs(
    table,
    table.columns.filter(({ generated }) => generated !== undefined && isNamed(generated.expression)),
  );
}

/** Columns with a default that names something: as a change that gives them the default. */
export function defaultsNaming(table: Table, isNamed: (text: string) => boolean): readonly Operation[] {
  return table.columns
    .filter(
      ({ defaultTo, generated, isInherited }) =>
        !isInherited && generated === undefined && isNamed(defaultTo ?? ''),
    )
    .map(
      (to): Operation => ({
        kind: 'column',
        table: ofTable(table),
        from: { ...to, defaultTo: undefined },
        to,
      }),
    );
}

/** Columns that are made anew, with what is on them. */
function withTheirs(table: Table, computed: Table['columns']): readonly Operation[] {
  return [
    ...computed.map((to): Operation => ({ kind: 'column', table: ofTable(table), from: undefined, to })),
    // A computed column takes along what is on it.
    ...computed.flatMap((column) => onColumn(table, column.name)),
  ];
}

/** Each part a single time, though it is computed from two columns or names a type and a column. */
export function once(parts: readonly Operation[]): readonly Operation[] {
  return [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];
}

/**
 * A change of a column with what stands in its way at the time: columns that are computed from it, policies, triggers and, where
 * it is made anew, the constraints and indexes that go with it.
 */
export function aroundColumn(
  change: ColumnChange,
  inner: readonly Operation[],
  now: DatabaseSchema,
): readonly Operation[] {
  const table = now.tables.find((each) => sameObject(each, change.table));
  const name = change.from?.name;
  if (table === undefined || name === undefined) return inner;
  const isAnew = inner.some(({ to }) => to === undefined);
  const parts = onColumn(table, name).filter(({ kind }) => isAnew || kind === 'trigger');
  const policies = policiesNaming(now, change.table, (text) => mentions(text, name));
  return around(once([...aroundComputed(table, name), ...parts, ...policies]), inner);
}
