import type { ClientClass } from '../../metadata/knexInternals.js';
import { createDdl } from './ddl/index.js';

/** Knex's alterations of a table, by a rebuild that loses nothing in place of Knex's own. */
export function extendClient(base: ClientClass): ClientClass {
  return class SafeAlterations extends base {
    ddl(compiler: unknown, _pragma: unknown, connection: unknown): unknown {
      return createDdl(this, compiler, connection);
    }
  };
}
