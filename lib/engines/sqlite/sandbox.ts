import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex, { type Knex } from 'knex';
import type { ClientClass, QueryObject } from '../../metadata/knexInternals.js';
import type { Sandbox, ScriptForm } from '../migrations.js';
import { kindOfStatement, withValues } from '../statements.js';
import { backup } from './backup.js';

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NULL' : `(${value > 0 ? '' : '-'}9e999)`;
  }
  // In parentheses: behind a minus two of them would begin a comment.
  if (typeof value === 'number' || typeof value === 'bigint') return value < 0 ? `(${value})` : String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Date) return String(value.valueOf());
  if (ArrayBuffer.isView(value)) {
    return `X'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
  }
  return `'${String(value).replaceAll("'", "''")}'`;
}

export const script: ScriptForm = {
  command: () => 'sqlite3 <database> < <this file>',
  prelude: () => ['.bail on', 'PRAGMA foreign_keys = ON;'],
  begin: 'BEGIN IMMEDIATE;',
  commit: 'COMMIT;',
  isWrapped: false,
  // The driver writes a Date as milliseconds.
  now: "(cast(strftime('%s', 'now') as integer) * 1000)",
  literal,
};

/** The migrations run for real, on a copy of the database, or on an empty one. */
export async function openSandbox(config: Knex.Config, live: Knex | undefined): Promise<Sandbox> {
  const folder = live === undefined ? undefined : mkdtempSync(join(tmpdir(), 'knex-meta-plan-'));
  const filename = folder === undefined ? ':memory:' : join(folder, 'copy');
  if (live !== undefined) await backup(live, filename);
  const taken: string[] = [];
  const Base = config.client as unknown as ClientClass;
  class Watched extends Base {
    override async _query(connection: unknown, statement: QueryObject): Promise<unknown> {
      // Written down before it runs: a statement may be changed on the way.
      const { sql, bindings = [] } = statement;
      const answer = await super._query(connection, statement);
      if (kindOfStatement(sql) === 'write') {
        taken.push(withValues(sql, bindings, ({ text }) => (text === '?' ? 'next' : undefined), literal));
      }
      return answer;
    }
  }
  const db = knex({
    ...config,
    client: Watched as unknown as typeof Knex.Client,
    connection: { ...(typeof config.connection === 'object' ? config.connection : {}), filename },
  });
  return {
    db,
    take: () => taken.splice(0),
    end: async () => {
      await db.destroy();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
