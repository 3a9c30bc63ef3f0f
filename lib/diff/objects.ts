import { calls } from '../engines/tokens.js';
import { type EnumChange, type Operation, renamedValue, type ValueRename } from '../operations/operation.js';
import type { DatabaseFunction, DatabaseSchema, EnumType, OtherObject, View } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import { type Comparison, fingerprint } from './comparison.js';
import type { LeftKind, Unmanaged } from './options.js';
import { nameOf, otherName } from './scope.js';

interface Pairs<Of> {
  readonly both: readonly (readonly [Of, Of])[];
  readonly dropped: readonly Of[];
  readonly added: readonly Of[];
}

/** What tells functions of one name apart. */
const identity = (object: object): unknown => (object as { identity?: string }).identity;

export function pair<Of extends ObjectName>(
  before: readonly Of[],
  after: readonly Of[],
  how: Comparison,
): Pairs<Of> {
  const keyOf = (object: Of) => JSON.stringify([object.schema, how.foldName(object.name), identity(object)]);
  const had = new Map(before.map((object) => [keyOf(object), object]));
  const has = new Set(after.map(keyOf));
  return {
    both: after.flatMap((object) => {
      const from = had.get(keyOf(object));
      return from === undefined ? [] : [[from, object] as const];
    }),
    dropped: before.filter((object) => !has.has(keyOf(object))),
    added: after.filter((object) => !had.has(keyOf(object))),
  };
}

/** Kinds that stay when no model has them, and what was so left. */
export interface Leaving {
  readonly leaves: (kind: LeftKind) => boolean;
  /** Functions that are dropped: what needs one goes with it, also where its kind is left alone. */
  readonly gone: readonly DatabaseFunction[];
  readonly unmanaged: Unmanaged[];
}

/** The functions that no model has any more. */
export function goneFunctions(
  before: DatabaseSchema,
  after: DatabaseSchema,
  how: Comparison,
): readonly DatabaseFunction[] {
  return pair(before.functions, after.functions, how).dropped.filter(
    (each) => !after.functions.some(({ schema, name }) => schema === each.schema && name === each.name),
  );
}

type Kind = 'schema' | 'extension' | 'domain' | 'sequence' | 'view' | 'function';

function diffKind<Of extends ObjectName>(
  kind: Kind,
  before: readonly Of[],
  after: readonly Of[],
  how: Comparison,
  leaving: Leaving,
  without: readonly string[] = ['comment', 'dependsOn'],
): readonly Operation[] {
  const { both, dropped, added } = pair(before, after, how);
  const change = (from: Of | undefined, to: Of | undefined) => ({ kind, from, to }) as unknown as Operation;
  const needsGone = (object: Of): boolean =>
    kind === 'view' &&
    (object as unknown as View).dependsOn.some(
      (needed) =>
        needed.kind === 'function' &&
        leaving.gone.some(({ schema, name }) => schema === needed.schema && name === needed.name),
    );
  const gone = leaving.leaves(kind) ? dropped.filter(needsGone) : dropped;
  for (const object of dropped.filter((each) => !gone.includes(each)))
    leaving.unmanaged.push({ kind, name: nameOf(object), reason: 'no model has it: it was left alone' });
  return [
    ...added.map((to) => change(undefined, to)),
    ...both.flatMap(([from, to]) =>
      fingerprint(from, how, without) === fingerprint(to, how, without) ? [] : [change(from, to)],
    ),
    ...gone.map((from) => change(from, undefined)),
    ...both.flatMap(([from, to]): readonly Operation[] => commentOf(kind, from, to)),
  ];
}

function commentOf(on: string, from: ObjectName, to: ObjectName): readonly Operation[] {
  const had = (from as { comment?: string }).comment;
  const has = (to as { comment?: string }).comment;
  const name = { schema: to.schema, name: to.name };
  if (had === has) return [];
  const {
    kind,
    isMaterialized,
    identity: args,
  } = to as { kind?: string; isMaterialized?: boolean; identity?: string };
  const what = isMaterialized === true ? 'materialized view' : (kind ?? on);
  return [{ kind: 'comment', on: what, name, table: undefined, identity: args, from: had, to: has }];
}

/**
 * Values come in a step of their own, before columns use them, and go in another, when no column does: run backwards
 * it is the same. Renamed is what a person says, when the old name is gone and the new one has come.
 */
function enumChanges(
  from: EnumType,
  to: EnumType,
  renamedValues: readonly ValueRename[],
): readonly EnumChange[] {
  const renamed = from.values.map((value) => renamedValue(value, renamedValues));
  if (renamedValues.length === 0 && from.values.join('\n') === to.values.join('\n')) return [];
  const grown = { ...to, values: withAdded(renamed, to.values) };
  const isGrown = grown.values.length > renamed.length;
  const named = renamedValues.length === 0 ? from : { ...from, values: renamed };
  const isDone = grown.values.join('\n') === to.values.join('\n');
  return [
    // Names first, by themselves: one that is left may be that of a value which comes.
    ...(renamedValues.length === 0 ? [] : [{ kind: 'enum' as const, from, to: named, renamedValues }]),
    ...(isGrown ? [{ kind: 'enum' as const, from: named, to: grown, renamedValues: [] }] : []),
    ...(isDone ? [] : [{ kind: 'enum' as const, from: isGrown ? grown : named, to, renamedValues: [] }]),
  ];
}

/** The values with those that are new, each behind the one that it is to follow. */
function withAdded(had: readonly string[], wanted: readonly string[]): readonly string[] {
  const values = [...had];
  wanted.forEach((value, place) => {
    if (values.includes(value)) return;
    const before = values.indexOf(wanted[place - 1] ?? '');
    values.splice(before + 1, 0, value);
  });
  return values;
}

export function diffEnums(
  before: readonly EnumType[],
  after: readonly EnumType[],
  renamesOf: (type: ObjectName) => readonly ValueRename[],
  how: Comparison,
): readonly Operation[] {
  const { both, dropped, added } = pair(before, after, how);
  return [
    ...added.map((to): Operation => ({ kind: 'enum', from: undefined, to, renamedValues: [] })),
    ...both.flatMap(([from, to]) => [
      ...enumChanges(from, to, renamesOf(to)),
      ...commentOf('type', from, to),
    ]),
    ...dropped.map((from): Operation => ({ kind: 'enum', from, to: undefined, renamedValues: [] })),
  ];
}

/** What is known by its statements only: one that no model has stays. */
function diffOthers(
  before: readonly OtherObject[],
  after: readonly OtherObject[],
  how: Comparison,
  { gone, unmanaged }: Leaving,
): readonly Operation[] {
  const keyOf = ({ kind, schema, table, name }: OtherObject) =>
    JSON.stringify([kind, schema, table === undefined ? null : how.foldName(table), how.foldName(name)]);
  const had = new Map(before.map((each) => [keyOf(each), each]));
  const has = new Set(after.map(keyOf));
  const leaves = before.filter((object) => !has.has(keyOf(object)));
  const needsGone = ({ kind, definition = '' }: OtherObject) =>
    kind === 'policy' && gone.some(({ name }) => calls(definition, name));
  for (const object of leaves)
    if (!needsGone(object))
      unmanaged.push({
        kind: object.kind,
        name: otherName(object),
        reason: 'no model has it: it was left alone',
      });
  const going = leaves.filter(needsGone).map((from): Operation => ({ kind: 'other', from, to: undefined }));
  const coming = after.flatMap((to): readonly Operation[] => {
    const from = had.get(keyOf(to));
    const isSame =
      from !== undefined &&
      how.foldExpression(from.definition ?? '') === how.foldExpression(to.definition ?? '');
    return isSame ? [] : [{ kind: 'other', from, to }];
  });
  return [...coming, ...going];
}

/** Everything that is not a table or on one. */
export function diffObjects(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  how: Comparison,
  leaving: Leaving,
): readonly Operation[] {
  const named = <Of extends { readonly name: string }>(all: readonly Of[]) =>
    all.map((each) => ({ ...each, schema: undefined }));
  // A schema has no schema of its own, and an extension's is only where its objects are.
  const schemas = diffKind('schema', named(actual.schemas), named(desired.schemas), how, leaving);
  const wanted = new Set(desired.extensions.map(({ name }) => name));
  const isNews = ({ name }: { readonly name: string }) =>
    wanted.has(name) || !how.ownExtensions.includes(name);
  const extensions = diffKind(
    'extension',
    actual.extensions.filter(isNews).map((each) => ({ ...each, at: each.schema, schema: undefined })),
    desired.extensions.map((each) => ({ ...each, at: each.schema, schema: undefined })),
    how,
    leaving,
    ['version', 'at'],
  ).map((operation) => restoreSchema(operation));
  return [
    ...schemas,
    ...extensions,
    ...diffOthers(actual.others, desired.others, how, leaving),
    ...diffKind('domain', actual.domains, desired.domains, how, leaving),
    ...diffKind('sequence', actual.sequences, desired.sequences, how, leaving),
    ...diffKind('function', actual.functions, desired.functions, how, leaving),
    ...diffKind('view', actual.views, desired.views, how, leaving, [
      'comment',
      'dependsOn',
      'triggers',
      'isPopulated',
      'type',
      'attached',
    ]).map(withoutRules),
  ];
}

/** The rules of a view that comes are objects of their own. */
function withoutRules(operation: Operation): Operation {
  if (operation.kind !== 'view' || operation.from !== undefined || operation.to === undefined)
    return operation;
  const attached = operation.to.attached.filter((statement) => !/^create rule /i.test(statement));
  return { ...operation, to: { ...operation.to, attached } };
}

function restoreSchema(operation: Operation): Operation {
  if (operation.kind !== 'extension') return operation;
  const back = <Of>(each: Of | undefined): Of | undefined =>
    each === undefined ? undefined : { ...each, schema: (each as { at?: string }).at };
  return { ...operation, from: back(operation.from), to: back(operation.to) };
}
