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

/** Things that went while a like thing came: a person is asked whether they were renamed. */
export function findCandidates(operations: readonly Operation[], how: Comparison): readonly Rename[] {
  const dropped = operations.filter(({ to }) => to === undefined);
  const added = operations.filter(({ from }) => from === undefined);
  return dropped.flatMap((went) =>
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
}
