import { hostname } from 'node:os';
import type { Knex } from 'knex';
import { openConnection } from '../../config/connections.js';
import { KnexMetaError } from '../../errors.js';
import type { ClientInternals } from '../../metadata/knexInternals.js';
import { ownRows, sessionOn } from '../../metadata/session.js';
import type { Session } from '../contract.js';
import type { LockBusy, RecordTables, RunLock } from '../migrations.js';
import { OWN_DATABASE, quoteName } from './identifiers.js';

/** One number for the tables of a record, in its schema, and a purpose. */
export function lockKey(purpose: 'run' | 'group', { schemaName, tableName }: RecordTables) {
  return {
    sql: `pg_catalog.hashtextextended('knex-meta ${purpose} ' || coalesce(?::text, pg_catalog.current_schema()::text, '')
      || '.' || ?::text, 0)`,
    bindings: [schemaName ?? null, tableName],
  };
}

/** A run has two connections: one that holds the lock, and one that works. */
function orTooMany(error: unknown): never {
  if ((error as { readonly code?: string }).code !== '53300') throw error;
  throw new KnexMetaError(
    'CONNECTION_FAILED',
    `The server allows no second connection, and a run needs one for its lock: ${(error as Error).message}`,
    {
      remedy:
        'Allow this role and database two connections (`alter role <name> connection limit 2`), or end sessions that are idle. Nothing was changed.',
      cause: error,
    },
  );
}

/** No limit that a role or server has for transactions may end one of ours. */
export const UNLIMITED = `select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout', 'lock_timeout')
    and setting <> '0'`;

async function findHolder(rows: Session['rows'], tables: RecordTables): Promise<string | undefined> {
  const key = lockKey('run', tables);
  const [row] = await rows(
    `select a.pid, a.application_name, to_char(a.xact_start at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
      from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = ${OWN_DATABASE}
        and (l.classid::bigint << 32) | l.objid::bigint = ${key.sql}`,
    key.bindings,
  );
  if (row === undefined) return undefined;
  const since = row.since == null ? '' : `, since ${row.since}`;
  return `${row.application_name || 'knex-meta'} (server process ${row.pid}${since})`;
}

async function holderOf(session: Session, tables: RecordTables): Promise<string> {
  return (await findHolder(session.rows, tables)) ?? 'another run of knex-meta';
}

/** See `CheckEngine.runHolder`: the lock is looked at, and not taken. */
export async function runHolder(db: Knex, tables: RecordTables): Promise<LockBusy | undefined> {
  const rows: Session['rows'] = (sql, bindings = []) => ownRows(db, sql, bindings);
  const holder = await findHolder(rows, tables);
  return holder === undefined ? undefined : { by: 'knex-meta', holder };
}

/**
 * The lock is an advisory lock of a transaction, and Knex's own lock row with it, on a connection beside the pool.
 * A transaction keeps its server connection through a pooler too, and ends with its client.
 */
export async function openLock(db: Knex, tables: RecordTables): Promise<RunLock> {
  const client = db.client as ClientInternals;
  const separate = await openConnection(db).catch(orTooMany);
  const session = sessionOn(client, separate.connection);
  const lockTable = `${tables.schemaName === undefined ? '' : `${quoteName(tables.schemaName)}.`}${quoteName(tables.lockTable)}`;
  let isOpen = false;
  let isOurs = false;
  let isPrepared = false;
  let isHeld = false;

  async function takeOwn(): Promise<LockBusy | undefined> {
    if (!isOpen) {
      // Whatever a database's default is: a snapshot would not see the row of the lock, and hold up CREATE INDEX
      // CONCURRENTLY for as long as the run.
      await session.rows('begin isolation level read committed');
      isOpen = true;
      await session.rows(UNLIMITED);
      const name = `knex-meta on ${hostname()} (pid ${process.pid})`.slice(0, 63);
      await session.rows("select pg_catalog.set_config('application_name', ?, true)", [name]);
    }
    if (!(await tryKey('run'))) return giveUp('knex-meta', await holderOf(session, tables));
    // A run whose lock was lost, or whose process was killed, may still be inside a statement.
    await session.rows('savepoint knex_meta_group');
    const isAlone = await tryKey('group');
    await session.rows('rollback to savepoint knex_meta_group');
    if (!isAlone)
      return giveUp('knex-meta', 'a run that was ended; the server still works on its last statement');
    isOurs = true;
    return undefined;
  }

  async function tryKey(purpose: 'run' | 'group'): Promise<boolean> {
    const key = lockKey(purpose, tables);
    const [row] = await session.rows(
      `select pg_catalog.pg_try_advisory_xact_lock(${key.sql}) as taken`,
      key.bindings,
    );
    return row?.taken === true;
  }

  async function giveUp(by: LockBusy['by'], holder: string): Promise<LockBusy> {
    await session.rows('rollback');
    isOpen = false;
    return { by, holder };
  }

  /** Stock Knex updates the row in its transaction, or sets the flag when it runs without one. */
  async function takeKnexRow(): Promise<LockBusy | undefined> {
    await session.rows('savepoint knex_meta_row');
    const all = await session.rows(`select is_locked from ${lockTable}`);
    const free = await session.rows(`select is_locked from ${lockTable} for update skip locked`);
    if (free.length < all.length) {
      await session.rows('rollback to savepoint knex_meta_row');
      return { by: 'knex', holder: 'stock Knex, in a transaction' };
    }
    if (free.some((row) => Number(row.is_locked) !== 0)) {
      await session.rows('rollback to savepoint knex_meta_row');
      return { by: 'knex', holder: 'stock Knex, which set is_locked' };
    }
    isHeld = true;
    return undefined;
  }

  async function tryTake(prepare: () => Promise<void>): Promise<LockBusy | undefined> {
    if (!isOurs) {
      const busy = await takeOwn();
      if (busy !== undefined) return busy;
    }
    if (!isPrepared) await prepare();
    isPrepared = true;
    return takeKnexRow();
  }

  return {
    tryTake,
    freeIn: async () => {},
    isHeld: async () => {
      if (!isHeld) return false;
      return session.rows('select 1').then(
        () => true,
        () => false,
      );
    },
    release: async (changed) => {
      try {
        const rows = isHeld ? await session.rows(`select 1 from ${lockTable}`) : [];
        // A stock Knex that waits for the row finds it gone, and says that it is locked: it would else go on with
        // the list of migrations that it read before it waited.
        if (isHeld && (changed || rows.length !== 1)) {
          await session.rows(`delete from ${lockTable}`);
          await session.rows(`insert into ${lockTable} (is_locked) values (0)`);
        }
        if (isOpen) await session.rows('commit');
      } catch {
        // The connection is gone, and the lock with it.
      } finally {
        isHeld = false;
        await separate.close().catch(() => {});
      }
    },
  };
}
