import { KnexMetaError } from '../errors.js';
import { asideName } from '../operations/aside.js';
import type { Operation, ValueRename } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import { type Comparison, ownColumns } from './comparison.js';
import type { Rename } from './options.js';
import { renameColumn, renameTable, renameType, renameValue } from './renamedSchema.js';
import { nameOf } from './scope.js';

/** What is renamed, among what: tables and types in the database, columns in a table, values in a type. */
interface Kind {
  readonly what: string;
  /** The names that are taken there. */
  readonly namesIn: (schema: DatabaseSchema) => readonly ObjectName[];
  readonly isSame: (a: ObjectName, b: ObjectName) => boolean;
  readonly move: (schema: DatabaseSchema, from: ObjectName, to: ObjectName) => DatabaseSchema;
  /** Undefined for a value: it is part of the change of its type. */
  readonly operation: (from: ObjectName, to: ObjectName) => Operation | undefined;
  readonly title: (name: ObjectName) => string;
}

const local = (name: string): ObjectName => ({ schema: undefined, name });

function kindOf(rename: Rename, how: Comparison): Kind {
  switch (rename.kind) {
    case 'table':
      return {
        what: 'table',
        namesIn: ({ tables }) => tables,
        isSame: sameObject,
        move: (schema, from, to) => renameTable(schema, from, to, how),
        operation: (from, to) => ({ kind: 'renameTable', from, to }),
        title: nameOf,
      };
    case 'type':
      return {
        what: 'type',
        namesIn: ({ enums }) => enums,
        isSame: sameObject,
        move: (schema, from, to) => renameType(schema, from, to, how),
        operation: (from, to) => ({ kind: 'renameType', from, to }),
        title: nameOf,
      };
    case 'column': {
      const { table } = rename;
      return {
        what: 'column',
        namesIn: ({ tables }) =>
          tables
            .filter((each) => sameObject(each, table))
            .flatMap(ownColumns)
            .map(({ name }) => local(name)),
        isSame: (a, b) => how.foldName(a.name) === how.foldName(b.name),
        move: (schema, from, to) => renameColumn(schema, { table, from: from.name, to: to.name }, how),
        operation: (from, to) => ({ kind: 'renameColumn', table, from: from.name, to: to.name }),
        title: ({ name }) => `${nameOf(table)}.${name}`,
      };
    }
    case 'enumValue': {
      const { type } = rename;
      return {
        what: 'value',
        namesIn: ({ enums }) =>
          enums.filter((each) => sameObject(each, type)).flatMap(({ values }) => values.map(local)),
        isSame: sameObject,
        move: (schema, from, to) => renameValue(schema, type, from.name, to.name),
        operation: () => undefined,
        title: ({ name }) => `${nameOf(type)} '${name}'`,
      };
    }
  }
}

/** One rename that is still to be made; `from` is the name at the time. */
interface Pending {
  readonly rename: Rename;
  readonly kind: Kind;
  readonly from: ObjectName;
  readonly to: ObjectName;
}

function ends(rename: Rename): { readonly from: ObjectName; readonly to: ObjectName } {
  const { kind, from, to } = rename;
  return kind === 'table' || kind === 'type' ? { from, to } : { from: local(from), to: local(to) };
}

/** Where renames compete for names. */
function placeOf(rename: Rename): string {
  if (rename.kind === 'column') return nameOf(rename.table);
  return rename.kind === 'enumValue' ? nameOf(rename.type) : rename.kind;
}

function missing({ what, title }: Kind, name: ObjectName): KnexMetaError {
  return new KnexMetaError(
    'RENAME_UNKNOWN',
    `The ${what} ${title(name)} is to be renamed, and the database has no such ${what}.`,
    {
      remedy: 'Check the spelling; a rename that was made already needs to be said no more.',
      details: { what, name: title(name) },
    },
  );
}

/**
 * Whether a rename is still to be made. It is not when it was made, when what it leads to is new with all that could
 * have been it, and when the old name is that of something else by now.
 */
function isPending(
  { kind, from, to }: Pending,
  others: readonly Pending[],
  actual: DatabaseSchema,
  desired: DatabaseSchema,
): boolean {
  const { isSame, namesIn } = kind;
  const has = (names: readonly ObjectName[], wanted: ObjectName) =>
    names.some((name) => isSame(name, wanted));
  const [had, wants] = [namesIn(actual), namesIn(desired)];
  if (!has(had, from)) {
    if (has(had, to)) return false;
    const isNew = has(wants, to) && had.every((name) => has(wants, name));
    if (!isNew) throw missing(kind, from);
    return false;
  }
  const isLedTo = others.some((each) => isSame(each.to, from));
  return !isSame(from, to) && (!has(had, to) || !has(wants, from) || isLedTo);
}

/** One name that became another, in the order in which it was done. */
interface Move {
  readonly rename: Rename;
  readonly from: ObjectName;
  readonly to: ObjectName;
  readonly operation: Operation | undefined;
}

/**
 * The renames of one place, each when its new name is free: what has that name and goes, or waits for a name itself,
 * is moved aside.
 */
function settle(
  actual: DatabaseSchema,
  renames: readonly Pending[],
): { readonly schema: DatabaseSchema; readonly moves: readonly Move[] } {
  const moves: Move[] = [];
  let schema = actual;
  let left = [...renames];
  const make = ({ kind, rename }: Pending, from: ObjectName, to: ObjectName) => {
    schema = kind.move(schema, from, to);
    moves.push({ rename, from, to, operation: kind.operation(from, to) });
  };
  const isTaken = ({ kind, to }: Pending) => kind.namesIn(schema).some((name) => kind.isSame(name, to));
  while (left.length > 0) {
    const free = left.find((each) => !isTaken(each));
    if (free !== undefined) {
      make(free, free.from, free.to);
      left = left.filter((each) => each !== free);
      continue;
    }
    const next = left[0] as Pending;
    const { isSame, namesIn } = next.kind;
    const taken = new Set(namesIn(schema).map(({ name }) => name));
    const aside = { schema: next.to.schema, name: asideName(next.to.name, taken) };
    make(next, next.to, aside);
    left = left.map((each) => (isSame(each.from, next.to) ? { ...each, from: aside } : each));
  }
  return { schema, moves };
}

const ORDER: readonly Rename['kind'][] = ['type', 'table', 'column', 'enumValue'];

/** What renames make of a schema. */
interface Renamed {
  /** The schema after them; its enums still have their old values. */
  readonly schema: DatabaseSchema;
  readonly operations: readonly Operation[];
  /** The values of a type that got another name, in the order in which they do. */
  readonly valuesOf: (type: ObjectName) => readonly ValueRename[];
}

/** The schema as it is after the renames, with the operations that make them. */
export function applyRenames(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  renames: readonly Rename[],
  how: Comparison,
): Renamed {
  const moves: Move[] = [];
  let schema = actual;
  let { enums } = actual;
  for (const wanted of ORDER) {
    if (wanted === 'enumValue') enums = schema.enums;
    const places = new Map<string, Pending[]>();
    for (const rename of renames.filter(({ kind }) => kind === wanted)) {
      const place = placeOf(rename);
      places.set(place, [
        ...(places.get(place) ?? []),
        { rename, kind: kindOf(rename, how), ...ends(rename) },
      ]);
    }
    for (const all of places.values()) {
      const pending = all.filter((each) => isPending(each, all, schema, desired));
      const settled = settle(schema, pending);
      moves.push(...settled.moves);
      schema = settled.schema;
    }
  }
  const valuesOf = (type: ObjectName) =>
    moves.flatMap(({ rename, from, to }) =>
      rename.kind === 'enumValue' && sameObject(rename.type, type) ? [{ from: from.name, to: to.name }] : [],
    );
  return {
    schema: { ...schema, enums },
    operations: moves.flatMap(({ operation }) => operation ?? []),
    valuesOf,
  };
}
