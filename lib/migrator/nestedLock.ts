import type { Knex } from 'knex';
import type { RecordTables, RunLock } from '../engines/migrations.js';
import { rowsOf } from './recordAccess.js';

/**
 * For a migrator inside somebody's transaction: Knex's lock row, which the transaction keeps until it ends. There is
 * nothing to wait for without it, and nothing to give back.
 */
export function nestedLock(trx: Knex, tables: RecordTables): RunLock {
  const lock = () => rowsOf(trx, tables, tables.lockTable);
  return {
    tryTake: async (prepare) => {
      await prepare();
      const free: number = await lock().where({ is_locked: 0 }).update({ is_locked: 0 });
      return free > 0 ? undefined : { by: 'knex', holder: 'stock Knex, which set is_locked' };
    },
    freeIn: async () => {},
    isHeld: async () => true,
    release: async () => {},
  };
}
