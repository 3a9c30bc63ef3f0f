import { KnexMetaError } from '../errors.js';
import { asideName } from '../operations/aside.js';
import type { Operation, RelationRename, ValueRename } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import { type Comparison, ownColumns } from './comparison.js';
import { freeSequences, makeRoom, nameSequencesBack, wayTo } from './makeRoom.js';
import type { DiffOptions, Rename } from './options.js';
import { renameColumn, renameTable, renameType, renameValue } from './renamedSchema.js';
import { nameOf } from './scope.js';

/** What is renamed, among what: tables and types in the database, columns in a table, values in a type. */
interface Kind {
  readonly what: string;
  /** The names that are taken there. */
  readonly namesIn: (schema: DatabaseSchema) => readonly ObjectName[];
  readonly isSame: (a: ObjectName, b: ObjectName) => boolean;
  readonly move: (schema: DatabaseSchema, from: ObjectName, to: ObjectName) => DatabaseSchema;
  /** None for a value: it is part of the change of its type. */
  readonly operation: (from: ObjectName, to: ObjectName) => readonly Operation[];
  readonly title: (name: ObjectName) => string;
  /** What it is by all that a glance shows. */
  readonly looks: (schema: DatabaseSchema, name: ObjectName) => string;
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
        operation: (from, to) => [{ kind: 'renameTable', from, to }],
        title: nameOf,
        looks: ({ tables }, name) =>
          tables
            .filter((each) => sameObject(each, name))
            .flatMap(ownColumns)
            .map((column) => `${how.foldName(column.name)} ${how.foldType(column.type)}`)
            .sort()
            .join(),
      };
    case 'type':
      return {
        what: 'type',
        namesIn: ({ enums }) => enums,
        isSame: sameObject,
        move: (schema, from, to) => renameType(schema, from, to, how),
        operation: (from, to) => [{ kind: 'renameType', from, to }],
        title: nameOf,
        looks: ({ enums }, name) => enums.find((each) => sameObject(each, name))?.values.join() ?? '',
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
        operation: (from, to) => [{ kind: 'renameColumn', table, from: from.name, to: to.name }],
        title: ({ name }) => `${nameOf(table)}.${name}`,
        looks: ({ tables }, { name }) =>
          tables
            .filter((each) => sameObject(each, table))
            .flatMap(ownColumns)
            .filter((each) => how.foldName(each.name) === how.foldName(name))
            .map(({ type }) => how.foldType(type))
            .join(),
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
        operation: () => [],
        title: ({ name }) => `${nameOf(type)} '${name}'`,
        looks: ({ enums }) => enums.find((each) => sameObject(each, type))?.values.join() ?? '',
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

const has = ({ isSame }: Kind, names: readonly ObjectName[], wanted: ObjectName) =>
  names.some((name) => isSame(name, wanted));

/** Whether what has the old name, and what has the new one, are what is wanted under these names. */
function isDoneToAll({ kind, from, to }: Pending, actual: DatabaseSchema, desired: DatabaseSchema): boolean {
  return [from, to].every((name) => kind.looks(actual, name) === kind.looks(desired, name));
}

function ambiguous({ kind, from, to }: Pending): KnexMetaError {
  const { what, title } = kind;
  return new KnexMetaError(
    'RENAME_AMBIGUOUS',
    `The ${what} ${title(to)} is said to have been ${title(from)}, and the database and the models have both: nobody can see whether that was done.`,
    {
      remedy:
        'Was it done? Then take renamedFrom out of the model. Is it to be done? Then take it out too, and say it once with --rename.',
      details: { what, from: title(from), to: title(to) },
    },
  );
}

/**
 * Those that are still to be made. One is not when it was made, or when what it leads to is new with all that could
 * have been it. Where both names are there and wanted, only what is said for this once is surely to be made.
 */
function stillToMake(
  all: readonly Pending[],
  once: readonly Rename[],
  actual: DatabaseSchema,
  desired: DatabaseSchema,
): readonly Pending[] {
  const found = new Set<Pending>();
  const leadsTo = (name: ObjectName) => (each: Pending) => each.kind.isSame(each.to, name);
  const isSure = (each: Pending): boolean => {
    const { kind, from, to, rename } = each;
    const names = kind.namesIn(actual);
    if (kind.isSame(from, to) || !has(kind, names, from)) return false;
    const isFree = !has(kind, names, to) || !has(kind, kind.namesIn(desired), from);
    return isFree || once.includes(rename) || [...found].some(leadsTo(from));
  };
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const each of all.filter(isSure)) found.add(each);
  }
  const isDone = ({ kind, from, to }: Pending) =>
    !has(kind, kind.namesIn(actual), from) && has(kind, kind.namesIn(actual), to);
  for (const each of all.filter((one) => !found.has(one) && !isDone(one))) {
    const { kind, from, to } = each;
    const [had, wants] = [kind.namesIn(actual), kind.namesIn(desired)];
    if (kind.isSame(from, to)) continue;
    if (!has(kind, had, from)) {
      const isNew = has(kind, wants, to) && had.every((name) => has(kind, wants, name));
      if (!isNew) throw missing(kind, from);
    } else if (!all.some((one) => isDone(one) && leadsTo(from)(one)) && !isDoneToAll(each, actual, desired))
      throw ambiguous(each);
  }
  return all.filter((each) => found.has(each));
}

/** One name that became another, in the order in which it was done. */
interface Move {
  readonly rename: Rename;
  readonly from: ObjectName;
  readonly to: ObjectName;
  readonly operations: readonly Operation[];
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
  const asides: RelationRename[] = [];
  const make = ({ kind, rename }: Pending, from: ObjectName, to: ObjectName) => {
    const room = rename.kind === 'table' ? makeRoom(schema, from, to) : { schema, renames: [] };
    asides.push(...room.renames.map((each) => ({ ...each, to: { ...each.to, schema: to.schema } })));
    const way = rename.kind === 'table' ? wayTo(room.schema, from, to) : [from, to];
    const steps = way.slice(1).flatMap((name, at) => kind.operation(way[at] as ObjectName, name));
    schema = kind.move(room.schema, from, to);
    moves.push({ rename, from, to, operations: [...room.renames, ...steps] });
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
  const last = moves.at(-1);
  if (last === undefined || asides.length === 0) return { schema, moves };
  const back = nameSequencesBack(schema, asides);
  const operations = [...last.operations, ...back.renames];
  return { schema: back.schema, moves: [...moves.slice(0, -1), { ...last, operations }] };
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
  { renames: declared = [], once = [] }: DiffOptions,
  how: Comparison,
): Renamed {
  const renames = [...declared, ...once];
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
      const settled = settle(schema, stillToMake(all, once, schema, desired));
      moves.push(...settled.moves);
      schema = settled.schema;
    }
  }
  const valuesOf = (type: ObjectName) =>
    moves.flatMap(({ rename, from, to }) =>
      rename.kind === 'enumValue' && sameObject(rename.type, type) ? [{ from: from.name, to: to.name }] : [],
    );
  const isRenamed = moves.some(({ rename }) => rename.kind === 'table');
  const free = isRenamed ? freeSequences(schema, desired) : { schema, renames: [] };
  return {
    schema: { ...free.schema, enums },
    operations: [...moves.flatMap((move) => move.operations), ...free.renames],
    valuesOf,
  };
}
