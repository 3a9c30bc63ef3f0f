import type { Knex } from 'knex';

const DRIVERS_OWN = 5000;

/**
 * Does something on a connection that gives up at once when another program writes: the driver would wait inside
 * this thread, where nobody can say what is waited for, and no signal is heard.
 */
export async function withoutWaiting<T>(db: Knex, act: () => Promise<T>): Promise<T> {
  const [row] = (await db.raw('pragma busy_timeout')) as readonly { readonly timeout: number }[];
  await db.raw('pragma busy_timeout = 0');
  try {
    return await act();
  } finally {
    await db.raw(`pragma busy_timeout = ${Number(row?.timeout ?? DRIVERS_OWN)}`);
  }
}
