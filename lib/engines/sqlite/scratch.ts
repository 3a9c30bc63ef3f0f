import type { Knex } from 'knex';
import knex from 'knex';
import type { ObjectKind, Scratch, ScratchRequest } from '../contract.js';
import { execute } from '../execute.js';
import { buildFailed, compile, inOrder, wordsOf } from '../scratch.js';
import { introspect } from './introspect/index.js';
import { fold } from './introspect/read.js';

export const OBJECT_KINDS: readonly ObjectKind[] = ['table', 'view', 'trigger', 'sql'];

/** A database in memory with all that the project's configuration says, its functions and settings among it. */
function inMemory(db: Knex): Knex {
  const { config } = db.client;
  return knex({
    ...config,
    client: db.client.constructor as typeof Knex.Client,
    connection: { filename: ':memory:' },
    // One connection, which is the database, and stays.
    pool: { ...config.pool, min: 1, max: 1, idleTimeoutMillis: 2 ** 31 - 1 },
  });
}

/** See `Engine.buildScratch`: in a database in memory. A table that a key refers to need not be there. */
export async function buildScratch(db: Knex, { objects }: ScratchRequest): Promise<Scratch> {
  const scratch = inMemory(db);
  try {
    const schema = await scratch.transaction(async (trx) => {
      const pieces = objects.map((object) => {
        const piece = compile(trx, object, undefined, (sql) => sql);
        const text = object.kind === 'table' ? '' : piece.statements.map(({ sql }) => sql).join('\n');
        return { ...piece, words: wordsOf(text, fold) };
      });
      for (const { object, statements } of inOrder(pieces, fold)) {
        for (const statement of statements) {
          await execute(trx, statement).catch((error: unknown) => {
            throw buildFailed(object, error, undefined, statement.sql);
          });
        }
      }
      return introspect(trx);
    });
    return { schema, home: undefined };
  } finally {
    await scratch.destroy();
  }
}
