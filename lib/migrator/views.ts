import type { Knex } from 'knex';
import { markMigrations } from '../metadata/hook.js';

/** What Knex's own migrator uses, and has no public type. */
interface Processing {
  disableProcessing(): void;
  enableProcessing(): void;
  withUserParams(parameters: object): Processing;
  readonly userParams: object;
  readonly isTransaction?: boolean;
}

/** A view of the database without the project's own wrapIdentifier and postProcessResponse, as Knex's migrator has it. */
export function plainView(db: Knex): Knex {
  const processing = db as unknown as Processing;
  if (processing.isTransaction) return db;
  const view = processing.withUserParams({ ...processing.userParams });
  view.disableProcessing();
  return view as unknown as Knex;
}

/** A plain view that the hook knows for a migrator's: it answers `hasColumn` as a migration means it. */
export function migratorView(db: Knex): Knex {
  const view = plainView(db);
  if (view !== db) markMigrations(view, true);
  return view;
}

/** Does something with a migrator's view. Somebody's transaction is lent for it, and is given back as it was. */
export async function withMigratorView<T>(db: Knex, act: (view: Knex) => Promise<T>): Promise<T> {
  const view = migratorView(db);
  if (view !== db) return act(view);
  const processing = db as unknown as Processing;
  processing.disableProcessing();
  markMigrations(db, true);
  try {
    return await act(db);
  } finally {
    markMigrations(db, false);
    processing.enableProcessing();
  }
}

/** Runs a part of a migration on a plain view with the project's own processing. */
export async function withProcessing<T>(view: Knex, act: () => PromiseLike<T> | T): Promise<T> {
  const processing = view as unknown as Processing;
  processing.enableProcessing();
  try {
    return await act();
  } finally {
    processing.disableProcessing();
  }
}
