import type { Column } from '../../schema/column.js';
import type { Table } from '../../schema/table.js';
import type { ColumnChange } from '../operation.js';
import { type ColumnFacts, count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';
import { typeHazards } from './types.js';

/** A new column that has another value in each row is written into each. */
function rewritesTable({ numbering, generated, defaultTo }: Column, facts: HazardFacts): string | undefined {
  if (generated !== undefined) return generated.kind === 'stored' ? 'is computed and stored' : undefined;
  if (numbering !== undefined) return 'numbers the rows';
  return defaultTo !== undefined && facts.isVolatile(defaultTo)
    ? 'has a default that is another value in each row'
    : undefined;
}

function rewriteHazards({ table, to }: ColumnChange, facts: HazardFacts): readonly Hazard[] {
  const reason = to === undefined || !facts.isConcurrent ? undefined : rewritesTable(to, facts);
  if (reason === undefined) return [];
  const { name, generated } = to as Column;
  return [
    {
      kind: 'long lock',
      message: `LONG LOCK: ${textOf(table)}.${name} ${reason}: the table is rewritten, and nobody reads or writes it meanwhile.`,
      remedy: generated === undefined ? SAFE_WAYS.filled : SAFE_WAYS.stored,
      evidence: count(quoting(facts).table(table), undefined, 'rows to rewrite'),
    },
  ];
}

/** The table of a column as it is, and what its types depend on. */
interface Around {
  readonly now: Table | undefined;
  readonly types: ColumnFacts;
}

/** What can go wrong with a column. */
export function columnHazards(
  operation: ColumnChange,
  facts: HazardFacts,
  { now, types }: Around,
): readonly Hazard[] {
  const { table, from, to } = operation;
  const q = quoting(facts);
  const target = q.table(table);
  const subject = `${textOf(table)}.${(to ?? from)?.name}`;
  // What is computed is nobody's loss. What becomes computed is made anew.
  const goes = to === undefined || to.generated !== undefined;
  if (goes && from !== undefined && from.generated === undefined)
    return [
      {
        kind: 'data loss',
        message: `DATA LOSS: the values of ${subject} are gone, also after a rollback.`,
        remedy: SAFE_WAYS.dropColumn,
        evidence: count(target, `${q.name(from.name)} is not null`, 'rows with a value in it'),
      },
      ...rewriteHazards(operation, facts),
    ];
  if (to === undefined) return [];
  const isMadeAgain =
    to.generated !== undefined &&
    (from?.type !== to.type || from.generated?.expression !== to.generated.expression);
  if (isMadeAgain) return rewriteHazards(operation, facts);
  if (from === undefined) {
    const hasValue =
      to.nullable || to.defaultTo !== undefined || to.numbering !== undefined || to.generated !== undefined;
    if (hasValue) return rewriteHazards(operation, facts);
    return [
      {
        kind: 'can fail',
        message: `CAN FAIL: ${subject} is NOT NULL without a default, which a table with rows refuses.`,
        remedy: SAFE_WAYS.required,
        evidence: count(target, undefined, 'rows in the table'),
      },
    ];
  }
  return [
    ...(from.nullable && !to.nullable
      ? [
          {
            kind: 'can fail' as const,
            message: `CAN FAIL: ${subject} becomes NOT NULL.`,
            remedy: SAFE_WAYS.notNull,
            evidence: count(target, `${q.name(to.name)} is null`, 'rows with NULL in it'),
          },
        ]
      : []),
    ...typeHazards({ table, from, to, now, types }, facts),
  ];
}
