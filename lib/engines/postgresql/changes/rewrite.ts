import { applied } from '../../../diff/appliedSchema.js';
import { type ColumnChange, type Operation, sameObject } from '../../../operations/operation.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import type { ObjectName } from '../../../schema/names.js';
import { calls } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { convert } from './conversion.js';
import {
  around,
  aroundColumn,
  computedNaming,
  defaultsNaming,
  once,
  partsNaming,
  policiesNaming,
  takingAway,
} from './dependents.js';
import { recomputedParts } from './recomputed.js';
import { rewriteDomain, rewriteEnum } from './types.js';

function rewriteColumn(change: ColumnChange, now: DatabaseSchema): readonly Operation[] {
  const { from, to } = change;
  if (from === undefined || to === undefined) return [change];
  const isComputed = to.generated !== undefined && from.generated?.expression !== to.generated.expression;
  if (isComputed || (to.generated !== undefined && from.type !== to.type)) {
    // What a column is computed by cannot be changed: its values are nobody's loss.
    const anew: readonly Operation[] = [
      { ...change, to: undefined },
      { ...change, from: undefined },
    ];
    return aroundColumn(change, anew, now);
  }
  if (from.type === to.type)
    return from.collation === to.collation ? [change] : aroundColumn(change, [change], now);
  const { using, isAssigned } = convert(quoteName(to.name), from, to, now);
  const converted = {
    ...change,
    ...(using === undefined ? {} : { using }),
    ...(isAssigned ? { isAssigned } : {}),
  };
  return aroundColumn(change, [converted], now);
}

type FunctionChange = Extract<Operation, { kind: 'function' }>;

/** Whether a function that goes comes again under its name, with another result or other arguments. */
function comesAgain(change: Operation, operations: readonly Operation[]): change is FunctionChange {
  return (
    change.kind === 'function' &&
    change.to === undefined &&
    operations.some(
      (each) => each.kind === 'function' && each.from === undefined && sameObject(each.to, change.from),
    )
  );
}

/** What tables do by a function: it is away while that is made anew. */
function usersOf(called: ObjectName, now: DatabaseSchema): readonly Operation[] {
  const isCalled = (text: string) => calls(text, called.name);
  return once(
    now.tables.flatMap((table) => [
      ...computedNaming(table, isCalled),
      ...defaultsNaming(table, isCalled),
      ...partsNaming(table, isCalled).filter(({ kind }) => kind !== 'trigger'),
      ...policiesNaming(now, table, isCalled),
    ]),
  );
}

function rewriteOne(
  operation: Operation,
  operations: readonly Operation[],
  now: DatabaseSchema,
): readonly Operation[] {
  switch (operation.kind) {
    case 'enum':
      return rewriteEnum(operation, operations, now);
    case 'domain':
      return rewriteDomain(operation, now);
    case 'column':
      return rewriteColumn(operation, now);
    case 'function':
      return around(recomputedParts(operation, now), [operation]);
    default:
      return [operation];
  }
}

/** See `ChangeEngine.rewrite`. What stands in the way of an operation is what is there at the time. */
export function rewrite(operations: readonly Operation[], before: DatabaseSchema): readonly Operation[] {
  const rewritten: Operation[] = [];
  let now = before;
  let waiting: readonly { readonly called: ObjectName; readonly parts: readonly Operation[] }[] = [];
  for (const operation of operations) {
    let made = rewriteOne(operation, operations, now);
    if (comesAgain(operation, operations) && operation.from !== undefined) {
      const parts = usersOf(operation.from, now);
      waiting = [...waiting, { called: operation.from, parts }];
      made = [...takingAway(parts), ...made];
    } else if (operation.kind === 'function' && operation.from === undefined) {
      const back = waiting.filter(({ called }) => sameObject(called, operation.to));
      waiting = waiting.filter((each) => !back.includes(each));
      made = [...made, ...back.flatMap(({ parts }) => parts)];
    }
    now = applied(now, made);
    rewritten.push(...made);
  }
  return rewritten;
}
