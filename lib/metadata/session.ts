import type { Knex } from 'knex';
import { withoutBindings } from '../engines/bindings.js';
import type { HookStatement, Row, Session } from '../engines/contract.js';
import { ownOptions } from '../engines/ownAnswers.js';
import type { ClientInternals, CompiledQuery, RunnerInternals } from './knexInternals.js';

/** SQL whose question marks are its own, as this client sends it unchanged. */
export function asGiven(client: ClientInternals, sql: string): string {
  return client.positionBindings('\\?') === '?' ? withoutBindings(sql) : sql;
}

/** The rows of a driver's answer: an array (better-sqlite3, sqlite3) or an object with rows (pg). */
export function rowsOf(response: unknown): readonly Row[] {
  if (Array.isArray(response)) return response as readonly Row[];
  const rows = (response as { rows?: unknown } | undefined)?.rows;
  return Array.isArray(rows) ? (rows as readonly Row[]) : [];
}

/** A session on a connection that Knex has taken for a schema statement. */
export function sessionOn(client: ClientInternals, connection: unknown): Session {
  return {
    client,
    connection,
    rows: async (sql, bindings = []) => {
      const options = ownOptions(connection);
      const query = { sql, bindings: [...bindings], options, isOwn: true };
      const answer = (await client.query(connection, query)) as { response?: unknown };
      return rowsOf(answer.response);
    },
    warn: (message) => client.logger.warn(`knex-meta: ${message}`),
  };
}

/** The rows of a question of knex-meta's own, on a Knex without the project's processing. */
export async function ownRows(
  db: Knex,
  sql: string,
  bindings: readonly unknown[] | Readonly<Record<string, unknown>> = [],
): Promise<readonly Row[]> {
  return rowsOf(await db.raw(sql, bindings as readonly string[]).options(ownOptions()));
}

/** Asks on a connection of the pool: what the project makes of its own answers (`postProcessResponse`) is not done. */
export async function asking<T>(db: Knex, act: (session: Session) => Promise<T>): Promise<T> {
  const client = db.client as ClientInternals & {
    acquireConnection(): Promise<unknown>;
    releaseConnection(connection: unknown): Promise<void>;
  };
  const connection = await client.acquireConnection();
  try {
    return await act(sessionOn(client, connection));
  } finally {
    await client.releaseConnection(connection);
  }
}

/** A statement of the hook as Knex's runner takes it. */
export function toQuery(statement: HookStatement): CompiledQuery {
  const { sql, bindings = [], withRows, stamps } = statement;
  const made = stamps === undefined ? {} : { stamps };
  if (withRows === undefined) return { sql, bindings: [...bindings], isHook: true, ...made };
  return {
    isHook: true,
    sql,
    bindings: [...bindings],
    async output(this: RunnerInternals, response: unknown) {
      await withRows(sessionOn(this.client, this.connection), rowsOf(response));
      return response;
    },
  };
}
