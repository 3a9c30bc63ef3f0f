import type { AppliedMigration } from './record.js';
import { revisionOf } from './revision.js';

/** The revisions that are applied. */
export function appliedRevisions(applied: readonly AppliedMigration[]): ReadonlySet<string> {
  return new Set(applied.map(({ name }) => revisionOf(name)));
}

/** The number of the newest batch; 0 when nothing is applied. */
export function lastBatch(applied: readonly AppliedMigration[]): number {
  return Math.max(0, ...applied.map(({ batch }) => batch));
}
