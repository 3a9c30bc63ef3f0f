import type { ClientClass, Origin, QueryObject, RunnableBuilder, Runner } from '../metadata/knexInternals.js';
import { shared } from '../shared.js';
import { kindOfStatement } from './statements.js';

/** One statement that a migration would run, as it was written down. */
export interface WrittenStatement {
  /** With the values in it, as the engine gets it. */
  readonly sql: string;
  /** Runs because of the hook or of the engine's own way to alter a table, and not as the migration wrote it. */
  readonly isOwn: boolean;
  /** The project wrote its SQL. */
  readonly isRaw: boolean;
  /** Begins or ends a transaction, by the migration's own word. */
  readonly isBoundary: boolean;
  /** The metadata columns in it that the hook put there. */
  readonly hookColumns: readonly string[];
  /** The call in the migration, as the stack of an error. */
  readonly stack: string | undefined;
}

const stackOf = ({ _asyncStack }: RunnableBuilder): string => _asyncStack?.error.stack ?? '';

function originOf(builder: RunnableBuilder, query: QueryObject): Origin {
  const { _sequence, sql } = builder;
  const isRaw =
    _sequence === undefined
      ? typeof sql === 'string'
      : _sequence.some(({ method, args }) => method === 'raw' && args[0] === query.sql);
  return { isRaw, stack: stackOf(builder) };
}

/** What a connection is busy with: what an alteration runs by itself, it runs for the one who asked. */
const active = shared('origins', () => new WeakMap<object, Origin>());

/** Does something for the one who asked for it. */
async function onBehalf<T>(connection: object, origin: Origin, act: () => Promise<T>): Promise<T> {
  const before = active.get(connection);
  active.set(connection, origin);
  try {
    return await act();
  } finally {
    if (before === undefined) active.delete(connection);
    else active.set(connection, before);
  }
}

/** A client class whose statements know where they were asked for. */
export function withOrigins(base: ClientClass): ClientClass {
  return class Attributed extends base {
    override runner(builder: RunnableBuilder): Runner {
      const runner = super.runner(builder);
      const { query, queryArray } = runner;
      runner.query = (object) => {
        object.origin = originOf(builder, object);
        return onBehalf(runner.connection, object.origin, () => query.call(runner, object));
      };
      // Knex makes some alterations before it runs their first statement.
      runner.queryArray = (queries) =>
        onBehalf(runner.connection, { isRaw: false, stack: stackOf(builder) }, () =>
          queryArray.call(runner, queries),
        );
      return runner;
    }
  };
}

/** What is written down of a statement; `sql` is its text with the values in it. */
export function writtenOf(
  { isOwn, isHook, hookColumns, origin }: QueryObject,
  sql: string,
  connection: unknown,
): WrittenStatement {
  const asked = origin ?? active.get(connection as object);
  return {
    sql,
    isOwn: isOwn === true || isHook === true,
    isRaw: origin?.isRaw === true,
    isBoundary: kindOfStatement(sql) === 'transaction',
    hookColumns: hookColumns ?? [],
    stack: asked?.stack || undefined,
  };
}
