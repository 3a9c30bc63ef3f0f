import type { Knex } from 'knex';
import knex from 'knex';
import type { DatabaseSchema } from '../../schema/database.js';
import type { ObjectKind, Scratch, ScratchObject, ScratchRequest } from '../contract.js';
import { execute } from '../execute.js';
import { buildFailed, compile, inOrder, type Worded, wordsOf } from '../scratch.js';
import { introspect } from './introspect/index.js';
import { fold, readMaster } from './introspect/read.js';
import { inMemory } from './throwaway.js';
import { unchangedTables } from './unchanged.js';

export const OBJECT_KINDS: readonly ObjectKind[] = ['table', 'view', 'trigger', 'sql'];

/** A database in memory with all that the project's configuration says, its functions and settings among it. */
export function emptyLike(db: Knex): Knex {
  const { config } = db.client;
  return knex({ ...inMemory(config), client: db.client.constructor as typeof Knex.Client });
}

function compileAll(db: Knex, objects: readonly ScratchObject[]): readonly Worded[] {
  return objects.map((object) => {
    const piece = compile(db, object, undefined, (sql) => sql);
    // A table needs nothing that comes before it.
    const text = object.kind === 'table' ? '' : piece.statements.map(({ sql }) => sql).join('\n');
    return { ...piece, words: wordsOf(text, fold) };
  });
}

async function build(scratch: Knex, pieces: readonly Worded[]): Promise<DatabaseSchema> {
  return scratch.transaction(async (trx) => {
    for (const { object, statements } of inOrder(pieces, fold)) {
      for (const statement of statements) {
        await execute(trx, statement).catch((error: unknown) => {
          throw buildFailed(object, error, statement.sql);
        });
      }
    }
    return introspect(trx);
  });
}

/**
 * See `Engine.buildScratch`: in a database in memory, where a table that a key refers to need not be there. Tables that
 * are as they should be already are not built.
 */
export async function buildScratch(db: Knex, request: ScratchRequest): Promise<Scratch> {
  const pieces = compileAll(db, request.objects);
  const unchanged = unchangedTables(pieces, request, await readMaster(db));
  const scratch = emptyLike(db);
  try {
    const built = await build(
      scratch,
      pieces.filter((piece) => !unchanged.has(piece)),
    );
    const tables = [...built.tables, ...unchanged.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { schema: { ...built, tables }, home: undefined };
  } finally {
    await scratch.destroy();
  }
}
