import { mentions } from '../../engines/tokens.js';
import type { Column } from '../../schema/column.js';
import type { DatabaseSchema } from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import { type Operation, sameObject, subjectOf } from '../operation.js';
import { columnHazards } from './columns.js';
import { constraintHazards } from './constraints.js';
import { danglingKeys } from './dangling.js';
import type { ColumnFacts, Hazard, HazardFacts } from './hazard.js';
import { tableHazards } from './tables.js';

export type { Conversion } from './conversion.js';
export { type CountedHazard, countHazards, countText } from './counted.js';
export type { RecomputedPart } from './functions.js';
export type { ColumnFacts, Hazard, HazardFacts } from './hazard.js';

const isEmpty = ({ nullable, defaultTo, generated, numbering }: Column): boolean =>
  nullable && defaultTo === undefined && generated === undefined && numbering === undefined;

/** Names that the database does not have before the migration. */
function newNames(operations: readonly Operation[]) {
  const keyOf = ({ schema, name }: ObjectName, part = '') => `${schema ?? ''}\n${name}\n${part}`;
  const tables = new Set<string>();
  const columns = new Map<string, string[]>();
  const altered = new Map<string, string[]>();
  const empty = new Set<string>();
  const add = (table: ObjectName, column: string, into = columns) =>
    into.set(keyOf(table), [...(into.get(keyOf(table)) ?? []), column]);
  const renamed = new Set<string>();
  const others: string[] = [];
  for (const operation of operations) {
    if (operation.kind === 'table' && operation.to !== undefined) tables.add(keyOf(operation.to));
    if (operation.kind === 'renameTable') renamed.add(keyOf(operation.to));
    if (operation.kind === 'renameColumn') add(operation.table, operation.to);
    const isOther =
      (operation.kind === 'function' || operation.kind === 'domain' || operation.kind === 'other') &&
      operation.from === undefined;
    // A value that comes is as good as a type that comes.
    if (isOther || operation.kind === 'enum' || operation.kind === 'renameType')
      others.push(operation.to?.name ?? '');
    if (operation.kind !== 'column' || operation.to === undefined) continue;
    if (operation.from === undefined) {
      add(operation.table, operation.to.name);
      if (isEmpty(operation.to)) empty.add(keyOf(operation.table, operation.to.name));
    } else if (operation.from.type !== operation.to.type) add(operation.table, operation.to.name, altered);
  }
  return {
    isNewTable: (table: ObjectName) => tables.has(keyOf(table)),
    isRenamed: (table: ObjectName) => renamed.has(keyOf(table)),
    /** Whether every row has NULL there, because the migration adds the column. */
    isNull: (table: ObjectName, column: string) => empty.has(keyOf(table, column)),
    /** Whether a query names what is not there yet, or a column that is not of the type for which it is written. */
    isAhead: (table: ObjectName, sql: string, isOfColumn: boolean) =>
      [
        ...others,
        ...(columns.get(keyOf(table)) ?? []),
        ...(isOfColumn ? [] : (altered.get(keyOf(table)) ?? [])),
      ].some((name) => name !== '' && mentions(sql, name)),
  };
}

/** Whether an operation is this one, or what the engine runs in place of it. What it does besides is no news. */
function isOf(asked: Operation, operation: Operation): boolean {
  if (asked === operation) return true;
  if (asked.kind !== operation.kind) return false;
  // A column that becomes computed is made anew: what is lost is lost where it is dropped.
  if (asked.kind === 'column' && asked.to === undefined && asked.from?.generated === undefined)
    return asked.from === operation.from;
  if (asked.to !== operation.to) return false;
  return asked.kind === 'column'
    ? asked.from === operation.from
    : (asked.kind === 'enum' || asked.kind === 'domain' || asked.kind === 'primaryKey') &&
        asked.to !== undefined;
}

/** What columns depend on when the types of the migration are there. */
function typesAfter(operations: readonly Operation[], before: DatabaseSchema | undefined): ColumnFacts {
  const enums = operations.flatMap((each) =>
    each.kind === 'enum' && each.to !== undefined ? [each.to] : [],
  );
  const domains = operations.flatMap((each) =>
    each.kind === 'domain' && each.from === undefined && each.to !== undefined ? [each.to] : [],
  );
  const others = operations.flatMap((each) =>
    each.kind === 'other' && each.to !== undefined ? [each.to] : [],
  );
  return {
    ...(before?.casts === undefined ? {} : { casts: before.casts }),
    ...(before?.timeZone === undefined ? {} : { timeZone: before.timeZone }),
    enums: [...enums, ...(before?.enums ?? [])],
    domains: [...domains, ...(before?.domains ?? [])],
    others: [...others, ...(before?.others ?? [])],
  };
}

/**
 * Finds what can go wrong with each operation of a migration. A table that the migration makes has no rows yet; and
 * a query that would name what the database has not, or not under that name, is left out.
 *
 * @param before - the database, where it is known
 */
export function hazardFinder(
  operations: readonly Operation[],
  facts: HazardFacts,
  before?: DatabaseSchema,
): (operation: Operation) => readonly Hazard[] {
  const { isNewTable, isRenamed, isNull, isAhead } = newNames(operations);
  const known = new Set(operations);
  const dangling = before === undefined ? () => [] : danglingKeys(operations, before.tables);
  const types = typesAfter(operations, before);
  const tables = before?.tables ?? [];
  const around = { operations, before, types };
  const columnFacts = (table: ObjectName) => {
    const now = tables.find((each) => sameObject(each, table));
    return { now, types: now?.isStrict === true ? { ...types, isStrict: true } : types };
  };
  return (asked) => {
    const operation = known.has(asked) ? asked : operations.find((each) => isOf(asked, each));
    if (operation === undefined) return [];
    const table = subjectOf(operation);
    const isPart = 'table' in operation && operation.table !== undefined;
    if (isPart && table !== undefined && isNewTable(table)) return dangling(operation);
    const all =
      operation.kind === 'column'
        ? columnHazards(operation, facts, columnFacts(operation.table))
        : [
            ...dangling(operation),
            ...tableHazards(operation, facts, around),
            ...constraintHazards(operation, facts, { isNull, operations, tables }),
          ];
    const target = operation.kind === 'foreignKey' ? operation.to?.target : undefined;
    // What is asked of an enum names the database's own tables.
    const isOut = (sql: string) =>
      operation.kind !== 'enum' &&
      ((table !== undefined && (isRenamed(table) || isAhead(table, sql, operation.kind === 'column'))) ||
        (target !== undefined && (isNewTable(target) || isRenamed(target) || isAhead(target, sql, false))));
    return all.map((hazard) =>
      hazard.evidence !== undefined && isOut(hazard.evidence.sql)
        ? { ...hazard, evidence: undefined }
        : hazard,
    );
  };
}
