import type { Dependency, ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { type Operation, sameObject, type TableCreation } from './operation.js';

/** Those before which others have to come, after them; what is in a circle stays in its order. */
function sortByNeeds<Of>(all: readonly Of[], needs: (each: Of, other: Of) => boolean): readonly Of[] {
  const left = [...all];
  const sorted: Of[] = [];
  while (left.length > 0) {
    const free = left.findIndex((each) => !left.some((other) => other !== each && needs(each, other)));
    sorted.push(...left.splice(Math.max(free, 0), 1));
  }
  return sorted;
}

function refersTo(table: Table, other: ObjectName): boolean {
  return table.foreignKeys.some(({ target }) => sameObject(target, other));
}

/** Tables of one direction in the order of creation, with the keys between them that have to wait apart. */
function untangle(tables: readonly Table[]): {
  readonly sorted: readonly Table[];
  readonly waiting: ReadonlyMap<Table, Table['foreignKeys']>;
} {
  const sorted = sortByNeeds(tables, refersTo);
  const waiting = new Map<Table, Table['foreignKeys']>();
  sorted.forEach((table, position) => {
    const later = sorted.slice(position + 1);
    const keys = table.foreignKeys.filter(({ target }) => later.some((each) => sameObject(each, target)));
    if (keys.length > 0) waiting.set(table, keys);
  });
  return { sorted, waiting };
}

function tableOperations(
  creations: readonly TableCreation[],
  direction: 'to' | 'from',
): readonly Operation[] {
  const tables = creations.flatMap((each) => each[direction] ?? []);
  const { sorted, waiting } = untangle(tables);
  const other = direction === 'to' ? 'from' : 'to';
  const operations = sorted.flatMap((table): readonly Operation[] => {
    const apart = waiting.get(table) ?? [];
    const bare = { ...table, foreignKeys: table.foreignKeys.filter((key) => !apart.includes(key)) };
    return [
      { kind: 'table', [direction]: bare, [other]: undefined } as unknown as Operation,
      ...apart.map(
        (key) =>
          ({
            kind: 'foreignKey',
            table: { schema: table.schema, name: table.name },
            [direction]: key,
            [other]: undefined,
          }) as unknown as Operation,
      ),
    ];
  });
  return direction === 'to' ? operations : [...operations].reverse();
}

/** Tables after those that they refer to, with a circle cut: its keys are operations of their own. */
export function byKeys(operations: readonly Operation[]): readonly Operation[] {
  const creations = operations.filter((operation) => operation.kind === 'table');
  const rest = operations.filter((operation) => operation.kind !== 'table');
  return [
    ...rest,
    ...tableOperations(
      creations.filter(({ to }) => to !== undefined),
      'to',
    ),
    ...tableOperations(
      creations.filter(({ from }) => from !== undefined),
      'from',
    ),
  ];
}

interface Needing extends ObjectName {
  readonly dependsOn: readonly Dependency[];
}

function needing(operation: Operation): Needing | undefined {
  return operation.kind === 'view' || operation.kind === 'function'
    ? (operation.to ?? operation.from)
    : undefined;
}

/** Within a step views and functions stand after those that they need, or before them where they go. */
export function byNeeds(
  operations: readonly Operation[],
  stepOf: (operation: Operation) => string,
): readonly Operation[] {
  const steps = new Map<string, Operation[]>();
  for (const operation of operations) {
    const step = stepOf(operation);
    steps.set(step, [...(steps.get(step) ?? []), operation]);
  }
  const needs = (each: Operation, other: Operation): boolean => {
    const object = needing(other);
    return (
      object !== undefined &&
      needing(each)?.dependsOn.some(
        ({ kind, ...name }) => kind === other.kind && sameObject(name, object),
      ) === true
    );
  };
  return [...steps.values()].flatMap((step) => {
    if (!step.some((operation) => needing(operation) !== undefined)) return step;
    const isGoing = step.every(({ to }) => to === undefined);
    const sorted = sortByNeeds(step, needs);
    return isGoing ? [...sorted].reverse() : sorted;
  });
}
