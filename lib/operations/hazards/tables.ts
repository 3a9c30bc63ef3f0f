import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import { type Operation, renamedValue, sameObject } from '../operation.js';
import { rowsWith } from './evidence.js';
import { count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/** The tables that have columns of a type, with those. */
function usersOf(type: ObjectName, tables: readonly Table[]) {
  return tables
    .filter(({ partitionOf }) => partitionOf === undefined)
    .map((table) => ({
      table,
      columns: table.columns.filter(({ userType }) => sameObject(userType, type)),
    }))
    .filter(({ columns }) => columns.length > 0);
}

/**
 * What can go wrong with a table or type.
 *
 * @param before - the tables of the database, where they are known
 */
export function tableHazards(
  operation: Operation,
  facts: HazardFacts,
  before: readonly Table[],
): readonly Hazard[] {
  const q = quoting(facts);
  switch (operation.kind) {
    case 'table':
      if (operation.from === undefined) return [];
      return [
        {
          kind: 'data loss',
          message: `DATA LOSS: all rows of ${textOf(operation.from)} are gone, also after a rollback.`,
          remedy: SAFE_WAYS.dropTable,
          evidence: count(q.table(operation.from), undefined, 'rows in it'),
        },
      ];
    case 'renameTable':
    case 'renameColumn':
      return [
        {
          kind: 'incompatible',
          message: `INCOMPATIBLE: code that runs with the old name fails as soon as this has run.`,
          remedy: SAFE_WAYS.rename,
          evidence: undefined,
        },
      ];
    case 'enum': {
      const { from, to, renamedValues } = operation;
      if (from === undefined || to === undefined) return [];
      const went = from.values.filter((value) => !to.values.includes(renamedValue(value, renamedValues)));
      if (went.length === 0) return [];
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: the type ${textOf(to)} loses ${went.map((value) => `'${value}'`).join(', ')}: a row that has it stops the migration.`,
          remedy: 'Give those rows another value first.',
          evidence: rowsWith(q, facts, usersOf(from, before), went),
        },
        ...usersOf(from, before).map(
          ({ table }): Hazard => ({
            kind: 'long lock',
            message: `LONG LOCK: ${textOf(table)} is rewritten, because ${textOf(to)} is made anew, and nobody reads or writes it meanwhile.`,
            remedy: SAFE_WAYS.enumValue,
            evidence: count(q.table(table), undefined, 'rows to rewrite'),
          }),
        ),
      ];
    }
    case 'domain': {
      const { from, to } = operation;
      if (from === undefined || to === undefined || from.type === to.type) return [];
      if (facts.isSafeCast(from.type, to.type)) return [];
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: the domain ${textOf(to)} changes from ${from.type} to ${to.type}: a value that the new type cannot hold stops the migration, or loses what is too long or too precise for it.`,
          remedy: SAFE_WAYS.cast,
          evidence: undefined,
        },
      ];
    }
    default:
      return [];
  }
}
