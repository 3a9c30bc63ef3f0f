import { asideName } from '../operations/aside.js';
import type { RelationRename } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { Column } from '../schema/column.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { renameRelation } from './renamedSchema.js';

interface Relation {
  readonly what: RelationRename['what'];
  readonly name: string;
}

interface Room {
  readonly schema: DatabaseSchema;
  readonly renames: readonly RelationRename[];
}

function sequenceOf({ numbering }: Column): string | undefined {
  return numbering === undefined || numbering.kind === 'rowid' ? undefined : numbering.sequence.name;
}

/** What goes along with a table into another schema, by names that are the schema's. */
function relationsOf({ primaryKey, uniques, exclusions, indexes, columns }: Table): readonly Relation[] {
  const keys = primaryKey === undefined ? [] : [primaryKey];
  const of = (what: Relation['what'], name: string | undefined): readonly Relation[] =>
    name === undefined ? [] : [{ what, name }];
  return [
    ...[...keys, ...uniques, ...exclusions, ...indexes].flatMap(({ name }) => of('index', name)),
    ...columns.flatMap((column) => of('sequence', sequenceOf(column))),
  ];
}

function namesIn({ tables, views, sequences }: DatabaseSchema, schema: string | undefined): Set<string> {
  return new Set(
    [
      ...[...tables, ...views, ...sequences].filter((each) => each.schema === schema),
      ...tables.filter((each) => each.schema === schema).flatMap(relationsOf),
    ].map(({ name }) => name),
  );
}

/**
 * What a table takes along into another schema, where something has its name, gets another one first: diff sees it by
 * that one, and names it back where the name is free by then.
 */
export function makeRoom(actual: DatabaseSchema, from: ObjectName, to: ObjectName): Room {
  const table = actual.tables.find((each) => sameObject(each, from));
  if (table === undefined || from.schema === to.schema) return { schema: actual, renames: [] };
  const there = namesIn(actual, to.schema);
  const taken = new Set([...there, ...namesIn(actual, from.schema)]);
  const renames = relationsOf(table)
    .filter(({ name }) => there.has(name))
    .map(({ what, name }): RelationRename => {
      const aside = asideName(name, taken);
      taken.add(aside);
      const { schema } = from;
      return { kind: 'renameRelation', what, from: { schema, name }, to: { schema, name: aside } };
    });
  return { schema: renames.reduce(renameRelation, actual), renames };
}

/**
 * The names that a table has one after the other. A move and a rename are two statements: where the name between them
 * is taken, on the way there or on the way back, it goes by another one.
 */
export function wayTo(actual: DatabaseSchema, from: ObjectName, to: ObjectName): readonly ObjectName[] {
  if (from.schema === to.schema || from.name === to.name) return [from, to];
  const [left, reached] = [namesIn(actual, from.schema), namesIn(actual, to.schema)];
  const isMovedFree = !reached.has(from.name);
  const isNamedFree = !left.has(to.name);
  if (isMovedFree && isNamedFree) return [from, to];
  if (isMovedFree) return [from, { schema: to.schema, name: from.name }, to];
  if (isNamedFree) return [from, { schema: from.schema, name: to.name }, to];
  const name = asideName(to.name, new Set([...left, ...reached]));
  return [from, { schema: from.schema, name }, { schema: to.schema, name }, to];
}

/**
 * Sequences that were renamed to make room have their names again when all tables are in their places, where these are
 * free.
 *
 * @param asides - the renames, with the schema in which the sequence is now
 */
export function nameSequencesBack(actual: DatabaseSchema, asides: readonly RelationRename[]): Room {
  let schema = actual;
  const renames = asides.flatMap(({ kind, what, from, to }): readonly RelationRename[] => {
    if (what !== 'sequence' || namesIn(schema, to.schema).has(from.name)) return [];
    const rename: RelationRename = { kind, what, from: to, to: { ...to, name: from.name } };
    schema = renameRelation(schema, rename);
    return [rename];
  });
  return { schema, renames };
}

/** The sequences that numbered columns are to get, where they have no such one yet. */
function comingSequences(actual: DatabaseSchema, desired: DatabaseSchema): readonly ObjectName[] {
  return desired.tables.flatMap((table): readonly ObjectName[] => {
    const before = actual.tables.find((each) => sameObject(each, table));
    if (before === undefined) return [];
    return table.columns.flatMap((column): readonly ObjectName[] => {
      const name = sequenceOf(column);
      const had = before.columns.find((each) => each.name === column.name);
      if (name === undefined || had?.numbering?.kind === column.numbering?.kind) return [];
      return had && sequenceOf(had) === name ? [] : [{ schema: table.schema, name }];
    });
  });
}

/**
 * A table with another name keeps its sequences: where another column is to have a name of theirs, they leave it. One
 * that goes takes them along before that.
 */
export function freeSequences(actual: DatabaseSchema, desired: DatabaseSchema): Room {
  let schema = actual;
  const isStaying = (table: Table) => desired.tables.some((each) => sameObject(each, table));
  const renames = comingSequences(actual, desired).flatMap((wanted): readonly RelationRename[] => {
    const isHeld = schema.tables.some(
      (table) =>
        table.schema === wanted.schema &&
        isStaying(table) &&
        table.columns.some((column) => sequenceOf(column) === wanted.name),
    );
    if (!isHeld) return [];
    const aside = { schema: wanted.schema, name: asideName(wanted.name, namesIn(schema, wanted.schema)) };
    const rename: RelationRename = { kind: 'renameRelation', what: 'sequence', from: wanted, to: aside };
    schema = renameRelation(schema, rename);
    return [rename];
  });
  return { schema, renames };
}
