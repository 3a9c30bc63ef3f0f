import { existsSync, rmSync } from 'node:fs';
import type { Knex } from 'knex';
import { openKnex } from '../../config/connections.js';
import { KnexMetaError } from '../../errors.js';
import type { LockBusy, RecordTables, RunLock } from '../migrations.js';
import { withoutWaiting } from './busy.js';
import { kindOf } from './errors.js';
import { databaseFile } from './file.js';
import { identifyWriter } from './writer.js';

/** In `is_locked`: a run of knex-meta's. */
export const OURS = 2;

/** Each of them waits as long as the driver waits for a writer. */
const ATTEMPTS_AT_END = 4;

/** A lock file that its holder deletes at this moment gives errors of input and output: so many are let pass. */
const PASSING_ERRORS = 10;

/**
 * The lock is SQLite's own exclusive lock on a small file beside the database: the operating system takes it away
 * when its holder dies. SQLite allows no second transaction on the database itself, so Knex's flag tells stock Knex
 * of the run; a flag of ours whose file nobody has locked is left over, and is taken over.
 */
export async function openLock(db: Knex, tables: RecordTables): Promise<RunLock> {
  const file = databaseFile(db);
  let own: Knex | undefined;
  let isPrepared = false;
  let isHeld = false;
  let oddErrors = 0;

  async function takeFile(path: string): Promise<LockBusy | undefined> {
    const lockFile = `${path}-knex-meta.lock`;
    const { client } = db.client.config as { client: string };
    const lock = openKnex({
      client,
      connection: { filename: lockFile },
      useNullAsDefault: true,
      pool: { max: 1 },
    });
    try {
      await lock.raw('pragma busy_timeout = 0');
      await lock.raw('begin exclusive');
      // A file that its last holder has deleted meanwhile is refused by SQLite when it is written to.
      await lock.raw(`pragma user_version = ${process.pid % 0x7fffffff}`);
    } catch (error) {
      await lock.destroy();
      const isOdd = /^SQLITE_(IOERR|CANTOPEN|READONLY_DBMOVED)/.test(
        String((error as { code?: string }).code),
      );
      if (isOdd) oddErrors += 1;
      else oddErrors = 0;
      if ((isOdd && oddErrors <= PASSING_ERRORS) || kindOf(error) === 'busy')
        return { by: 'knex-meta', holder: identifyWriter(lockFile) };
      throw notWritable(error, path);
    }
    own = lock;
    return undefined;
  }

  async function takeFlag(): Promise<LockBusy | undefined> {
    const flag = tables.lockTable;
    try {
      const others = db(flag).select(db.raw('1')).whereNotIn('is_locked', [0, OURS]);
      const changes: number = await db(flag).whereNotExists(others).update({ is_locked: OURS });
      if (changes > 0) return undefined;
      return { by: 'knex', holder: 'stock Knex, which set is_locked' };
    } catch (error) {
      if (kindOf(error) === 'busy') return { by: 'writer', holder: identifyWriter(file) };
      throw notWritable(error, file ?? 'the database');
    }
  }

  async function freeFlag(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await db.raw('delete from ?? where "index" > (select min("index") from ??)', [
          tables.lockTable,
          tables.lockTable,
        ]);
        await db.raw('update ?? set is_locked = 0 where is_locked = ?', [tables.lockTable, OURS]);
        return;
      } catch (error) {
        if (kindOf(error) !== 'busy' || attempt >= ATTEMPTS_AT_END) return;
      }
    }
  }

  return {
    tryTake: async (prepare) => {
      if (own === undefined && file !== undefined) {
        const busy = await takeFile(file);
        if (busy !== undefined) return busy;
      }
      return withoutWaiting(db, async () => {
        try {
          if (!isPrepared) await prepare();
          isPrepared = true;
        } catch (error) {
          if (kindOf(error) === 'busy') return { by: 'writer', holder: identifyWriter(file) };
          throw notWritable(error, file ?? 'the database');
        }
        const busy = await takeFlag();
        isHeld = busy === undefined;
        return busy;
      });
    },
    freeIn: async (trx) => {
      await trx(tables.lockTable).where({ is_locked: OURS }).update({ is_locked: 0 });
    },
    isHeld: async () => isHeld,
    release: async () => {
      if (isHeld) await freeFlag().catch(() => {});
      isHeld = false;
      if (own === undefined) return;
      // Deleted while it is still locked: who waits for it sees that it is gone, and makes a new one.
      if (file !== undefined) rmSync(`${file}-knex-meta.lock`, { force: true });
      await own.raw('rollback').catch(() => {});
      await own.destroy();
      own = undefined;
    },
  };
}

/** Whether a run has the file: nobody else may read it then. */
async function isHeldFile(db: Knex, lockFile: string): Promise<boolean> {
  const { client } = db.client.config as { client: string };
  const reader = openKnex({
    client,
    connection: { filename: lockFile },
    useNullAsDefault: true,
    pool: { max: 1 },
  });
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

/** See `CheckEngine.runHolder`: the lock's file is looked for, and not taken. */
export async function runHolder(db: Knex): Promise<LockBusy | undefined> {
  const file = databaseFile(db);
  const lockFile = `${file}-knex-meta.lock`;
  if (file === undefined || !existsSync(lockFile) || !(await isHeldFile(db, lockFile))) return undefined;
  return { by: 'knex-meta', holder: identifyWriter(lockFile) };
}

function notWritable(error: unknown, what: string): unknown {
  if (kindOf(error) !== 'not-writable') return error;
  return new KnexMetaError(
    'DATABASE_NOT_WRITABLE',
    `${what} cannot be written to: ${(error as Error).message}`,
    {
      remedy: 'Is the disk full, or the file or its folder read-only for this user? Nothing was changed.',
      cause: error,
    },
  );
}
