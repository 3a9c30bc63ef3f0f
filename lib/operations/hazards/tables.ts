import { type Operation, renamedValue } from '../operation.js';
import { count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/** What can go wrong with a table or type. */
export function tableHazards(operation: Operation, facts: HazardFacts): readonly Hazard[] {
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
          evidence: undefined,
        },
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
