import type { ColumnChange, Operation } from '../../../operations/operation.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import { usingOf } from './casts.js';
import { aroundColumn } from './dependents.js';
import { rewriteDomain, rewriteEnum } from './types.js';

function rewriteColumn(
  change: ColumnChange,
  later: readonly Operation[],
  after: DatabaseSchema,
): readonly Operation[] {
  const { from, to } = change;
  if (from === undefined || to === undefined) return [change];
  const isComputed = to.generated !== undefined && from.generated?.expression !== to.generated.expression;
  if (isComputed || (to.generated !== undefined && from.type !== to.type)) {
    // What a column is computed by cannot be changed: its values are nobody's loss.
    const anew: readonly Operation[] = [
      { ...change, to: undefined },
      { ...change, from: undefined },
    ];
    return aroundColumn(change, anew, later, after);
  }
  if (from.type === to.type) return [change];
  const using = usingOf(from, to);
  return aroundColumn(change, [using === undefined ? change : { ...change, using }], later, after);
}

/** See `ChangeEngine.rewrite`. */
export function rewrite(operations: readonly Operation[], after: DatabaseSchema): readonly Operation[] {
  return operations.flatMap((operation, index): readonly Operation[] => {
    const later = operations.slice(index + 1);
    if (operation.kind === 'enum') return rewriteEnum(operation, operations, later, after);
    if (operation.kind === 'domain') return rewriteDomain(operation, later, after);
    if (operation.kind === 'column') return rewriteColumn(operation, later, after);
    return [operation];
  });
}
