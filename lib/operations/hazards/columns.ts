import type { Column } from '../../schema/column.js';
import type { ColumnChange } from '../operation.js';
import { count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/** What can go wrong with a column. */
export function columnHazards(operation: ColumnChange, facts: HazardFacts): readonly Hazard[] {
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
    ];
  if (to === undefined) return [];
  if (from === undefined) {
    const hasValue =
      to.nullable || to.defaultTo !== undefined || to.numbering !== undefined || to.generated !== undefined;
    if (hasValue) return [];
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
    ...typeHazards(from, to, subject, target, facts),
  ];
}

function typeHazards(
  from: Column,
  to: Column,
  subject: string,
  target: string,
  facts: HazardFacts,
): readonly Hazard[] {
  if (from.type === to.type) return [];
  const change = `${subject} changes from ${from.type} to ${to.type}`;
  const failing = facts.failsCast(facts.quote(to.name), from, to);
  const cast: readonly Hazard[] = facts.isSafeCast(from.type, to.type)
    ? []
    : [
        {
          kind: 'can fail',
          message: `CAN FAIL: ${change}: a value that the new type cannot hold stops the migration, or loses what is too long or too precise for it.`,
          remedy: SAFE_WAYS.cast,
          evidence:
            failing === undefined
              ? count(target, `${facts.quote(to.name)} is not null`, 'rows with a value to convert')
              : count(target, failing, 'rows with a value that it cannot hold'),
        },
      ];
  const losing = facts.losesText(facts.quote(to.name), from, to);
  const loss: readonly Hazard[] =
    losing === undefined
      ? []
      : [
          {
            kind: 'data loss',
            message: `DATA LOSS: ${change}: a text that reads as a number becomes that number (007 is 7 then), and stays it after a rollback.`,
            remedy: SAFE_WAYS.keepText,
            evidence: count(target, losing, 'rows with a text that changes'),
          },
        ];
  const lock: readonly Hazard[] =
    !facts.isConcurrent || facts.isInPlace(from, to)
      ? []
      : [
          {
            kind: 'long lock',
            message: `LONG LOCK: ${change}: the table is rewritten, and nobody reads or writes it meanwhile.`,
            remedy: SAFE_WAYS.rewrite,
            evidence: count(target, undefined, 'rows to rewrite'),
          },
        ];
  return [...cast, ...loss, ...lock];
}
