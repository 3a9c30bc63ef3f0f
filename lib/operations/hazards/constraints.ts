import type { ObjectName } from '../../schema/names.js';
import type { Operation } from '../operation.js';
import { duplicatesOf, orphansOf } from './evidence.js';
import { count, type Hazard, type HazardFacts, type Quoting, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/**
 * What can go wrong with a constraint or index.
 *
 * @param isNull - whether a column is NULL in every row
 */
export function constraintHazards(
  operation: Operation,
  facts: HazardFacts,
  isNull: (table: ObjectName, column: string) => boolean,
): readonly Hazard[] {
  const q = quoting(facts);
  if (operation.to === undefined) return [];
  switch (operation.kind) {
    case 'primaryKey':
    case 'unique': {
      if (operation.from !== undefined) return [];
      const { table, to } = operation;
      const isMet = operation.kind === 'unique' && to.columns.some((column) => isNull(table, column));
      return isMet && !to.nullsNotDistinct ? [] : [duplicates(q, table, to.columns, undefined)];
    }
    case 'index': {
      const { table, to } = operation;
      const columns = to.keys.flatMap(({ column }) => column ?? []);
      const isPlain = columns.length === to.keys.length;
      const isMet = !to.nullsNotDistinct && columns.some((column) => isNull(table, column));
      return [
        ...(to.unique && isPlain && !isMet ? [duplicates(q, table, columns, to.predicate)] : []),
        ...(facts.isConcurrent
          ? [
              {
                kind: 'long lock' as const,
                message: `LONG LOCK: ${textOf(table)} takes no writes while the index ${to.name} is made.`,
                remedy: SAFE_WAYS.concurrently,
                evidence: count(q.table(table), undefined, 'rows to index'),
              },
            ]
          : []),
      ];
    }
    case 'check': {
      const { table, to } = operation;
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every row of ${textOf(table)} has to fulfil the new check${to.name === undefined ? '' : ` ${to.name}`}.`,
          remedy: facts.isConcurrent ? SAFE_WAYS.notValid : '',
          evidence: count(q.table(table), `not (${to.expression})`, 'rows against it'),
        },
      ];
    }
    case 'foreignKey': {
      const { table, to } = operation;
      if (to.match === 'simple' && to.columns.some((column) => isNull(table, column)))
        return facts.isConcurrent ? [looksAtAll(q, table, to.target)] : [];
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every ${to.columns.join(', ')} of ${textOf(table)} has to have its row in ${textOf(to.target)}.`,
          remedy: facts.isConcurrent ? SAFE_WAYS.notValid : '',
          evidence:
            to.targetColumns === undefined
              ? undefined
              : orphansOf(q, table, to.target, to.columns, to.targetColumns),
        },
      ];
    }
    default:
      return [];
  }
}

/** A new key that no row can break yet. */
function looksAtAll(q: Quoting, table: ObjectName, target: ObjectName): Hazard {
  const own = textOf(table);
  const who = own === textOf(target) ? `${own} takes` : `${own} and ${textOf(target)} take`;
  return {
    kind: 'long lock',
    message: `LONG LOCK: ${who} no writes while every row of ${own} is looked at.`,
    remedy: SAFE_WAYS.notValid,
    evidence: count(q.table(table), undefined, 'rows to look at'),
  };
}

function duplicates(
  q: Quoting,
  table: ObjectName,
  columns: readonly string[],
  where: string | undefined,
): Hazard {
  return {
    kind: 'can fail',
    message: `CAN FAIL: no two rows of ${textOf(table)} may have the same ${columns.join(', ')}.`,
    remedy: SAFE_WAYS.duplicates,
    evidence: duplicatesOf(q, table, columns, where),
  };
}
