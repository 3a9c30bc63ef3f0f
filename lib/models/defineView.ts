import { DEFINITION, noted, type ViewModel } from './definition.js';
import { placeOfCall } from './place.js';
import { checkDefinition, checkWithoutCreate, splitName } from './validate.js';

/** What `defineView` takes beside the query. */
export interface ViewOptions {
  /** The schema of the view; the connection's own when it is left out. */
  readonly schema?: string;
  /** The names of its columns, where the query does not give them. */
  readonly columns?: readonly string[];
  /** Options of the view as SQL has them in `WITH (...)`: `security_barrier=true`. */
  readonly options?: readonly string[];
  readonly comment?: string;
  /** The view's former name. */
  readonly renamedFrom?: string;
  /** Names of other definitions that must be there before, where the query does not name them. */
  readonly dependsOn?: readonly string[];
}

/** What `defineMaterializedView` takes beside the query. */
export interface MaterializedViewOptions extends ViewOptions {
  /** Statements that create the indexes of the view. */
  readonly indexes?: readonly string[];
}

const OPTIONS = ['schema', 'columns', 'options', 'comment', 'renamedFrom', 'dependsOn'];

function view(
  kind: ViewModel['kind'],
  define: typeof defineView | typeof defineMaterializedView,
  name: string,
  query: string,
  options: MaterializedViewOptions,
): ViewModel {
  checkDefinition(define.name, name, options, kind === 'view' ? OPTIONS : [...OPTIONS, 'indexes']);
  checkWithoutCreate(`The query of ${define.name}('${name}')`, query);
  return noted({
    [DEFINITION]: true,
    kind,
    ...splitName(name, options.schema),
    query,
    columns: options.columns ?? [],
    options: options.options ?? [],
    indexes: options.indexes ?? [],
    comment: options.comment,
    renamedFrom: options.renamedFrom,
    dependsOn: options.dependsOn ?? [],
    place: placeOfCall(define),
  });
}

/**
 * Declares a view by its query.
 *
 * @param query - the SELECT, without a semicolon
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineView } from 'knex-meta';
 *
 * export const activeUsers = defineView('active_users', 'select id, email from users where is_active');
 */
export function defineView(name: string, query: string, options: ViewOptions = {}): ViewModel {
  return view('view', defineView, name, query, options);
}

/**
 * Declares a materialized view by its query, with its indexes.
 *
 * @param query - the SELECT, without a semicolon
 * @throws KnexMetaError MODEL_INVALID
 *
 * @example
 * import { defineMaterializedView } from 'knex-meta';
 *
 * export const totals = defineMaterializedView(
 *   'totals',
 *   'select user_id, sum(amount) as amount from orders group by user_id',
 *   { indexes: ['create unique index totals_user_id on totals (user_id)'] },
 * );
 */
export function defineMaterializedView(
  name: string,
  query: string,
  options: MaterializedViewOptions = {},
): ViewModel {
  return view('materialized view', defineMaterializedView, name, query, options);
}
