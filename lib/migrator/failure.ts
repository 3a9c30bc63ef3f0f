import { isKnexMetaError, KnexMetaError } from '../errors.js';

/** What is known of a run that failed. */
export interface FailedRun {
  /** The migration that was running; undefined when none had begun. */
  readonly active: string | undefined;
  readonly isInTransaction: boolean;
  readonly direction: 'up' | 'down';
  /** Names that the record gained or lost although the run failed. */
  readonly changed: readonly string[];
}

function stateAfter({ active, isInTransaction, direction, changed }: FailedRun): string {
  const done = direction === 'up' ? 'stay applied' : 'stay undone';
  const before = changed.length === 0 ? '' : ` ${changed.length} before it ${done}: ${changed.join(', ')}.`;
  if (active === undefined) return `No migration was run.${before}`;
  return isInTransaction
    ? `Its transaction was rolled back: of this migration nothing is left.${before}`
    : `It runs without a transaction: what it did before the failing statement stays.${before}`;
}

/** Turns what Knex's migrator threw into an error that says what happened, where, and what state is left. */
export function explainFailure(error: unknown, run: FailedRun): KnexMetaError {
  const { name, message } = error as Error;
  if (isKnexMetaError(error) && run.active === undefined) return error;
  if (name === 'MigrationLocked') {
    return new KnexMetaError('MIGRATIONS_LOCKED', `The migrations are locked: ${message}.`, {
      remedy: 'Wait for the other run. If there is none (it was killed): npx knex-meta migrate:unlock',
      cause: error,
    });
  }
  if (message?.startsWith('The migration directory is corrupt')) {
    return new KnexMetaError('MIGRATION_FILES_MISSING', `${message}.`, {
      remedy:
        'Bring the files back (another branch may have them). `npx knex-meta check:version` compares record and directory.',
      cause: error,
    });
  }
  const notFound = /^Migration "(.*)" (not found|was not run)\.$/.exec(message ?? '');
  if (notFound) {
    return new KnexMetaError('MIGRATION_NOT_FOUND', message, {
      remedy: '`npx knex-meta migrate:list` shows the names; give the whole file name.',
      details: { name: notFound[1] },
      cause: error,
    });
  }
  if (run.active === undefined) {
    return new KnexMetaError('MIGRATION_FAILED', message, { remedy: stateAfter(run), cause: error });
  }
  const own = isKnexMetaError(error) ? error : undefined;
  return new KnexMetaError(
    own?.code ?? 'MIGRATION_FAILED',
    `The migration ${run.active} failed (${run.direction}): ${message}`,
    {
      remedy: `${stateAfter(run)}${own?.remedy ? ` ${own.remedy}` : ' Correct the migration, then run the command again.'}`,
      details: { ...own?.details, migration: run.active, direction: run.direction, changed: run.changed },
      cause: error,
    },
  );
}
