import type { ForeignKey } from '../../schema/constraints.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import type { Operation } from '../operation.js';
import { type Hazard, textOf } from './hazard.js';

const keyOf = ({ schema, name }: ObjectName): string => `${schema ?? ''}\n${name}`.toLowerCase();

/** Every column that a table has had or will have, by table. */
function columnsAround(
  operations: readonly Operation[],
  before: readonly Table[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>();
  const add = (table: ObjectName, names: Iterable<string>) => {
    const columns = known.get(keyOf(table)) ?? new Set();
    known.set(keyOf(table), columns);
    for (const name of names) columns.add(name.toLowerCase());
  };
  const addTable = (table: Table) =>
    add(
      table,
      table.columns.map(({ name }) => name),
    );
  for (const table of before) addTable(table);
  for (const operation of operations) {
    if (operation.kind === 'table' && operation.to !== undefined) addTable(operation.to);
    if (operation.kind === 'renameTable') add(operation.to, known.get(keyOf(operation.from)) ?? []);
    if (operation.kind === 'renameColumn') add(operation.table, [operation.to]);
    if (operation.kind === 'column' && operation.to !== undefined) add(operation.table, [operation.to.name]);
  }
  return known;
}

function keysOf(operation: Operation): readonly ForeignKey[] {
  if (operation.to === undefined) return [];
  if (operation.kind === 'foreignKey') return [operation.to];
  return operation.kind === 'table' && operation.from === undefined ? operation.to.foreignKeys : [];
}

/** Finds the new keys to what is not there, where the engine lets one make them. */
export function danglingKeys(
  operations: readonly Operation[],
  before: readonly Table[],
): (operation: Operation) => readonly Hazard[] {
  // Most changes bring no key: then nobody looks into all the tables.
  if (operations.every((operation) => keysOf(operation).length === 0)) return () => [];
  const known = columnsAround(operations, before);
  return (operation) =>
    keysOf(operation).flatMap(({ columns, target, targetColumns = [] }): readonly Hazard[] => {
      const there = known.get(keyOf(target));
      const missing =
        there === undefined
          ? textOf(target)
          : targetColumns
              .filter((name) => !there.has(name.toLowerCase()))
              .map((name) => `${textOf(target)}.${name}`)
              .join(', ');
      if (missing === '') return [];
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: the foreign key on ${columns.join(', ')} refers to ${missing}, which is in no model and not in the database: no row that refers to something can be written.`,
          remedy: 'Correct the name in the model, or add what it refers to.',
          evidence: undefined,
        },
      ];
    });
}
