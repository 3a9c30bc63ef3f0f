import type { Knex } from 'knex';
import { configOf, openKnex } from '../../config/connections.js';
import type { DatabaseSchema } from '../../schema/database.js';
import { both } from '../both.js';
import { execute } from '../execute.js';
import { buildFailed, compile, EMPTY_SCHEMA, inOrder, type Worded, wordsOf } from '../scratch.js';
import type { BothRequest, BothSchemas, ObjectKind, ScratchObject } from '../scratchObject.js';
import { introspect, readCatalog, schemaOf } from './introspect/index.js';
import { fold } from './introspect/read.js';
import { inMemory } from './throwaway.js';
import { unchangedTables } from './unchanged.js';

export const OBJECT_KINDS: readonly ObjectKind[] = ['table', 'view', 'trigger', 'sql'];

/** A database in memory with all that the project's configuration says, its functions and settings among it. */
export function emptyLike(db: Knex): Knex {
  return openKnex(inMemory(configOf(db)));
}

const NO_WORDS: ReadonlySet<string> = new Set();

function compileAll(db: Knex, objects: readonly ScratchObject[]): readonly Worded[] {
  return objects.map((object) => {
    const piece = compile(db, object, undefined, (sql) => sql);
    // A table needs nothing that comes before it.
    if (object.kind === 'table') return { ...piece, words: NO_WORDS };
    return { ...piece, words: wordsOf(piece.statements.map(({ sql }) => sql).join('\n'), fold) };
  });
}

async function make(trx: Knex.Transaction, pieces: readonly Worded[]): Promise<void> {
  for (const { object, statements } of inOrder(pieces, fold)) {
    for (const statement of statements) {
      await execute(trx, statement).catch((error: unknown) => {
        throw buildFailed(object, error, statement.sql);
      });
    }
  }
}

async function build(db: Knex, pieces: readonly Worded[]): Promise<DatabaseSchema> {
  if (pieces.length === 0) return EMPTY_SCHEMA;
  const scratch = emptyLike(db);
  try {
    return await scratch.transaction(async (trx) => {
      await make(trx, pieces);
      return introspect(trx);
    });
  } finally {
    await scratch.destroy();
  }
}

/**
 * See `Engine.readBoth`: the objects are built in a database in memory, where a table that a key refers to need not be
 * there. Tables that are as they should be already are not built.
 */
export async function readBoth(db: Knex, { objects, actual: known }: BothRequest): Promise<BothSchemas> {
  const [catalog, pieces] = await both(
    readCatalog(db),
    objects.then((all) => compileAll(db, all)),
  );
  const unchanged = unchangedTables(pieces, catalog.master);
  const actual = known ?? schemaOf(catalog, new Set(unchanged.keys()));
  const same = new Map(
    actual.tables.flatMap((table) => {
      const piece = unchanged.get(fold(table.name));
      return piece === undefined ? [] : [[piece, table] as const];
    }),
  );
  const built = await build(
    db,
    pieces.filter((piece) => !same.has(piece)),
  );
  const tables = [...built.tables, ...same.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  // It keeps every text as its author wrote it.
  return { actual, desired: { ...built, tables }, home: undefined, written: [] };
}
