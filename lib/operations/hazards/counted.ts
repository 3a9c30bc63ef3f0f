import type { Operation } from '../operation.js';
import type { Hazard } from './hazard.js';

/** A hazard with what the database says of it. */
export interface CountedHazard extends Hazard {
  readonly operation: Operation;
  /** Undefined where nothing was asked, or the question failed. */
  readonly count: number | undefined;
  /** Why the question failed. */
  readonly notCounted: string | undefined;
}

/** Every hazard, with the answers to the queries by their SQL. */
export function countHazards(
  operations: readonly Operation[],
  find: (operation: Operation) => readonly Hazard[],
  answers: ReadonlyMap<string, number | Error>,
): readonly CountedHazard[] {
  return operations.flatMap((operation) =>
    find(operation).map((hazard) => {
      const answer = hazard.evidence && answers.get(hazard.evidence.sql);
      return {
        ...hazard,
        operation,
        count: typeof answer === 'number' ? answer : undefined,
        notCounted: answer instanceof Error ? answer.message : undefined,
      };
    }),
  );
}

/** `12 rows with NULL in it.`; empty where nothing was counted. */
export function countText({ evidence }: Pick<Hazard, 'evidence'>, count: number | undefined): string {
  if (evidence === undefined || count === undefined) return '';
  const [noun = '', ...rest] = evidence.counts.split(' ');
  const one = [noun.replace(/s$/, ''), ...rest].join(' ');
  if (count === 0) return `No ${one}.`;
  return count === 1 ? `1 ${one}.` : `${count} ${evidence.counts}.`;
}
