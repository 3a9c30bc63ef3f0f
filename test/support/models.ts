import type { Knex } from 'knex';
import { engineForClient } from '../../lib/engines/registry.js';
import type { AnyModel } from '../../lib/models/definition.js';
import { type Desired, readDesired } from '../../lib/models/desired.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';

interface Options {
  readonly shadow?: Knex;
  readonly actual?: DatabaseSchema;
}

/** What models that are on their way ask for in this database. */
export function readDesiredOf(
  db: Knex,
  models: Promise<readonly AnyModel[]>,
  options: Options = {},
): Promise<Desired> {
  const engine = engineForClient(db.client.config.client);
  if (engine === undefined) throw new Error('no engine');
  return readDesired(engine, db, models, options);
}

/** What the models ask for in this database. */
export function desiredOf(db: Knex, models: readonly AnyModel[], options?: Options): Promise<Desired> {
  return readDesiredOf(db, Promise.resolve(models), options);
}
