import { applied } from '../../../diff/appliedSchema.js';
import { type ColumnChange, type Operation, sameObject } from '../../../operations/operation.js';
import type { Column } from '../../../schema/column.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import { usingOf } from './casts.js';
import { aroundColumn } from './dependents.js';
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
  if (from.type === to.type) return [change];
  const typeOf = ({ type, userType }: Column) =>
    (type.endsWith('[]') ? undefined : now.domains.find((each) => sameObject(each, userType))?.type) ?? type;
  const using = usingOf(from, to, typeOf);
  return aroundColumn(change, [using === undefined ? change : { ...change, using }], now);
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
    default:
      return [operation];
  }
}

/** See `ChangeEngine.rewrite`. What stands in the way of an operation is what is there at the time. */
export function rewrite(operations: readonly Operation[], before: DatabaseSchema): readonly Operation[] {
  const rewritten: Operation[] = [];
  let now = before;
  for (const operation of operations) {
    const made = rewriteOne(operation, operations, now);
    now = applied(now, made);
    rewritten.push(...made);
  }
  return rewritten;
}
