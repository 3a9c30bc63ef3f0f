import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { ownRows } from '../../metadata/session.js';
import { withoutBindings } from './identifiers.js';
import { SEES_ALL_ROWS } from './rowSecurity.js';

/** Milliseconds for one query: what takes longer on a large table is not worth more of a server's time. */
const LIMIT = 5000;

/** After so many that took too long, the others are not asked. */
const PATIENCE = 3;

const tookTooLong = (answer: number | Error): boolean =>
  answer instanceof Error && /^(57014|55P03)$/.test(String((answer as { code?: unknown }).code));

async function countOne(trx: Knex.Transaction, sql: string): Promise<number | Error> {
  await trx.raw('savepoint knex_meta_count');
  try {
    const [row] = await ownRows(trx, withoutBindings(sql));
    return Number(row?.count);
  } catch (error) {
    await trx.raw('rollback to savepoint knex_meta_count');
    return error as Error;
  }
}

/** See `Engine.countRows`. */
export async function countRows(db: Knex, queries: readonly string[]): Promise<readonly (number | Error)[]> {
  const trx = await db.transaction({ readOnly: true });
  try {
    await trx.raw(SEES_ALL_ROWS);
    await trx.raw(`set local statement_timeout = ${LIMIT}; set local lock_timeout = ${LIMIT}`);
    const counts: (number | Error)[] = [];
    for (const sql of queries) {
      const isEnough = counts.filter(tookTooLong).length >= PATIENCE;
      counts.push(isEnough ? new Error('queries before it took too long') : await countOne(trx, sql));
    }
    return counts;
  } finally {
    await trx.rollback();
  }
}

/** See `ThrowawayEngine.server`: an advisory lock belongs to a database, by whatever way one comes to it. */
export async function isSameDatabase(db: Knex, other: Knex): Promise<boolean> {
  const key = randomBytes(4).readInt32BE();
  const sql = 'select pg_catalog.pg_try_advisory_xact_lock(?, ?) as taken';
  const taken = async (trx: Knex.Transaction): Promise<boolean> => {
    const [row] = await ownRows(trx, sql, [0x6b6d, key]);
    return row?.taken === true;
  };
  const trx = await db.transaction();
  try {
    await taken(trx);
    return await other.transaction(async (second) => !(await taken(second)));
  } finally {
    await trx.rollback();
  }
}
