import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { openKnex } from '../../config/connections.js';
import { KnexMetaError } from '../../errors.js';
import type { ClientClass, QueryObject } from '../../metadata/knexInternals.js';
import { rowsOf } from '../../metadata/session.js';
import type { Sandbox, ScriptForm } from '../migrations.js';
import { notOffline } from '../offline.js';
import { kindOfStatement, withValues } from '../statements.js';
import { identifierOf, isWord, significant, tokenize } from '../tokens.js';
import { type WrittenStatement, withOrigins, writtenOf } from '../written.js';
import { backup } from './backup.js';
import { connectionTo } from './connectionTo.js';

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

/** A question of the hook's own: whether there is anything to carry. */
const IS_THERE_ANY = /^select 1 from .+ limit 1$/is;

/** Whether a question is about rows, and not about the schema alone. */
function asksForRows(sql: string): boolean {
  const tokens = significant(tokenize(sql));
  return tokens.some((token, index) => {
    const isQualified = tokens[index + 2]?.text === '.';
    const table = tokens[index + (isQualified ? 3 : 1)];
    if (!isWord(token, 'FROM', 'JOIN') || table === undefined || table.text === '(') return false;
    return !/^(sqlite|pragma)_/i.test(identifierOf(table));
  });
}

/** What is attached is no copy: a statement that names it would change the file itself. */
async function refuseOtherFiles(ask: (sql: string) => Promise<unknown>, sql: string): Promise<void> {
  const tokens = significant(tokenize(sql));
  const attached = rowsOf(((await ask('pragma database_list')) as { response?: unknown }).response)
    .filter(({ name, file }) => name !== 'main' && name !== 'temp' && file !== '')
    .map(({ name }) => String(name).toLowerCase());
  const isNamed = tokens.some(
    (token, index) => tokens[index + 1]?.text === '.' && attached.includes(identifierOf(token).toLowerCase()),
  );
  if (!isNamed && !isWord(tokens[0], 'ATTACH')) return;
  throw new KnexMetaError('NOT_OFFLINE', 'It changes another database file, of which there is no copy.', {
    remedy: 'Only running it does that: apply it, and plan what comes behind it. Nothing was changed.',
    details: { statement: sql },
  });
}

/** The migrations run for real, on a copy of the database, or on an empty one. */
export async function openSandbox(config: Knex.Config, live: Knex | undefined): Promise<Sandbox> {
  const folder = live === undefined ? undefined : mkdtempSync(join(tmpdir(), 'knex-meta-plan-'));
  const filename = folder === undefined ? ':memory:' : join(folder, 'copy');
  if (live !== undefined) await backup(live, filename);
  const taken: WrittenStatement[] = [];
  let isUnknown = false;
  const Base = withOrigins(config.client as unknown as ClientClass);
  class Watched extends Base {
    override async _query(connection: unknown, statement: QueryObject): Promise<unknown> {
      // Written down before it runs: a statement may be changed on the way.
      const { sql, bindings = [] } = statement;
      const kind = kindOfStatement(sql);
      if (kind === 'write') await refuseOtherFiles((text) => super._query(connection, { sql: text }), sql);
      if (isUnknown && kind === 'read') {
        // What carries nothing does no harm; what is not carried is lost.
        if (statement.isOwn && IS_THERE_ANY.test(sql))
          return Object.assign(statement, { response: [{ 1: 1 }] });
        if (!statement.isOwn && asksForRows(sql)) throw notOffline(sql, true);
      }
      const answer = await super._query(connection, statement);
      // Knex's own words for a transaction come from no builder.
      if (kind === 'write' || (kind === 'transaction' && statement.origin !== undefined)) {
        const whole = withValues(sql, bindings, ({ text }) => (text === '?' ? 'next' : undefined), literal);
        taken.push(writtenOf(statement, whole, connection));
      }
      return answer;
    }
  }
  const db = openKnex({
    ...config,
    client: Watched as unknown as typeof Knex.Client,
    connection: connectionTo(config.connection, filename),
  });
  return {
    db,
    isReal: true,
    take: () => taken.splice(0),
    forgetRows: () => {
      isUnknown = true;
    },
    end: async () => {
      await db.destroy();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
