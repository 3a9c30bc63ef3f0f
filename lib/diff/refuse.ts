import { KnexMetaError } from '../errors.js';
import type { Operation } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { nameOf } from './scope.js';

/** The columns of a table that pass their names on to one another. */
function exchanged(table: ObjectName, operations: readonly Operation[]): ReadonlySet<string> {
  const renames = operations.flatMap((each) =>
    each.kind === 'renameColumn' && sameObject(each.table, table) ? [each] : [],
  );
  const left = new Set(renames.map(({ from }) => from));
  return renames.some(({ to }) => left.has(to))
    ? new Set(renames.flatMap(({ from, to }) => [from, to]))
    : new Set();
}

/**
 * Refuses what would be undone wrongly: columns exchange their names, one of them is computed, and a column changes its type,
 * for which the computed one is made anew under one name or the other.
 *
 * @param tables - of both schemas
 * @throws KnexMetaError RENAME_REFUSED
 */
export function refuseExchange(operations: readonly Operation[], tables: readonly Table[]): void {
  const retyped = operations.flatMap((each) =>
    each.kind === 'column' &&
    each.from !== undefined &&
    each.to !== undefined &&
    each.from.type !== each.to.type
      ? [each.table]
      : [],
  );
  for (const table of retyped) {
    const names = exchanged(table, operations);
    const computed = tables
      .filter((each) => sameObject(each, table))
      .flatMap(({ columns }) => columns)
      .find(({ name, generated }) => generated !== undefined && names.has(name));
    if (computed === undefined) continue;
    throw new KnexMetaError(
      'RENAME_REFUSED',
      `In ${nameOf(table)} columns exchange their names, the computed column ${computed.name} among them, and a column changes its type.`,
      {
        remedy: 'Make two migrations of it: first the names, then the type. Nothing was written.',
        details: { table: nameOf(table), column: computed.name },
      },
    );
  }
}
