import type { Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import { rowsOf } from '../../metadata/session.js';
import type { ScriptForm } from '../migrations.js';
import type { OpenedSandbox, SandboxEngine } from '../sandbox.js';
import { identifierOf, isWord, significant, type Token, tokenize } from '../tokens.js';
import { openWatched, type Passing } from '../watched.js';
import { copyFile } from './copyFile.js';

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

/** See `SandboxEngine.open`. */
function open(config: Knex.Config): OpenedSandbox {
  const watched = openWatched(config, {
    literal,
    placeOf: ({ text }: Token) => (text === '?' ? ('next' as const) : undefined),
    asksForRows,
    oneRow: [{ 1: 1 }],
    run: async ({ statement, kind, ask, send }: Passing) => {
      if (kind === 'write') await refuseOtherFiles(ask, statement.sql);
      return { answer: await send(), isWrite: kind === 'write' };
    },
  });
  return { ...watched, takeUnseenTables: () => [], end: () => watched.db.destroy() };
}

/** See `SandboxEngine`: a copy is quickly made, and so is a database in memory. */
export const sandbox: SandboxEngine = { open, record: undefined, copy: copyFile, copier: undefined };
