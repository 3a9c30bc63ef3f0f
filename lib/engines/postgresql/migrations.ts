import { openConnection } from '../../config/connections.js';
import type { ClientInternals } from '../../metadata/knexInternals.js';
import { ownRows } from '../../metadata/session.js';
import type { ErrorKind, MigrationEngine, StatementLimits } from '../migrations.js';
import { backup } from './backup.js';
import { isPooled } from './pooled.js';
import { lockKey, openLock } from './runLock.js';
import { sandbox } from './sandbox/index.js';
import { script } from './script.js';

const KINDS: Readonly<Record<string, ErrorKind>> = {
  '55P03': 'busy',
  '40P01': 'busy',
  '42501': 'denied',
  '42P04': 'exists',
  '42P06': 'exists',
  '42P07': 'exists',
  '42701': 'exists',
  '42710': 'exists',
  '42723': 'exists',
  '25006': 'not-writable',
  '53100': 'not-writable',
  '57P03': 'starting',
  ECONNREFUSED: 'starting',
  ECONNRESET: 'starting',
  ENOTFOUND: 'starting',
  EAI_AGAIN: 'starting',
  ETIMEDOUT: 'starting',
  EHOSTUNREACH: 'starting',
  '57014': 'cancelled',
  '57P01': 'connection-lost',
  '57P02': 'connection-lost',
};

function settingsOf({
  lockTimeout,
  statementTimeout,
}: StatementLimits): readonly (readonly [string, number])[] {
  return [
    ...(lockTimeout === undefined ? [] : [['lock_timeout', lockTimeout] as const]),
    ...(statementTimeout === undefined ? [] : [['statement_timeout', statementTimeout] as const]),
  ];
}

type Pooled = { readonly resource?: { readonly processID?: number } };

export const migrations: MigrationEngine = {
  hasStatementTimeout: true,
  ownFlag: undefined,
  openLock,
  beginGroup: async (trx, tables, limits) => {
    for (const [name, milliseconds] of settingsOf(limits)) {
      await trx.raw('select pg_catalog.set_config(?, ?, true)', [name, `${milliseconds}ms`]);
    }
    const key = lockKey('group', tables);
    const sql = `select pg_catalog.pg_try_advisory_xact_lock(${key.sql}) as taken`;
    const [row] = await ownRows(trx, sql, key.bindings);
    return row?.taken === true;
  },
  afterRefusedCommit: async () => {},
  keepsNoSession: async (db) => {
    const client = db.client as {
      acquireConnection(): Promise<unknown>;
      releaseConnection(connection: unknown): Promise<void>;
    };
    const connection = await client.acquireConnection();
    try {
      return await isPooled(connection, async (sql) => (await db.raw(sql).connection(connection)).rows);
    } finally {
      await client.releaseConnection(connection);
    }
  },
  limited: (config, limits) => {
    const settings = settingsOf(limits);
    const { afterCreate } = (config.pool ?? {}) as {
      afterCreate?: (connection: unknown, done: (error?: Error) => void) => void;
    };
    return {
      ...config,
      pool: {
        ...config.pool,
        afterCreate: (
          connection: { query(sql: string, done: (error?: Error) => void): void },
          done: (error?: Error) => void,
        ) => {
          const sql = settings.map(([name, milliseconds]) => `set ${name} = ${milliseconds}`).join('; ');
          connection.query(sql, (error) => {
            if (error || afterCreate === undefined) done(error ?? undefined);
            else afterCreate(connection, done);
          });
        },
      },
    };
  },
  kindOf: (error) => {
    const { code = '', message = '' } = (error ?? {}) as {
      readonly code?: string;
      readonly message?: string;
    };
    if (code === '57014' && /statement timeout/.test(message)) return 'other';
    if (
      /Connection terminated|connection .*(closed|ended)|Client has encountered a connection error/i.test(
        message,
      )
    ) {
      return 'connection-lost';
    }
    return KINDS[code] ?? 'other';
  },
  blocker: async (db) => {
    const rows = await ownRows(
      db,
      `select pid, application_name from pg_catalog.pg_stat_activity
      where pid <> pg_catalog.pg_backend_pid() and datname = pg_catalog.current_database() and xact_start is not null
      order by xact_start limit 1`,
    );
    const [row] = rows;
    return row === undefined
      ? 'another session'
      : `server process ${row.pid} (${row.application_name || 'no name'})`;
  },
  cancel: async (db) => {
    const client = db.client as ClientInternals & {
      readonly pool?: { readonly used?: readonly Pooled[] };
      acquireConnection(): Promise<Pooled['resource']>;
    };
    // In a transaction its own connection: the others of the pool are the application's.
    const connections = client.transacting
      ? [await client.acquireConnection()]
      : (client.pool?.used ?? []).map(({ resource }) => resource);
    const pids = connections.map((each) => each?.processID).filter((pid) => pid !== undefined);
    if (pids.length === 0) return;
    const { connection, close } = await openConnection(db);
    const { query } = connection as { query(sql: string, values: readonly unknown[]): Promise<unknown> };
    try {
      // By the driver: a transaction's client takes statements for its own connection alone.
      for (const pid of pids) await query.call(connection, 'select pg_catalog.pg_cancel_backend($1)', [pid]);
    } finally {
      await close().catch(() => {});
    }
  },
  positionOf: (error) => {
    const position = Number((error as { readonly position?: string }).position);
    return Number.isInteger(position) && position > 0 ? position - 1 : undefined;
  },
  backup,
  sandbox,
  isRepeatable: () => true,
  script,
  backupExtension: '.dump',
};
