import { KnexMetaError } from '../errors.js';
import type { Project } from './locked.js';
import { readRecord } from './record.js';
import { engineOf, recordTables } from './settings.js';
import { migratorView } from './views.js';

/**
 * Frees the flag that a stock Knex left which was killed.
 *
 * @throws KnexMetaError MIGRATIONS_LOCKED while a run is under way
 */
export async function unlock({ db, settings }: Project): Promise<void> {
  const view = migratorView(db);
  const tables = recordTables(settings);
  const { flags } = await readRecord(view, settings);
  // No table of the lock, or no row: nothing is locked.
  if (flags.length === 0) return;
  const lock = await engineOf(db).migrations.openLock(view, tables);
  try {
    const busy = await lock.tryTake(async () => {});
    if (busy?.by === 'knex-meta') {
      throw new KnexMetaError('MIGRATIONS_LOCKED', `A run is under way: ${busy.holder}.`, {
        remedy:
          'Let it end. Its lock ends with its process, so there is nothing to free. Nothing was changed.',
        details: { holder: busy.holder },
      });
    }
    if (busy?.by === 'knex') await db.migrate.forceFreeMigrationsLock(settings);
  } finally {
    await lock.release(false);
  }
}
