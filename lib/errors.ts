/** Exit codes of the command line: design section 5, "Output". */
export const EXIT = { done: 0, failed: 1, usage: 2, found: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Every error code of knex-meta with the exit code of the command that it ends.
 * docs/errors.md lists the same codes; a test compares the two.
 */
export const ERROR_CODES = {
  CONFIG_NOT_FOUND: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  CONFIG_LOAD_FAILED: EXIT.usage,
  ENVIRONMENT_UNKNOWN: EXIT.usage,
  META_OPTION_UNKNOWN: EXIT.usage,
  META_OPTION_INVALID: EXIT.usage,
  CLIENT_UNSUPPORTED: EXIT.usage,
  DRIVER_MISSING: EXIT.usage,
  DRIVER_BROKEN: EXIT.failed,
  TIMESTAMP_INVALID: EXIT.usage,
  USAGE: EXIT.usage,
  CONNECTION_FAILED: EXIT.failed,
  MIGRATIONS_DIRECTORY_MISSING: EXIT.usage,
  MIGRATIONS_NONE: EXIT.usage,
  MIGRATION_NOT_FOUND: EXIT.usage,
  MIGRATION_INVALID: EXIT.failed,
  MIGRATION_LOAD_FAILED: EXIT.failed,
  MIGRATION_FAILED: EXIT.failed,
  MIGRATION_FILES_MISSING: EXIT.failed,
  MIGRATIONS_LOCKED: EXIT.failed,
  MIGRATIONS_PENDING: EXIT.failed,
  MIGRATIONS_LOCK_LOST: EXIT.failed,
  MIGRATION_UNFINISHED: EXIT.failed,
  MIGRATION_EDITED: EXIT.failed,
  MIGRATION_OUT_OF_ORDER: EXIT.failed,
  MIGRATION_HEADS: EXIT.failed,
  MIGRATION_PARENT: EXIT.failed,
  STAMP_FORGETS: EXIT.usage,
  INTERRUPTED: EXIT.failed,
  DATABASE_BUSY: EXIT.failed,
  DATABASE_NOT_WRITABLE: EXIT.failed,
  BACKUP_FAILED: EXIT.failed,
  NOT_OFFLINE: EXIT.failed,
  SEED_FAILED: EXIT.failed,
  FILE_EXISTS: EXIT.usage,
  MODELS_DIRECTORY_MISSING: EXIT.usage,
  MODELS_NONE: EXIT.usage,
  MODEL_INVALID: EXIT.failed,
  MODEL_LOAD_FAILED: EXIT.failed,
  MODEL_DUPLICATE: EXIT.failed,
  MODEL_BUILD_FAILED: EXIT.failed,
  SCRATCH_REFUSED: EXIT.failed,
  THROWAWAY_REFUSED: EXIT.failed,
  ALTER_REFUSED: EXIT.failed,
  NAME_TOO_LONG: EXIT.failed,
  METADATA_COLUMN_IN_USE: EXIT.failed,
  INSERT_UNCLEAR: EXIT.failed,
  ROWS_HIDDEN: EXIT.failed,
  ADOPT_REFUSED: EXIT.failed,
  TRANSACTION_REQUIRED: EXIT.usage,
  TRIGGER_OUTDATED: EXIT.failed,
  METADATA_COLUMN_OMITTED: EXIT.usage,
  QUERY_METHOD_TAKEN: EXIT.usage,
  QUERY_REFUSED: EXIT.usage,
  RENAME_AMBIGUOUS: EXIT.usage,
  RENAME_UNKNOWN: EXIT.usage,
  UNEXPECTED: EXIT.failed,
} as const satisfies Record<string, ExitCode>;

/** A code of a KnexMetaError. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a KnexMetaError carries beside its code and message. */
export interface ErrorOptions {
  /** What the user can do now, as one or two sentences or a command. */
  readonly remedy?: string;
  /** Where it happened and in which state the database is, as plain data for `--json`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error class of knex-meta.
 *
 * @example
 * try {
 *   await createMigrator(db).latest();
 * } catch (error) {
 *   if (error instanceof KnexMetaError) console.error(error.code, error.message, error.remedy);
 * }
 */
export class KnexMetaError extends Error {
  /** An error of another copy of this package is one too: a bundle and a command line have their own. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a class that extends this one is asked for itself.
    const isOwn = Function.prototype[Symbol.hasInstance].call(this, error);
    // biome-ignore lint/complexity/noThisInStatic: a class that extends this one is asked for itself.
    return isOwn || (this === KnexMetaError && isKnexMetaError(error));
  }

  override readonly name = 'KnexMetaError';
  /** One of `ERROR_CODES`; stable across minor versions. */
  readonly code: ErrorCode;
  /** What to do about it; empty when there is nothing beyond the message. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy ?? '';
    this.details = options.details ?? {};
  }

  /** The exit code that a command ends with when this error reaches it. */
  get exitCode(): ExitCode {
    return ERROR_CODES[this.code];
  }
}

/** Also true for an error of another copy of this package, which a knexfile may have loaded. */
export function isKnexMetaError(error: unknown): error is KnexMetaError {
  return error instanceof Error && error.name === 'KnexMetaError' && 'code' in error;
}
