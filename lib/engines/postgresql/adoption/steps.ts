import { setTimeout as delay } from 'node:timers/promises';
import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession, AdoptRequest } from '../../adoption.js';
import type { Session } from '../../contract.js';
import { quoteText, withoutBindings } from '../identifiers.js';
import { migrations } from '../migrations.js';
import { UNLIMITED } from '../runLock.js';

/** Milliseconds between two words about waiting. */
const SAY_EVERY = 5000;

/** Runs a statement of ours. */
export function run(session: Session, sql: string) {
  return session.rows(withoutBindings(sql));
}

/** One step in a transaction of its own, or in the one that there is. */
export async function inStep<T>(session: AdoptionSession, act: () => Promise<T>): Promise<T> {
  if (session.isInTransaction) return act();
  // Whatever a database's default is: a snapshot from before a wait would not see what the wait was for.
  await run(session, 'begin isolation level read committed');
  try {
    await run(session, UNLIMITED);
    const result = await act();
    await run(session, 'commit');
    return result;
  } catch (error) {
    await run(session, 'rollback').catch(() => {});
    throw error;
  }
}

const setTimeoutSql = (milliseconds: number): string =>
  `select pg_catalog.set_config('lock_timeout', '${milliseconds}ms', true)`;

export type Limits = Pick<AdoptRequest, 'lockTimeout' | 'patience'>;

/** Tries again what gave up for want of a lock, until the patience ends. */
export async function untilFree<T>(
  session: AdoptionSession,
  quoted: string,
  { patience }: Limits,
  act: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  let said = start;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (migrations.kindOf(error) !== 'busy') throw error;
      const now = performance.now();
      if (now - start > patience) {
        const seconds = Math.round(patience / 1000);
        throw new KnexMetaError(
          'DATABASE_BUSY',
          `No lock of ${quoted} was to be had for ${seconds} seconds.`,
          {
            remedy:
              'A long transaction of another session is in the way (pg_stat_activity shows it). What was done stays, and running it again goes on from there.',
            details: { table: quoted },
            cause: error,
          },
        );
      }
      if (now - said > SAY_EVERY) {
        said = now;
        session.say(`${quoted}: waiting for a moment without other sessions' locks`);
      }
      await delay(100 + Math.random() * 400);
    }
  }
}

/**
 * Changes a table's definition without making others wait longer than one attempt: who asks for this lock keeps
 * everybody behind it waiting. The weaker lock before it hinders no reader and no writer, and ends an autovacuum,
 * which would not end for attempts that are shorter than the server's deadlock_timeout.
 */
export async function exclusively(
  session: AdoptionSession,
  quoted: string,
  limits: Limits,
  act: () => Promise<void>,
): Promise<void> {
  if (session.isInTransaction) return act();
  await untilFree(session, quoted, limits, () =>
    inStep(session, async () => {
      await run(session, setTimeoutSql(Math.max(10_000, limits.lockTimeout)));
      await run(session, `lock table ${quoted} in share update exclusive mode`);
      await run(session, 'savepoint knex_meta_lock');
      await untilFree(session, quoted, limits, async () => {
        try {
          await run(session, setTimeoutSql(limits.lockTimeout));
          await run(session, `lock table ${quoted} in access exclusive mode`);
        } catch (error) {
          await run(session, 'rollback to savepoint knex_meta_lock');
          throw error;
        }
      });
      await act();
    }),
  );
}

/** A table and what has its rows: itself, or its partitions and the tables that inherit from it. */
export interface Leaf {
  /** As it stands in a statement. */
  readonly quoted: string;
  readonly pages: number;
  /** The server's estimate. */
  readonly rows: number;
}

export async function readLeaves(session: AdoptionSession, quoted: string): Promise<readonly Leaf[]> {
  const rows = await run(
    session,
    `with recursive tree (id) as (
        select pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid
        union all select i.inhrelid from tree join pg_catalog.pg_inherits i on i.inhparent = tree.id)
      select c.oid::pg_catalog.regclass::text as quoted, case when c.reltuples > 0 then c.reltuples else 0 end as rows,
        pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int as pages
      from tree join pg_catalog.pg_class c on c.oid = tree.id where c.relkind <> 'p' order by c.oid`,
  );
  return rows.map((row) => ({
    quoted: String(row.quoted),
    pages: Number(row.pages),
    rows: Number(row.rows),
  }));
}
