import type { DatabaseSchema } from '../../../schema/database.js';
import { EMPTY_SCHEMA, type Piece, wordsOf } from '../../scratch.js';

/** Pieces that are built together. */
export interface Group {
  readonly pieces: readonly Piece[];
  /** Tables that are only there because others refer to them: another group has them in full. */
  readonly isBare: (piece: Piece) => boolean;
}

/**
 * So many tables at a time: until it is rolled back, the server holds a lock for each table, index and sequence that was
 * made, and has room for some 6,000 by default.
 */
const TABLES = 400;

/** The columns of a table and the keys that a foreign key can refer to. */
const IS_BARE =
  /^(create (table|type|unique index)|alter table .* add constraint .* (unique|primary key) )/is;

function asBare(piece: Piece): Piece {
  return { ...piece, statements: piece.statements.filter(({ sql }) => IS_BARE.test(sql)) };
}

function textOf({ statements }: Piece): string {
  return statements.map(({ sql }) => (sql.startsWith('do ') ? '' : sql)).join('\n');
}

/** Splits many tables into groups; what is no table is in each, so that types and functions are there. */
export function groupsOf(pieces: readonly Piece[], size = TABLES): readonly Group[] {
  if (pieces.length === 0) return [];
  const tables = pieces.filter(({ object }) => object.kind === 'table');
  if (tables.length <= size) return [{ pieces, isBare: () => false }];
  const others = pieces.filter(({ object }) => object.kind !== 'table');
  const named = new Map<string, Piece[]>();
  for (const piece of tables) {
    const same = named.get(piece.object.name) ?? [];
    named.set(piece.object.name, same);
    same.push(piece);
  }
  const mentioned = (from: readonly Piece[]): readonly Piece[] => {
    const words = wordsOf(from.map(textOf).join('\n'), (word) => word);
    return [...words].flatMap((word) => named.get(word) ?? []);
  };
  // Views, triggers and other SQL are read from the first group: what they are on is there in full.
  const first = new Set(mentioned(others));
  const rest = tables.filter((piece) => !first.has(piece));
  const parts: (readonly Piece[])[] = first.size > 0 ? [[...first]] : [];
  for (let at = 0; at < rest.length; at += size) parts.push(rest.slice(at, at + size));
  return parts.map((full) => {
    const own = new Set(full);
    const bare = new Map<Piece, Piece>();
    for (const piece of mentioned([...full, ...others])) if (!own.has(piece)) bare.set(piece, asBare(piece));
    const all = [...others, ...full, ...bare.values()];
    const isOnly = new Set(bare.values());
    return { pieces: all, isBare: (piece) => isOnly.has(piece) };
  });
}

interface Named {
  readonly schema: string | undefined;
  readonly name: string;
  readonly identity?: string;
}

function unique<T extends Named>(lists: readonly (readonly T[])[]): readonly T[] {
  const known = new Map<string, T>();
  for (const each of lists.flat()) {
    const key = JSON.stringify([each.schema, each.name, each.identity]);
    if (!known.has(key)) known.set(key, each);
  }
  return [...known.values()];
}

/** What the groups made, each object once: the first that was read. */
export function merged(parts: readonly DatabaseSchema[]): DatabaseSchema {
  const [first = EMPTY_SCHEMA] = parts;
  if (parts.length < 2) return first;
  return {
    ...first,
    schemas: unique(parts.map(({ schemas }) => schemas.map((schema) => ({ ...schema, schema: undefined })))),
    tables: unique(parts.map(({ tables }) => tables)),
    functions: unique(parts.map(({ functions }) => functions)),
    enums: unique(parts.map(({ enums }) => enums)),
    sequences: unique(parts.map(({ sequences }) => sequences)),
    others: unique(
      parts.map(({ others }) => others.map((each) => ({ ...each, identity: `${each.kind} ${each.table}` }))),
    ).map(({ identity: _, ...each }) => each),
  };
}
