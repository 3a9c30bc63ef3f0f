import { mentions } from '../engines/tokens.js';
import type { Operation } from '../operations/operation.js';
import { sameObject, subjectOf } from '../operations/operation.js';
import type { DatabaseFunction, DatabaseSchema, View } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';

/** Tables of which a column that a view may read is altered, dropped or renamed. */
function touchedTables(operations: readonly Operation[]): readonly ObjectName[] {
  return operations.flatMap((operation) => {
    const isTouching =
      (operation.kind === 'column' && operation.from !== undefined && isHeld(operation)) ||
      operation.kind === 'renameColumn' ||
      (operation.kind === 'table' && operation.from !== undefined);
    const subject = subjectOf(operation);
    return isTouching && subject !== undefined ? [subject] : [];
  });
}

function isHeld({ from, to }: Extract<Operation, { kind: 'column' }>): boolean {
  return (
    to === undefined ||
    from?.type !== to.type ||
    from?.collation !== to.collation ||
    from?.generated?.expression !== to.generated?.expression
  );
}

/** The types that change, by whose values views may compare: also by the names that they had. */
function touchedTypes(operations: readonly Operation[]): readonly ObjectName[] {
  const touched: ObjectName[] = operations.flatMap((operation) =>
    (operation.kind === 'enum' ||
      (operation.kind === 'domain' && operation.from?.type !== operation.to?.type)) &&
    operation.from !== undefined &&
    operation.to !== undefined
      ? [operation.to]
      : [],
  );
  for (const each of operations.toReversed())
    if (each.kind === 'renameType' && touched.some((type) => sameObject(type, each.to)))
      touched.push(each.from);
  return touched;
}

/** The functions that go, or are made anew: with what they give back, or for a type that changes. */
function touchedFunctions(
  operations: readonly Operation[],
  types: readonly ObjectName[],
  { functions }: DatabaseSchema,
): readonly ObjectName[] {
  return [
    ...operations.flatMap((operation) => {
      if (operation.kind !== 'function' || operation.from === undefined) return [];
      const { from, to } = operation;
      return to === undefined || to.result !== from.result || to.kind !== from.kind ? [from] : [];
    }),
    ...functions.filter(({ dependsOn }) =>
      dependsOn.some((each) => each.kind === 'type' && types.some((type) => sameObject(type, each))),
    ),
  ];
}

/** A body in SQL that the server has parsed (`begin atomic`, `return`): it holds what it names, as a view does. */
function isHolding({ language, declaration }: DatabaseFunction): boolean {
  return (
    language === 'sql' && /\n\s*(begin atomic|return)\b/i.test(declaration) && !/\nAS [$']/.test(declaration)
  );
}

interface Dependents {
  readonly views: readonly View[];
  readonly functions: readonly DatabaseFunction[];
}

/**
 * What has to go while objects change, and comes back: views over them, functions with a parsed body over them,
 * functions that take or give rows of such a view, and so on.
 */
function dependentsOf(
  { views, functions }: Dependents,
  objects: readonly ObjectName[],
  isFunctionHeld: boolean,
): Dependents {
  const reached: ObjectName[] = [...objects];
  const found = new Set<View | DatabaseFunction>();
  const isReached = (each: ObjectName) => reached.some((object) => sameObject(object, each));
  const away = new Set(views.filter(isReached));
  const isAway = (each: ObjectName) => [...away].some((view) => sameObject(view, each));
  const add = (object: View | DatabaseFunction) => {
    found.add(object);
    reached.push(object);
  };
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const view of views) {
      if (found.has(view) || !view.dependsOn.some(isReached)) continue;
      add(view);
      away.add(view);
    }
    for (const each of isFunctionHeld ? functions : [])
      if (!found.has(each) && each.dependsOn.some(isHolding(each) ? isReached : isAway)) add(each);
  }
  return {
    views: views.filter((view) => found.has(view)),
    functions: functions.filter((each) => found.has(each)),
  };
}

/** Functions that go before the views and come back after what they hold, in the place of what else is done to them. */
function withRemade(
  operations: readonly Operation[],
  remade: readonly DatabaseFunction[],
  desired: DatabaseSchema,
): readonly Operation[] {
  if (remade.length === 0) return operations;
  const isSame = (a: DatabaseFunction | undefined, b: DatabaseFunction) =>
    sameObject(a, b) && a?.identity === b.identity;
  const isOf = (operation: Operation, each: DatabaseFunction) =>
    operation.kind === 'function' && operation.from !== undefined && isSame(operation.from, each);
  return [
    ...operations.filter((operation) => !remade.some((each) => isOf(operation, each))),
    ...remade.flatMap((from): readonly Operation[] => {
      const change = operations.find((operation) => isOf(operation, from));
      // One that no model has is left alone: it comes back as it was.
      const to =
        change?.kind === 'function'
          ? change.to
          : (desired.functions.find((each) => isSame(each, from)) ?? from);
      return [
        { kind: 'function', from, to: undefined, isWithViews: true },
        ...(to === undefined
          ? []
          : [{ kind: 'function' as const, from: undefined, to, isWithViews: true as const }]),
      ];
    }),
  ];
}

/** Whether a view names what gets another name, or gives its name to it. */
function namesRenamed({ definition }: View, operations: readonly Operation[]): boolean {
  return operations.some((operation) => {
    if (operation.kind === 'renameColumn')
      return mentions(definition, operation.from) || mentions(definition, operation.to);
    return (
      operation.kind === 'renameTable' &&
      (mentions(definition, operation.from.name) || mentions(definition, operation.to.name))
    );
  });
}

/** A view that changes keeps what no model says of it. */
function keepAttached(operation: Operation): Operation {
  if (operation.kind !== 'view' || operation.from === undefined || operation.to === undefined)
    return operation;
  return { ...operation, to: { ...operation.to, attached: operation.from.attached } };
}

/**
 * Views that stand in the way of other changes are dropped before and created after: to the operations come those
 * of views that do not change themselves.
 */
export function aroundViews(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  operations: readonly Operation[],
  holdsColumns: boolean,
): readonly Operation[] {
  const types = holdsColumns ? touchedTypes(operations) : [];
  const byType = actual.tables.filter((table) =>
    table.columns.some(({ userType }) => types.some((type) => sameObject(type, userType))),
  );
  const changed = operations.flatMap((operation) =>
    operation.kind === 'view' && operation.from !== undefined ? [operation.from] : [],
  );
  const isChanged = (view: View) => changed.some((each) => sameObject(each, view));
  const functions = holdsColumns ? touchedFunctions(operations, types, actual) : [];
  const tables = holdsColumns ? [...touchedTables(operations), ...types, ...byType, ...functions] : [];
  // The names in a view follow renames: one that says the same afterwards then says something else.
  const named = holdsColumns ? [] : actual.views.filter((view) => namesRenamed(view, operations));
  // On every engine a view that is gone for a moment leaves those over it without it.
  const objects = [...tables, ...changed, ...named];
  const { views: over, functions: remade } = dependentsOf(actual, objects, holdsColumns);
  const inTheWay = [...named, ...over.filter((view) => !named.includes(view))];
  return [
    ...withRemade(operations.map(keepAttached), remade, desired),
    ...inTheWay.flatMap((from): readonly Operation[] => {
      if (isChanged(from)) return [];
      // One that no model has is left alone: it comes back as it was.
      const to = desired.views.find((view) => sameObject(view, from)) ?? from;
      return [{ kind: 'view', from, to: { ...to, attached: from.attached } }];
    }),
  ];
}
