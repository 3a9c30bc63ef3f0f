import type { Operation } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { Table } from '../schema/table.js';
import { type Comparison, ownColumns } from './comparison.js';
import type { Rename } from './options.js';

function isLikeTable(a: Table, b: Table, how: Comparison): boolean {
  const names = (table: Table) => new Set(ownColumns(table).map(({ name }) => how.foldName(name)));
  const [had, has] = [names(a), names(b)];
  const shared = [...had].filter((name) => has.has(name)).length;
  return shared > 0 && shared * 3 >= Math.max(had.size, has.size) * 2;
}

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

/** Things that went while a like thing came: a person is asked whether they were renamed. */
export function findCandidates(operations: readonly Operation[], how: Comparison): readonly Rename[] {
  const dropped = operations.filter(({ to }) => to === undefined);
  const added = operations.filter(({ from }) => from === undefined);
  const objects = dropped.flatMap((went) =>
    added.flatMap((came): readonly Rename[] => {
      if (went.kind === 'table' && came.kind === 'table' && went.from && came.to) {
        if (!isLikeTable(went.from, came.to, how)) return [];
        const { schema, name } = came.to;
        return [
          { kind: 'table', from: { schema: went.from.schema, name: went.from.name }, to: { schema, name } },
        ];
      }
      if (went.kind === 'column' && came.kind === 'column' && went.from && came.to) {
        const isLike = how.foldType(went.from.type) === how.foldType(came.to.type);
        if (!isLike || !sameObject(went.table, came.table)) return [];
        return [{ kind: 'column', table: went.table, from: went.from.name, to: came.to.name }];
      }
      if (went.kind === 'enum' && came.kind === 'enum' && went.from && came.to) {
        if (went.from.values.join('\n') !== came.to.values.join('\n')) return [];
        const { schema, name } = came.to;
        return [
          { kind: 'type', from: { schema: went.from.schema, name: went.from.name }, to: { schema, name } },
        ];
      }
      return [];
    }),
  );
  return [...objects, ...valueCandidates(operations)];
}
