import type { Operation } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { EnumType } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Comparison } from './comparison.js';
import { isLikeColumn, isLikeTable, likeColumns, movedKeys } from './likeness.js';
import type { Rename } from './options.js';

/** Values that went while others came, the one in the same place first. */
function valueCandidates(operations: readonly Operation[]): readonly Rename[] {
  const changes = operations.flatMap((each) =>
    each.kind === 'enum' && each.from !== undefined && each.to !== undefined
      ? [{ from: each.from, to: each.to, renamed: each.renamedValues }]
      : [],
  );
  const types = changes.filter(
    ({ from }, at) => !changes.slice(0, at).some((other) => sameObject(other.from, from)),
  );
  return types.flatMap(({ from, renamed }) => {
    const to = changes.findLast((each) => sameObject(each.to, from))?.to;
    if (to === undefined) return [];
    const isTold = (value: string) => renamed.some((each) => each.from === value || each.to === value);
    const went = from.values.filter((value) => !to.values.includes(value) && !isTold(value));
    const came = to.values.filter((value) => !from.values.includes(value) && !isTold(value));
    const type = { schema: to.schema, name: to.name };
    return went.flatMap((value): readonly Rename[] => {
      const place = from.values.indexOf(value);
      const distance = (other: string) => Math.abs(to.values.indexOf(other) - place);
      return [...came]
        .sort((a, b) => distance(a) - distance(b))
        .map((other) => ({ kind: 'enumValue', type, from: value, to: other }));
    });
  });
}

/** Types of one name that have most of their values in common. */
function isLikeType(from: EnumType, to: EnumType): boolean {
  const shared = from.values.filter((value) => to.values.includes(value)).length;
  return shared > 0 && shared * 3 >= Math.max(from.values.length, to.values.length) * 2;
}

const nameOf = ({ schema, name }: ObjectName): ObjectName => ({ schema, name });

/** Things that went while a like thing came: a person is asked whether they were renamed. */
export function findCandidates(operations: readonly Operation[], how: Comparison): readonly Rename[] {
  const dropped = operations.filter(({ to }) => to === undefined);
  const added = operations.filter(({ from }) => from === undefined);
  const isKeyMoved = movedKeys(operations);
  const objects = dropped.flatMap((went) =>
    added.flatMap((came): readonly Rename[] => {
      if (went.kind === 'table' && came.kind === 'table' && went.from && came.to)
        return isLikeTable(went.from, came.to, how, isKeyMoved(went.from, came.to))
          ? [{ kind: 'table', from: nameOf(went.from), to: nameOf(came.to) }]
          : [];
      if (went.kind === 'column' && came.kind === 'column' && went.from && came.to)
        return sameObject(went.table, came.table) && isLikeColumn(went.from, came.to, how)
          ? [{ kind: 'column', table: went.table, from: went.from.name, to: came.to.name }]
          : [];
      if (went.kind === 'enum' && came.kind === 'enum' && went.from && came.to)
        return isLikeType(went.from, came.to)
          ? [{ kind: 'type', from: nameOf(went.from), to: nameOf(came.to) }]
          : [];
      return [];
    }),
  );
  // A person reads of a table before its columns.
  const tables = objects.filter(({ kind }) => kind === 'table');
  return [...tables, ...objects.filter((each) => !tables.includes(each)), ...valueCandidates(operations)];
}

/** The columns that may have been renamed together with their table: by the table's new name. */
export function columnsRenamedWith(
  table: Rename,
  operations: readonly Operation[],
  how: Comparison,
): readonly Rename[] {
  if (table.kind !== 'table') return [];
  const went = operations.find(
    (each) => each.kind === 'table' && each.to === undefined && sameObject(each.from, table.from),
  );
  const came = operations.find(
    (each) => each.kind === 'table' && each.from === undefined && sameObject(each.to, table.to),
  );
  if (went?.kind !== 'table' || came?.kind !== 'table' || !went.from || !came.to) return [];
  return likeColumns(went.from, came.to, how).map(([from, to]) => ({
    kind: 'column',
    table: table.to,
    from: from.name,
    to: to.name,
  }));
}
