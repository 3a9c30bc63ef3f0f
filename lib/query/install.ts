import defaultKnex from 'knex';
import { engines } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';
import { helpers } from './helpers.js';

/** On a method of the query builder: it is one of these, perhaps of another copy of this package. */
const HELPER = Symbol.for('knex-meta.query-helper');

/** What the helpers need of Knex's module. */
type KnexModule = Pick<typeof defaultKnex, 'QueryBuilder'> &
  ((config: { client: string }) => { queryBuilder(): object });

/**
 * Gives Knex's query builder `.active()`, `.inactive()`, `.flagged()`, `.softDelete()`, `.restore()`, `.flag()` and
 * `.unflag()`, for every connection of the process. Once is enough; the second call does nothing. Their types come
 * with the import of `knex-meta/query`.
 *
 * The columns are those of `meta.columns` in the configuration, under the names that they have there.
 *
 * @param knex - Knex's module, where the project has another copy of it than knex-meta
 * @throws KnexMetaError QUERY_METHOD_TAKEN: the builder has a method of such a name; nothing was installed
 *
 * @example
 * import { installQueryHelpers } from 'knex-meta/query';
 *
 * installQueryHelpers();
 * await db('users').where({ id }).softDelete();
 * const users = await db('users').active();
 */
export function installQueryHelpers(knex: KnexModule = defaultKnex): void {
  const builder = knex({ client: engines[0]?.clients[0] ?? '' }).queryBuilder() as Readonly<
    Record<string, { readonly [HELPER]?: true } | undefined>
  >;
  const missing = Object.keys(helpers).filter((name) => builder[name]?.[HELPER] !== true);
  const taken = missing.filter((name) => builder[name] !== undefined);
  if (taken.length > 0) {
    const names = taken.map((name) => `.${name}()`).join(', ');
    throw new KnexMetaError(
      'QUERY_METHOD_TAKEN',
      `Knex’s query builder has ${names} already, and not from knex-meta. Nothing was installed.`,
      { remedy: 'Rename your own extension, or do without these helpers.', details: { taken } },
    );
  }
  for (const name of missing) {
    const helper = Object.assign(helpers[name] as object, { [HELPER]: true });
    knex.QueryBuilder.extend(name as never, helper as never);
  }
}
