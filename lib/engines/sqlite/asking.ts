import type { Knex } from 'knex';

/** See `Engine.countRows`. The driver waits for each statement: there is no limit of time. */
export async function countRows(db: Knex, queries: readonly string[]): Promise<readonly (number | Error)[]> {
  const trx = await db.transaction();
  try {
    await trx.raw('pragma query_only = on');
    const counts: (number | Error)[] = [];
    for (const sql of queries) {
      const [row] = await trx.raw(sql).catch((error: Error) => [{ count: error }]);
      counts.push(row?.count instanceof Error ? row.count : Number(row?.count));
    }
    return counts;
  } finally {
    await trx.raw('pragma query_only = off');
    await trx.rollback();
  }
}
