import { type ErrorCode, isKnexMetaError, KnexMetaError } from '../errors.js';
import type { Direction } from './events.js';

/** Where a migration failed, as far as it is known. */
export interface FailedAt {
  /** The statement, with places for its bindings: their values may be secret. */
  readonly statement?: string | undefined;
  /** The character of the statement, from 0. */
  readonly position?: number | undefined;
  /** `file:line:column`. */
  readonly location?: string | undefined;
}

/** What is known of a run that failed. */
export interface FailedRun {
  /** The migration that was running; undefined when none was. */
  readonly active: string | undefined;
  /** The last one that had run to its end in the group that failed. */
  readonly ranLast: string | undefined;
  readonly isInTransaction: boolean;
  /** It ran to its end without a transaction, and the record does not have it. */
  readonly isUnrecorded: boolean;
  /** True when the connection went while the transaction was ending: nobody can say how it ended. */
  readonly isCommitUnknown: boolean;
  readonly direction: Direction;
  /** Those of this run whose change stays. */
  readonly stays: readonly string[];
  /** Those that the same transaction undid. */
  readonly undone: readonly string[];
  readonly at: FailedAt;
}

function stateAfter({
  active,
  ranLast,
  isInTransaction,
  isUnrecorded,
  isCommitUnknown,
  direction,
  stays,
  undone,
}: FailedRun): string {
  const done = direction === 'up' ? 'stay applied' : 'stay undone';
  const before = stays.length === 0 ? '' : ` ${stays.length} before it ${done}: ${stays.join(', ')}.`;
  if (isCommitUnknown) {
    return `The connection was lost while the transaction ended: it may have ended well. \`npx knex-meta migrate:status\` says.${before}`;
  }
  if (active === undefined && ranLast === undefined) return `No migration was run.${before}`;
  if (isUnrecorded) {
    return `${ranLast} had run to its end without a transaction: what it did stays, and is not recorded.${before} The next run will say how to go on.`;
  }
  if (active === undefined) {
    const kept = stays.length === 0 ? 'Nothing of it is recorded.' : before.trim();
    return `It failed beside the migrations, after ${ranLast} had run. ${kept}`;
  }
  if (!isInTransaction) {
    return `It runs without a transaction: what it did before the failing statement stays.${before}`;
  }
  const others = undone.filter((name) => name !== active);
  const along = others.length === 0 ? '' : ` With it ${others.join(', ')}, of the same transaction.`;
  return `Its transaction was rolled back: of this migration nothing is left.${along}${before}`;
}

/** `line 2, column 5 (near "x")` of a statement. */
function placeIn(statement: string, position: number): string {
  const lines = statement.slice(0, position).split('\n');
  const near = /^[\s\S]{0,30}/.exec(statement.slice(position))?.[0].split('\n')[0]?.trim() ?? '';
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}${near === '' ? '' : ` (near ${JSON.stringify(near)})`}`;
}

const SHOWN = 600;

/** The lines below the message that say where it was. */
function whereLines({ statement, position, location }: FailedAt): readonly string[] {
  const text = statement?.replace(/\s+/g, ' ').trim() ?? '';
  return [
    ...(location === undefined ? [] : [`  in: ${location}`]),
    ...(statement === undefined
      ? []
      : [`  statement: ${text.length > SHOWN ? `${text.slice(0, SHOWN)} ...` : text}`]),
    ...(statement === undefined || position === undefined ? [] : [`  at: ${placeIn(statement, position)}`]),
  ];
}

/** Applied migrations that have no file, in Knex's words. `renamed`: files with the content of a missing one. */
export function filesMissing(
  names: readonly string[],
  details: object,
  renamed: readonly (readonly [from: string, to: string])[] = [],
): KnexMetaError {
  const message = `The migration directory is corrupt, the following files are missing: ${names.join(', ')}.`;
  const hints = renamed.map(([from, to]) => ` ${to} has the content of ${from}: give it its old name back.`);
  return new KnexMetaError('MIGRATION_FILES_MISSING', message, {
    remedy: `Bring the files back (another branch may have them; \`git log --all --name-only\` finds it).${hints.join('')} If they are gone for good and the database is right: \`npx knex-meta migrate:stamp <revision> --purge\` sets the record anew. Nothing was run.`,
    details: { missing: names, ...(renamed.length === 0 ? {} : { renamed }), ...details },
  });
}

/** A run that a signal ended. */
export function interrupted(active: string | undefined, state: string): KnexMetaError {
  const where = active === undefined ? '' : ` in ${active}`;
  return new KnexMetaError('INTERRUPTED', `The run was interrupted${where}.`, {
    remedy: state,
    details: { migration: active },
  });
}

/** What to do about a migration that failed, where nothing better is known. */
export const CORRECT = 'Correct the migration, then run the command again.';

/** Says what happened, where, and what state is left. */
export function explainFailure(error: unknown, run: FailedRun): KnexMetaError {
  const message = error instanceof Error ? error.message : String(error);
  const state = stateAfter(run);
  const { active, direction, stays, at } = run;
  const own = isKnexMetaError(error) ? error : undefined;
  if (own?.code === 'INTERRUPTED') {
    const unfinished = active !== undefined && !run.isInTransaction;
    if (run.isUnrecorded) return interrupted(run.ranLast, state);
    return interrupted(
      active,
      unfinished
        ? `${state} The next run will say how to go on.`
        : `${state} Run the command again to go on.`,
    );
  }
  if (active === undefined) {
    if (own !== undefined) return own;
    return new KnexMetaError('MIGRATION_FAILED', message, { remedy: state, cause: error });
  }
  const code: ErrorCode = own?.code ?? 'MIGRATION_FAILED';
  const remedy = own?.remedy || CORRECT;
  return new KnexMetaError(
    code,
    [`The migration ${active} failed (${direction}): ${message}`, ...whereLines(at)].join('\n'),
    {
      remedy: `${state} ${remedy}`,
      details: { ...own?.details, migration: active, direction, changed: stays, ...at },
      cause: error,
    },
  );
}
