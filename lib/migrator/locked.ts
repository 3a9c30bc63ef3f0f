import type { Knex } from 'knex';
import type { RecordTables, RunLock } from '../engines/migrations.js';
import type { Events } from './events.js';
import { takeLock } from './lock.js';
import { nestedLock } from './nestedLock.js';
import type { RunOptions } from './options.js';
import { engineOf, recordTables, type Settings } from './settings.js';
import { ensureTables } from './tables.js';
import { isTransaction } from './views.js';

/** What a project and its database are to a migrator. */
export interface Project {
  readonly db: Knex;
  readonly settings: Settings;
  readonly events: Events;
}

/**
 * Does something that no other run may do at the same time. `act` gets the lock, says with `changed` that it wrote to
 * the record, and learns of which tables there are.
 *
 * @throws KnexMetaError MIGRATIONS_LOCKED, DATABASE_BUSY, INTERRUPTED
 */
export async function withLock<T>(
  { db, settings, events }: Project,
  view: Knex,
  options: RunOptions,
  act: (lock: RunLock, changed: () => void, tables: RecordTables) => Promise<T>,
): Promise<T> {
  const tables = recordTables(settings);
  const lock = isTransaction(db)
    ? nestedLock(view, tables)
    : await engineOf(db).migrations.openLock(view, tables);
  let isChanged = false;
  let hasJournal = true;
  const prepare = async (): Promise<void> => {
    hasJournal = await ensureTables(view, tables);
  };
  try {
    await takeLock(lock, prepare, options, events);
    const changed = (): void => {
      isChanged = true;
    };
    return await act(lock, changed, { ...tables, hasJournal });
  } finally {
    await lock.release(isChanged);
  }
}
