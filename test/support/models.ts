import type { Knex } from 'knex';
import { engineForClient } from '../../lib/engines/registry.js';
import type { AnyModel } from '../../lib/models/definition.js';
import { type Desired, readDesired } from '../../lib/models/desired.js';
import { introspect } from './introspection.js';

/** What the models ask for in this database. */
export async function desiredOf(db: Knex, models: readonly AnyModel[], shadow?: Knex): Promise<Desired> {
  const engine = engineForClient(db.client.config.client);
  if (engine === undefined) throw new Error('no engine');
  return readDesired(engine, db, models, { actual: await introspect(db), shadow });
}
