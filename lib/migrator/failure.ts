import { isKnexMetaError, KnexMetaError } from '../errors.js';

/** What is known of a run that failed. */
export interface FailedRun {
  /** The migration that was running; undefined when none was. */
  readonly active: string | undefined;
  /** Those that had run to their end. */
  readonly ran: readonly string[];
  readonly isInTransaction: boolean;
  readonly direction: 'up' | 'down';
  /** Names that the record gained or lost although the run failed. */
  readonly changed: readonly string[];
}

function stateAfter({ active, ran, isInTransaction, direction, changed }: FailedRun): string {
  const done = direction === 'up' ? 'stay applied' : 'stay undone';
  const before = changed.length === 0 ? '' : ` ${changed.length} before it ${done}: ${changed.join(', ')}.`;
  if (active === undefined && ran.length === 0) return `No migration was run.${before}`;
  if (active === undefined) {
    const kept = changed.length === 0 ? 'Nothing of it is recorded.' : before.trim();
    return `It failed beside the migrations, after ${ran.at(-1)} had run. ${kept}`;
  }
  return isInTransaction
    ? `Its transaction was rolled back: of this migration nothing is left.${before}`
    : `It runs without a transaction: what it did before the failing statement stays.${before}`;
}

/** Applied migrations that have no file, in Knex's words. */
export function filesMissing(names: readonly string[], details: object, cause?: unknown): KnexMetaError {
  const message = `The migration directory is corrupt, the following files are missing: ${names.join(', ')}.`;
  return new KnexMetaError('MIGRATION_FILES_MISSING', message, {
    remedy:
      'Bring the files back (another branch may have them). `npx knex-meta check:version` compares record and directory.',
    details: { missing: names, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Turns what Knex's migrator threw into an error that says what happened, where, and what state is left. */
export function explainFailure(error: unknown, run: FailedRun): KnexMetaError {
  const { name } = (error ?? {}) as Error;
  const message = error instanceof Error ? error.message : String(error);
  if (isKnexMetaError(error) && run.active === undefined) return error;
  if (name === 'MigrationLocked') {
    return new KnexMetaError('MIGRATIONS_LOCKED', `The migrations are locked: ${message}.`, {
      remedy: 'Wait for the other run. If there is none (it was killed): npx knex-meta migrate:unlock',
      cause: error,
    });
  }
  if (message.startsWith('The migration directory is corrupt')) {
    return filesMissing(message.replace(/^.*missing: /, '').split(', '), {}, error);
  }
  const notFound = /^Migration "(.*)" (not found|was not run)\.$/.exec(message);
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
