import type {
  BuilderStatement,
  ClientInternals,
  ColumnBuilderInternals,
  CompiledQuery,
  CompilerInternals,
  TableBuilderInternals,
} from './knexInternals.js';

/** On the builder of a column that stands in several tables: what Knex wrote of it, once it did. */
const WRITTEN = Symbol('written');

interface SharedColumn extends ColumnBuilderInternals {
  [WRITTEN]?: readonly CompiledQuery[] | undefined;
}

/** By client, and by what decides what Knex writes. */
const statements = new WeakMap<ClientInternals, Map<string, BuilderStatement>>();

/**
 * Appends a column that is the same in every table of a project: it is made once for a client, and written once.
 *
 * @param key - all that decides what is written
 * @param append - appends it to the builder as a project would
 */
export function appendShared(
  client: ClientInternals,
  builder: TableBuilderInternals,
  key: string,
  append: () => void,
): void {
  // With a context a name may be another one in each table.
  const isShared = builder.queryContext() === undefined;
  const known = statements.get(client) ?? new Map<string, BuilderStatement>();
  const statement = isShared ? known.get(key) : undefined;
  if (statement !== undefined) {
    builder._statements.push(statement);
    return;
  }
  append();
  const made = builder._statements.at(-1);
  if (!isShared || made?.builder === undefined) return;
  (made.builder as SharedColumn)[WRITTEN] = undefined;
  statements.set(client, known.set(key, made));
}

/** Compiles a column, or gives what was written of it before. */
export function compileShared(column: SharedColumn, compile: () => CompilerInternals): CompilerInternals {
  if (!(WRITTEN in column)) return compile();
  return {
    toSQL: () => {
      column[WRITTEN] ??= compile().toSQL();
      return column[WRITTEN].map((query) => ({ ...query }));
    },
  };
}
