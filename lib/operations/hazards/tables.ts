import type { DatabaseSchema } from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import { type Operation, renamedValue, sameObject } from '../operation.js';
import { domainHazards } from './domains.js';
import { rowsWith } from './evidence.js';
import { functionHazards } from './functions.js';
import { type ColumnFacts, count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
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

/** The migration that an operation is a part of, and the tables of the database, where they are known. */
interface Around {
  readonly operations: readonly Operation[];
  readonly before: DatabaseSchema | undefined;
  readonly types: ColumnFacts;
}

/** What can go wrong with a table or type. */
export function tableHazards(
  operation: Operation,
  facts: HazardFacts,
  { operations, before, types }: Around,
): readonly Hazard[] {
  const q = quoting(facts);
  const tables = before?.tables ?? [];
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
    case 'renameColumn': {
      const old =
        operation.kind === 'renameTable'
          ? textOf(operation.from)
          : `${textOf(operation.table)}.${operation.from}`;
      return [
        {
          kind: 'incompatible',
          message: `INCOMPATIBLE: code that runs with the name ${old} fails as soon as this has run.`,
          remedy: SAFE_WAYS.rename,
          evidence: undefined,
        },
      ];
    }
    case 'enum': {
      const { from, to, renamedValues } = operation;
      if (from === undefined || to === undefined) return [];
      const users = usersOf(from, tables);
      const went = from.values.filter((value) => !to.values.includes(renamedValue(value, renamedValues)));
      const loss: Hazard = {
        kind: 'can fail',
        message: `CAN FAIL: the type ${textOf(to)} loses ${went.map((value) => `'${value}'`).join(', ')}: a row that has it stops the migration.`,
        remedy: 'Give those rows another value first.',
        evidence: rowsWith(q, facts, users, went),
      };
      const locks = users.map(
        ({ table }): Hazard => ({
          kind: 'long lock',
          message: `LONG LOCK: ${textOf(table)} is rewritten, because ${textOf(to)} is made anew, and nobody reads or writes it meanwhile.`,
          remedy: went.length > 0 ? SAFE_WAYS.lostValue : SAFE_WAYS.newValue,
          evidence: count(q.table(table), undefined, 'rows to rewrite'),
        }),
      );
      return [
        ...(went.length > 0 ? [loss] : []),
        ...(facts.isMadeAnew(operation, operations, tables) ? locks : []),
      ];
    }
    case 'function':
      return before === undefined || operation.from === undefined || operation.to === undefined
        ? []
        : facts
            .recomputed(operation, before)
            .flatMap((part) => functionHazards(operation.to as ObjectName, part, facts));
    case 'domain': {
      const { from, to } = operation;
      return from === undefined || to === undefined || before === undefined
        ? []
        : usersOf(from, tables).flatMap(({ table, columns }) =>
            columns.flatMap((column) =>
              domainHazards({ table, column, from, to }, facts, { ...types, domains: before.domains }),
            ),
          );
    }
    default:
      return [];
  }
}
