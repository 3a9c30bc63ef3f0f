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

/** The project's own processing, put aside in a transaction's configuration. */
const ASIDE = Symbol.for('knex-meta.processing');

type Config = Record<PropertyKey, unknown>;

/** Whether this is somebody's transaction. */
export function isTransaction(db: Knex): boolean {
  return (db as unknown as Processing).isTransaction === true;
}

/** Whether the transaction's configuration is a migrator's at this moment. */
function isLent(db: Knex): boolean {
  return ASIDE in (db.client as { config: Config }).config;
}

/**
 * Does something in somebody's transaction as if it had a view of its own, which Knex makes of no transaction: its
 * client gets a configuration without the project's processing for as long, and the application's stays as it is.
 */
export async function insideTransaction<T>(db: Knex, act: () => Promise<T>): Promise<T> {
  if (!isTransaction(db) || isLent(db)) return act();
  const client = db.client as { config: Config };
  const whole = client.config;
  const { wrapIdentifier = null, postProcessResponse = null } = whole;
  const none = { wrapIdentifier: null, postProcessResponse: null };
  client.config = { ...whole, ...none, [ASIDE]: [{ wrapIdentifier, postProcessResponse }, none] };
  try {
    return await act();
  } finally {
    client.config = whole;
  }
}

/** A view of the database without the project's own wrapIdentifier and postProcessResponse, as Knex's migrator has it. */
export function plainView(db: Knex): Knex {
  if (isTransaction(db)) return db;
  const processing = db as unknown as Processing;
  const view = processing.withUserParams({ ...processing.userParams });
  view.disableProcessing();
  return view as unknown as Knex;
}

/** A plain view that the hook knows for a migrator's: it answers `hasColumn` as a migration means it. */
export function migratorView(db: Knex): Knex {
  const view = plainView(db);
  if (view !== db || isLent(db)) markMigrations(view, true);
  return view;
}

/** Does something with a migrator's view. Somebody's transaction is lent for it, and is given back as it was. */
export function withMigratorView<T>(db: Knex, act: (view: Knex) => Promise<T>): Promise<T> {
  return insideTransaction(db, () => act(migratorView(db)));
}

/** Runs a part of a migration on a plain view with the project's own processing. */
export async function withProcessing<T>(view: Knex, act: () => PromiseLike<T> | T): Promise<T> {
  const processing = view as unknown as Processing;
  const { config } = view.client as { config: Config };
  const aside = config[ASIDE] as readonly [own: object, none: object] | undefined;
  if (aside === undefined) processing.enableProcessing();
  else Object.assign(config, aside[0]);
  try {
    return await act();
  } finally {
    if (aside === undefined) processing.disableProcessing();
    else Object.assign(config, aside[1]);
  }
}
