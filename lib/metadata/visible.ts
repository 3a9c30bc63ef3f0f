import type {
  ClientInternals,
  QueryBuilderInternals,
  QueryCompilerInternals,
  RunnerInternals,
} from './knexInternals.js';
import { rowsOf, sessionOn } from './session.js';
import { type HookContext, targetOf } from './target.js';

/** Gives query builders the method `withMetadata`: once for each Knex of the process. */
export function offerWithMetadata<T extends QueryBuilderInternals>(builder: T): T {
  if (!('withMetadata' in builder)) {
    Object.defineProperty(Object.getPrototypeOf(builder), 'withMetadata', {
      configurable: true,
      writable: true,
      value(this: QueryBuilderInternals) {
        return this.options({ withMetadata: true });
      },
    });
  }
  return builder;
}

/** Libraries learn from `columnInfo()` which columns to select by name: the metadata columns are not among them. */
export function withOwnColumnInfo(
  client: ClientInternals,
  context: HookContext,
  compiler: QueryCompilerInternals,
): QueryCompilerInternals {
  const stock = compiler.columnInfo.bind(compiler);
  compiler.columnInfo = () => {
    const query = stock();
    const { output } = query;
    const { table, schema, columnInfo } = compiler.single;
    const isSeen = compiler.builder._options?.some(({ withMetadata }) => withMetadata === true);
    if (output === undefined || columnInfo !== undefined || typeof table !== 'string' || isSeen) return query;
    const target = targetOf(client, context, { schema, name: table, queryContext: undefined });
    query.output = async function ownColumnsOnly(this: RunnerInternals, response: unknown) {
      const all = (await output.call(this, response)) as Record<string, unknown>;
      const facts = context.engine.factsQuery(target);
      const rows = rowsOf(await sessionOn(this.client, this.connection).rows(facts.sql, facts.bindings));
      const columns = context.engine.readFacts(target, rows)?.columns ?? [];
      const hidden = new Set(columns.filter(({ isMetadata }) => isMetadata).map(({ name }) => name));
      return Object.fromEntries(Object.entries(all).filter(([name]) => !hidden.has(name)));
    };
    return query;
  };
  return compiler;
}
