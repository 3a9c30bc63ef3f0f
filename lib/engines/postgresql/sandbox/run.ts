import type { Knex } from 'knex';
import type { QueryObject } from '../../../metadata/knexInternals.js';
import type { ObjectName } from '../../../schema/names.js';
import type { OpenedSandbox } from '../../sandbox.js';
import { kindOfStatement } from '../../statements.js';
import { identifierOf, isWord, significant, tokenize } from '../../tokens.js';
import { openWatched, type Passing } from '../../watched.js';
import { literal } from '../literal.js';
import { PLANNED } from '../planned.js';
import { placeOf } from './places.js';

const READ_ONLY = '25006';
/** A call of a function by the project's own SQL: only the server knows whether it changes something. */
const CALLS = /[\w"]\s*\(/;

/** Whether a connection is in a transaction of Knex's. */
const isInTransaction = (connection: unknown): boolean =>
  (connection as { readonly __knexTxId?: string }).__knexTxId !== undefined;

/** Runs what may only read; false: it would change something, and did not. */
async function runReadOnly({ connection, ask, send }: Passing) {
  const isInside = isInTransaction(connection);
  await ask(
    isInside
      ? 'savepoint knex_meta_read; set local transaction_read_only = on'
      : 'begin transaction read only',
  );
  try {
    const answer = await send();
    await ask(isInside ? 'rollback to savepoint knex_meta_read; release savepoint knex_meta_read' : 'commit');
    return { answer };
  } catch (error) {
    await ask(
      isInside ? 'rollback to savepoint knex_meta_read; release savepoint knex_meta_read' : 'rollback',
    );
    if ((error as { readonly code?: string }).code !== READ_ONLY) throw error;
    return undefined;
  }
}

/** Whether what a statement gives or does depends on how many rows there are. */
function asksForRows(sql: string, isRead: boolean): boolean {
  if (isRead) return true;
  const tokens = significant(tokenize(sql));
  return (
    isWord(tokens[0], 'WITH') ||
    tokens.some((token) => isWord(token, 'RETURNING', 'LIMIT', 'FETCH')) ||
    (isWord(tokens[0], 'INSERT') && tokens.some((token) => isWord(token, 'SELECT')))
  );
}

const ONE_ROW = { rows: [{ '?column?': 1 }], rowCount: 1, fields: [], command: 'SELECT' };
const CATALOG = /^(pg_|information_schema$)/i;

/** Whether a question is about rows, and not about the catalog alone. */
function readsRows(sql: string): boolean {
  const tokens = significant(tokenize(sql));
  return tokens.some((token, index) => {
    const table = tokens[index + (isWord(tokens[index + 1], 'ONLY', 'LATERAL') ? 2 : 1)];
    if (!isWord(token, 'FROM', 'JOIN') || table === undefined || table.text === '(') return false;
    return !CATALOG.test(identifierOf(table));
  });
}

/** See `SandboxEngine.open`: migrations run in a database that is nobody's but theirs. */
export function openReal(config: Knex.Config, unseen: () => readonly ObjectName[]): OpenedSandbox {
  const asked = new Set<string>();
  const note = ({ sql }: QueryObject): void => {
    const absent = unseen();
    const kind = kindOfStatement(sql);
    if (absent.length === 0 || kind === 'transaction' || !asksForRows(sql, kind === 'read')) return;
    const names = new Set(
      significant(tokenize(sql))
        .filter((token) => token.kind === 'word' || token.kind === 'name')
        .map((token) => (token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token))),
    );
    for (const { name } of absent) if (names.has(name)) asked.add(name);
  };
  const run = async (passing: Passing) => {
    const { statement, kind, send } = passing;
    note(statement);
    if (kind === 'read' && statement.origin?.isRaw === true && CALLS.test(statement.sql)) {
      const read = await runReadOnly(passing);
      if (read !== undefined) return { ...read, isWrite: false };
      return { answer: await send(), isWrite: true };
    }
    return { answer: await send(), isWrite: kind === 'write' };
  };
  const planned = { ...config, [PLANNED]: true } as Knex.Config;
  const watched = openWatched(planned, { literal, placeOf, asksForRows: readsRows, oneRow: ONE_ROW, run });
  return {
    ...watched,
    takeUnseenTables: () => {
      const names = [...asked];
      asked.clear();
      return names;
    },
    end: () => watched.db.destroy(),
  };
}
