import type { Knex } from 'knex';

/** A connection of the driver. */
export interface Connection {
  query(sql: string): Promise<unknown>;
}

interface Pool {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
}

/** Does something with a connection of the driver, past Knex and the hook. */
export async function onConnection<T>(db: Knex, act: (connection: Connection) => Promise<T>): Promise<T> {
  const pool = db.client as Pool;
  const connection = await pool.acquireConnection();
  try {
    return await act(connection);
  } finally {
    await pool.releaseConnection(connection);
  }
}
