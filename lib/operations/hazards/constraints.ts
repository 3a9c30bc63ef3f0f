import type { ObjectName } from '../../schema/names.js';
import type { Operation } from '../operation.js';
import {
  count,
  type Evidence,
  type Hazard,
  type HazardFacts,
  type Quoting,
  quoting,
  textOf,
} from './hazard.js';

function list(names: readonly string[], { name }: Quoting): string {
  return names.map(name).join(', ');
}

/** What can go wrong with a constraint or index. */
export function constraintHazards(operation: Operation, facts: HazardFacts): readonly Hazard[] {
  const q = quoting(facts);
  if (operation.to === undefined) return [];
  switch (operation.kind) {
    case 'primaryKey':
    case 'unique': {
      if (operation.from !== undefined) return [];
      const { table, to } = operation;
      return [duplicates(q, table, to.columns, undefined)];
    }
    case 'index': {
      const { table, to } = operation;
      const columns = to.keys.flatMap(({ column }) => column ?? []);
      const isPlain = columns.length === to.keys.length;
      return [
        ...(to.unique && isPlain ? [duplicates(q, table, columns, to.predicate)] : []),
        ...(facts.isConcurrent
          ? [
              {
                kind: 'long lock' as const,
                message: `LONG LOCK: ${textOf(table)} takes no writes while the index ${to.name} is made.`,
                remedy:
                  'On a large table: CREATE INDEX CONCURRENTLY, in a migration with `transaction: false`.',
                evidence: count(q.table(table), undefined, 'rows to index'),
              },
            ]
          : []),
      ];
    }
    case 'check': {
      const { table, to } = operation;
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every row of ${textOf(table)} has to fulfil the new check${to.name === undefined ? '' : ` ${to.name}`}.`,
          remedy: facts.isConcurrent ? 'On a large table: NOT VALID first, then VALIDATE CONSTRAINT.' : '',
          evidence: count(q.table(table), `not (${to.expression})`, 'rows against it'),
        },
      ];
    }
    case 'foreignKey': {
      const { table, to } = operation;
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every row of ${textOf(table)} has to have its row in ${textOf(to.target)}.`,
          remedy: facts.isConcurrent ? 'On a large table: NOT VALID first, then VALIDATE CONSTRAINT.' : '',
          evidence:
            to.targetColumns === undefined
              ? undefined
              : orphans(q, table, to.target, to.columns, to.targetColumns),
        },
      ];
    }
    default:
      return [];
  }
}

function duplicates(
  q: Quoting,
  table: ObjectName,
  columns: readonly string[],
  where: string | undefined,
): Hazard {
  const names = list(columns, q);
  const conditions = [
    ...columns.map((column) => `${q.name(column)} is not null`),
    ...(where === undefined ? [] : [where]),
  ];
  return {
    kind: 'can fail',
    message: `CAN FAIL: no two rows of ${textOf(table)} may have the same ${columns.join(', ')}.`,
    remedy: 'Merge or correct the duplicates first.',
    evidence: {
      sql: `select count(*) as count from (select 1 as one from ${q.table(table)} where ${conditions.join(' and ')} group by ${names} having count(*) > 1) duplicates`,
      counts: 'values that more than one row has',
    },
  };
}

function orphans(
  q: Quoting,
  table: ObjectName,
  target: ObjectName,
  columns: readonly string[],
  targetColumns: readonly string[],
): Evidence {
  const has = columns.map((column) => `child.${q.name(column)} is not null`);
  const matches = columns.map(
    (column, at) => `parent.${q.name(targetColumns[at] ?? '')} = child.${q.name(column)}`,
  );
  return {
    sql: `select count(*) as count from ${q.table(table)} child where ${has.join(' and ')} and not exists (select 1 from ${q.table(target)} parent where ${matches.join(' and ')})`,
    counts: 'rows without one',
  };
}
