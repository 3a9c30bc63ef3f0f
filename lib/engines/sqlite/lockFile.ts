import { chmodSync, chownSync, existsSync, statSync } from 'node:fs';
import type { Knex } from 'knex';
import { openKnex } from '../../config/connections.js';
import { KnexMetaError } from '../../errors.js';
import { kindOf } from './errors.js';

/** An exclusive lock on a lock file, until it is closed or the process ends. */
export interface HeldFile {
  readonly close: () => Promise<void>;
}

/** The permanent lock file of a database. */
export function lockFileOf(database: string): string {
  return `${database}-knex-meta.lock`;
}

interface VersionRow {
  readonly user_version: number | bigint;
}

function openFile(db: Knex, filename: string): Knex {
  const { config, connectionSettings } = db.client as {
    readonly config: { readonly client: string };
    readonly connectionSettings?: { readonly options?: Readonly<Record<string, unknown>> };
  };
  const { readonly: _ofTheDatabase, ...options } = connectionSettings?.options ?? {};
  return openKnex({
    client: config.client,
    connection: { filename, options } as Knex.Sqlite3ConnectionConfig,
    useNullAsDefault: true,
    pool: { max: 1 },
  });
}

/**
 * Whoever may write to the database may lock it: the lock file gets the same owner and mode. By its path only: a
 * process that opens and closes the file itself loses all its locks on it, by the rules of POSIX.
 */
function shareAs(database: string, lockFile: string): void {
  try {
    const wanted = statSync(database);
    const own = statSync(lockFile);
    const mode = (wanted.mode & 0o666) | 0o600;
    if ((own.mode & 0o777) !== mode) chmodSync(lockFile, mode);
    if (own.uid !== wanted.uid || own.gid !== wanted.gid) chownSync(lockFile, wanted.uid, wanted.gid);
  } catch {
    // Another user's file: its owner has set it already, or has to.
  }
}

function unusable(error: unknown, lockFile: string): unknown {
  const { code = '', message } = error as { readonly code?: string; readonly message: string };
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new KnexMetaError('DATABASE_NOT_WRITABLE', `${lockFile} is not a lock file: ${message}`, {
      remedy: `Delete it while no migration is running: \`rm '${lockFile}'\`. Nothing was changed.`,
      cause: error,
    });
  }
  if (kindOf(error) !== 'not-writable') return error;
  return new KnexMetaError(
    'DATABASE_NOT_WRITABLE',
    `The lock file ${lockFile} cannot be written to: ${message}`,
    {
      remedy:
        'Is the disk full, or the file or its folder read-only for this user? A run needs this file beside the database. Nothing was changed.',
      cause: error,
    },
  );
}

/**
 * Tries to lock the lock file of a database. The file is permanent: nobody deletes it, so its path names one file
 * for all processes, and SQLite's exclusive lock on that file excludes them. If somebody deletes it all the same
 * (a user, or an older knex-meta), SQLite's own check, which only works on a file that is not empty, finds that the
 * path names another file or none, and the lock does not count.
 *
 * @returns undefined when another process has the lock, or has replaced the file meanwhile
 */
export async function tryLockFile(db: Knex, database: string): Promise<HeldFile | undefined> {
  const lockFile = lockFileOf(database);
  const own = openFile(db, lockFile);
  try {
    await own.raw('pragma busy_timeout = 0');
    await own.raw('begin exclusive');
    const [version] = (await own.raw('pragma user_version')) as readonly VersionRow[];
    if (Number(version?.user_version) === 0) {
      await own.raw('pragma user_version = 1');
      await own.raw('commit');
      await own.raw('begin exclusive');
    }
    shareAs(database, lockFile);
    // The first write of a transaction: here SQLite compares the path with the file that it has locked.
    await own.raw(`pragma user_version = ${process.pid % 0x7fffffff}`);
  } catch (error) {
    await own.destroy();
    const isReplaced = (error as { code?: string }).code === 'SQLITE_READONLY_DBMOVED';
    if (isReplaced || kindOf(error) === 'busy') return undefined;
    throw unusable(error, lockFile);
  }
  return {
    close: async () => {
      await own.raw('rollback').catch(() => {});
      await own.destroy();
    },
  };
}

/** Whether a run has the lock: nobody else may read the file then. */
export async function isFileLocked(db: Knex, database: string): Promise<boolean> {
  const lockFile = lockFileOf(database);
  if (!existsSync(lockFile)) return false;
  const reader = openFile(db, lockFile);
  try {
    await reader.raw('pragma busy_timeout = 0');
    await reader.raw('select count(*) from sqlite_master');
    return false;
  } catch (error) {
    return kindOf(error) === 'busy';
  } finally {
    await reader.destroy();
  }
}
