import type { Knex } from 'knex';
import { engineForClient } from '../../lib/engines/registry.js';
import type { AnyModel } from '../../lib/models/definition.js';
import { type Desired, readDesired } from '../../lib/models/desired.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import { introspect } from './introspection.js';

/** What the models ask for in this database. */
export async function desiredOf(
  db: Knex,
  models: readonly AnyModel[],
  options: { readonly shadow?: Knex; readonly actual?: DatabaseSchema } = {},
): Promise<Desired> {
  const engine = engineForClient(db.client.config.client);
  if (engine === undefined) throw new Error('no engine');
  return readDesired(engine, db, Promise.resolve(models), {
    actual: options.actual ?? (await introspect(db)),
    shadow: options.shadow,
  });
}
