import type { Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import type { LockBusy, RecordTables, RunLock } from '../migrations.js';
import { withoutWaiting } from './busy.js';
import { kindOf } from './errors.js';
import { openedFile } from './file.js';
import { type HeldFile, isFileLocked, lockFileOf, tryLockFile } from './lockFile.js';
import { identifyWriter } from './writer.js';

/** In `is_locked`: a run of knex-meta's. */
export const OURS = 2;

/** Each of them waits as long as the driver waits for a writer. */
const ATTEMPTS_AT_END = 4;

/** Databases in memory that a run of this process has: only its own connections reach them. */
const inMemory = new WeakSet<object>();

/** Takes a database in memory, which has one pool with one connection. */
function tryMemory(db: Knex): HeldFile | undefined {
  const { pool } = db.client as { readonly pool: object };
  if (inMemory.has(pool)) return undefined;
  inMemory.add(pool);
  return { close: async () => void inMemory.delete(pool) };
}

/**
 * The lock is SQLite's own exclusive lock on a small permanent file beside the database: the operating system takes
 * it away when its holder dies. SQLite allows no second transaction on the database itself, so Knex's flag tells
 * stock Knex of the run; a flag of ours while nobody has the file locked was left by a run that was killed, and is
 * taken over.
 */
export async function openLock(db: Knex, tables: RecordTables): Promise<RunLock> {
  const file = await openedFile(db);
  let own: HeldFile | undefined;
  let isPrepared = false;
  let isHeld = false;

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
      own ??= file === undefined ? tryMemory(db) : await tryLockFile(db, file);
      if (own === undefined) {
        const holder = file === undefined ? 'this process' : identifyWriter(lockFileOf(file));
        return { by: 'knex-meta', holder };
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
      await own?.close();
      own = undefined;
    },
  };
}

/** See `CheckEngine.runHolder`: the lock is looked at, and not taken. */
export async function runHolder(db: Knex): Promise<LockBusy | undefined> {
  const file = await openedFile(db);
  if (file === undefined || !(await isFileLocked(db, file))) return undefined;
  return { by: 'knex-meta', holder: identifyWriter(lockFileOf(file)) };
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
