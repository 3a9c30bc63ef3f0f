import type { Session } from '../contract.js';

/**
 * Whether a pooler in transaction mode (as PgBouncer) stands between: it gives its clients a number that no server process
 * has, and a setting of the session stays on a server connection that somebody else gets.
 */
export async function isPooled(connection: unknown, rows: Session['rows']): Promise<boolean> {
  const { processID } = (connection ?? {}) as { readonly processID?: number | null };
  if (typeof processID !== 'number') return false;
  const [row] = await rows('select pg_catalog.pg_backend_pid() as pid');
  return Number(row?.pid) !== processID;
}
