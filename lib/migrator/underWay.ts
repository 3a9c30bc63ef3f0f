import type { Knex } from 'knex';
import type { LockBusy } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import { engineOf, recordTables, type Settings } from './settings.js';
import { migratorView } from './views.js';

/** The run that works on this database now. Undefined: there is none, or that cannot be seen. */
export async function runUnderWay(db: Knex, settings: Settings): Promise<LockBusy | undefined> {
  try {
    return await engineOf(db).checks.runHolder(migratorView(db), recordTables(settings));
  } catch {
    return undefined;
  }
}

/** What failed because a run changed the database while it was read. */
export function besideRun(cause: unknown, { holder }: LockBusy): KnexMetaError {
  return new KnexMetaError(
    'MIGRATIONS_LOCKED',
    `A run is under way: ${holder}. ${(cause as Error).message}`,
    {
      remedy:
        'The run changes what this command reads. Wait for it to end, then run this command again. Nothing was changed.',
      details: { holder },
      cause,
    },
  );
}
