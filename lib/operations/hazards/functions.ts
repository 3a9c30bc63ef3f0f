import type { ObjectName } from '../../schema/names.js';
import { count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/** What one table holds of the results of a function that changes. */
export interface RecomputedPart {
  readonly table: ObjectName;
  /** What the migration makes again: `the index names_key`. */
  readonly made: readonly string[];
  /** Stored columns that keep the old results, because a view has them. */
  readonly stale: readonly string[];
  /** Whether rows may break what is made again. */
  readonly canFail: boolean;
}

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** What can go wrong when an immutable function gets another body. */
export function functionHazards(
  name: ObjectName,
  { table, made, stale, canFail }: RecomputedPart,
  facts: HazardFacts,
): readonly Hazard[] {
  const own = textOf(table);
  const rows = count(quoting(facts).table(table), undefined, 'rows to compute');
  const hazards: Hazard[] = [];
  if (made.length > 0)
    hazards.push({
      kind: 'long lock',
      message: `LONG LOCK: ${list(made)} of ${own} ${made.length === 1 ? 'has' : 'have'} results of ${name.name}() and ${made.length === 1 ? 'is' : 'are'} made again: nobody reads or writes it meanwhile.`,
      remedy: SAFE_WAYS.newFunction,
      evidence: rows,
    });
  if (canFail)
    hazards.push({
      kind: 'can fail',
      message: `CAN FAIL: rows of ${own} that are the same to the new ${name.name}(), or that its checks refuse, stop the migration.`,
      remedy: SAFE_WAYS.newFunction,
      evidence: undefined,
    });
  if (stale.length > 0)
    hazards.push({
      kind: 'review',
      message: `REVIEW: ${stale.map((column) => `${own}.${column}`).join(', ')} keeps the results of the old ${name.name}(), because a view has the column.`,
      remedy: 'Update each row (SET the column DEFAULT) to compute it again, in batches on a large table.',
      evidence: rows,
    });
  return hazards;
}
