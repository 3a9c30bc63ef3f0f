import type { ClientInternals } from '../../../metadata/knexInternals.js';
import { rowsOf } from '../../../metadata/session.js';
import type { Session } from '../../contract.js';

type Query = ClientInternals['query'];

/** The engine's own words: Knex puts the statement before them. */
function reasonOf(error: unknown, sql: string): string {
  const { message } = error as Error;
  const reason = message.startsWith(`${sql} - `) ? message.slice(sql.length + 3) : message;
  return reason.replace(/^SQLITE_\w+: /, '');
}

/**
 * The session for the statements of one alteration. They run to the end of it even when the transaction that they
 * are in is given up meanwhile (`Promise.all` in a migration): it must not leave the connection's pragmas changed.
 * The transaction's own ROLLBACK comes after.
 */
export function ownSession(session: Session): Session {
  const { client, connection } = session;
  const inherited = (Object.getPrototypeOf(client) as { query?: Query }).query ?? client.query;
  return {
    ...session,
    rows: async (sql, bindings = []) => {
      try {
        const query = { sql, bindings: [...bindings], isOwn: true };
        const answer = (await inherited.call(client, connection, query)) as { response?: unknown };
        return rowsOf(answer.response);
      } catch (error) {
        throw new Error(reasonOf(error, sql), { cause: error });
      }
    },
  };
}
