import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import type { CompiledQuery } from '../metadata/knexInternals.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectKind, ScratchObject } from './scratchObject.js';

/** What is there when nothing was built. */
export const EMPTY_SCHEMA: DatabaseSchema = {
  schemas: [],
  tables: [],
  views: [],
  functions: [],
  extensions: [],
  enums: [],
  domains: [],
  sequences: [],
  others: [],
};

/** An object with the statements that make it. */
export interface Piece {
  readonly object: ScratchObject;
  readonly statements: readonly CompiledQuery[];
}

/** What the engine says, without the statement that Knex puts before it. */
export function withoutStatement(message: string, sql: string | undefined): string {
  return sql !== undefined && message.startsWith(`${sql} - `) ? message.slice(sql.length + 3) : message;
}

/**
 * The error of an object that could not be built.
 *
 * @param toReal - makes of a text one that says where the objects are meant to stand
 */
export function buildFailed(
  object: ScratchObject,
  error: unknown,
  statement?: string,
  toReal: (text: string) => string = (text) => text,
  remedy = 'Correct it there.',
): KnexMetaError {
  const title = `${object.title[0]?.toUpperCase()}${object.title.slice(1)}`;
  const message = toReal(withoutStatement(String((error as Error).message), statement));
  return new KnexMetaError('MODEL_BUILD_FAILED', `${title} could not be built: ${message}`, {
    remedy: `${remedy} Models are built for a moment to be compared: the database is as it was.`,
    details: { name: object.name, ...(statement === undefined ? {} : { statement: toReal(statement) }) },
    cause: error,
  });
}

/** The statements of an object; `verbatim` makes a text one that Knex leaves as it is. */
export function compile(
  db: Knex,
  object: ScratchObject,
  schema: string | undefined,
  verbatim: (sql: string) => string,
): Piece {
  try {
    const statements = object.build(db, schema).flatMap((part): CompiledQuery[] => {
      if (typeof part === 'string') return [{ sql: verbatim(part) }];
      return part.toSQL() as unknown as CompiledQuery[];
    });
    return { object, statements };
  } catch (error) {
    if (error instanceof KnexMetaError) throw error;
    throw buildFailed(object, error);
  }
}

/** Where nothing else says what comes first. */
const RANKS: Readonly<Record<ObjectKind, number>> = {
  extension: 0,
  enum: 1,
  sql: 1,
  function: 2,
  procedure: 2,
  aggregate: 3,
  table: 3,
  view: 4,
  'materialized view': 4,
  trigger: 5,
};

const WORDS = /"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|[\p{L}_][\p{L}\p{N}_$]*/gu;

/** Every word of an SQL text that may be a name, folded by `fold`. */
export function wordsOf(sql: string, fold: (word: string) => string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const [text, quoted, ticked] of sql.matchAll(WORDS)) {
    const inner = quoted?.replaceAll('""', '"') ?? ticked?.replaceAll('``', '`');
    words.add(fold(inner ?? text));
    if (inner === undefined) words.add(text.toLowerCase());
  }
  return words;
}

/** A piece with the words in it that another piece may be called. */
export interface Worded extends Piece {
  readonly words: ReadonlySet<string>;
  /** What else than its own name others may call it by: what the statements of free SQL create. */
  readonly alsoCalled?: readonly string[];
}

/**
 * The pieces in an order in which each comes after what it names. A word may be no name at all: one more thing to come
 * first does no harm, and where two name each other the kind decides.
 */
export function inOrder<P extends Worded>(
  pieces: readonly P[],
  fold: (word: string) => string,
): readonly P[] {
  const ranked = [...pieces].sort((a, b) => RANKS[a.object.kind] - RANKS[b.object.kind]);
  const named = new Map<string, P[]>();
  for (const piece of ranked) {
    for (const name of new Set([piece.object.name, ...(piece.alsoCalled ?? [])].map(fold))) {
      const same = named.get(name);
      if (same === undefined) named.set(name, [piece]);
      else same.push(piece);
    }
  }
  const ordered: P[] = [];
  const seen = new Set<P>();
  const visit = (piece: P): void => {
    if (seen.has(piece)) return;
    seen.add(piece);
    for (const name of piece.object.dependsOn)
      for (const needed of named.get(fold(name)) ?? []) visit(needed);
    const own = fold(piece.object.name);
    // Its own name is no need of another kind that stands on it: an aggregate on the function of its name.
    for (const word of piece.words)
      for (const needed of named.get(word) ?? [])
        if (word !== own || RANKS[needed.object.kind] < RANKS[piece.object.kind]) visit(needed);
    ordered.push(piece);
  };
  for (const piece of ranked) visit(piece);
  return ordered;
}
