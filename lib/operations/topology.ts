import type { Dependency, ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { calledBy } from './calledFunctions.js';
import type { Operation, TableCreation } from './operation.js';

const keyOf = ({ schema, name }: ObjectName, kind = '') => `${kind}\n${schema ?? ''}\n${name}`;

/** What others need before them; what is in a circle stays in its order. */
function sortByNeeds<Of>(
  all: readonly Of[],
  key: (each: Of) => string,
  needs: (each: Of) => readonly string[],
): readonly Of[] {
  const byKey = new Map(all.map((each) => [key(each), each]));
  const seen = new Set<Of>();
  const sorted: Of[] = [];
  // A chain may be as long as there are tables: no recursion.
  for (const start of all) {
    const stack: { readonly each: Of; readonly left: string[] }[] = [];
    const enter = (each: Of | undefined) => {
      if (each === undefined || seen.has(each)) return;
      seen.add(each);
      stack.push({ each, left: [...needs(each)].reverse() });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.left.pop();
      if (next !== undefined) enter(byKey.get(next));
      else sorted.push((stack.pop() as typeof top).each);
    }
  }
  return sorted;
}

/** The table that a partition is of, at the root. */
function rootOf(table: Table, byKey: ReadonlyMap<string, Table>): Table {
  const parent = table.partitionOf && byKey.get(keyOf(table.partitionOf.parent));
  return parent === undefined ? table : rootOf(parent, byKey);
}

/** What a key to a table needs: of one in partitions all, each of which has a key of its own behind it. */
function targetsAmong(tables: readonly Table[]): (table: Table, target: ObjectName) => readonly ObjectName[] {
  const byKey = new Map(tables.map((table) => [keyOf(table), table]));
  const partitions = new Map<string, Table[]>();
  for (const table of tables) {
    if (table.partitionOf === undefined) continue;
    const root = keyOf(rootOf(table, byKey));
    const all = partitions.get(root) ?? [];
    partitions.set(root, all);
    all.push(table);
  }
  return (table, target) => {
    const isOwn = keyOf(rootOf(table, byKey)) === keyOf(target);
    return isOwn ? [target] : [target, ...(partitions.get(keyOf(target)) ?? [])];
  };
}

/** Tables, by key, of which a key or a column's type changes: what refers to them waits until that is done. */
function changingTables(operations: readonly Operation[]): ReadonlySet<string> {
  const isChanging = (operation: Operation): boolean => {
    switch (operation.kind) {
      case 'primaryKey':
      case 'unique':
        return true;
      case 'index':
        return (operation.to ?? operation.from)?.unique === true;
      case 'column':
        return operation.from?.type !== operation.to?.type;
      default:
        return false;
    }
  };
  return new Set(
    operations.flatMap((operation) =>
      'table' in operation && operation.table !== undefined && isChanging(operation)
        ? [keyOf(operation.table)]
        : [],
    ),
  );
}

/** Tables of one direction in the order of creation, with the keys between them that have to wait apart. */
function untangle(
  tables: readonly Table[],
  changing: ReadonlySet<string>,
): {
  readonly sorted: readonly Table[];
  readonly waiting: ReadonlyMap<Table, Table['foreignKeys']>;
} {
  const targetsOf = targetsAmong(tables);
  const numbered = new Map(
    tables.flatMap((table) =>
      table.columns.flatMap(({ numbering }) =>
        numbering === undefined || numbering.kind === 'rowid'
          ? []
          : [[keyOf(numbering.sequence, 'sequence'), [table]] as const],
      ),
    ),
  );
  const sorted = sortByNeeds(
    tables,
    (table) => keyOf(table),
    (table) => {
      const { foreignKeys, partitionOf, inherits, dependsOn } = table;
      return [
        ...(partitionOf === undefined ? [] : [partitionOf.parent]),
        ...inherits,
        // The type of its rows, and a sequence that numbers it.
        ...dependsOn.flatMap((needed): readonly ObjectName[] =>
          needed.kind === 'table' ? [needed] : (numbered.get(keyOf(needed, needed.kind)) ?? []),
        ),
        ...foreignKeys.flatMap(({ target }) => targetsOf(table, target)),
      ].map((needed) => keyOf(needed));
    },
  );
  const places = new Map(sorted.map((table, place) => [keyOf(table), place]));
  const waiting = new Map<Table, Table['foreignKeys']>();
  sorted.forEach((table, place) => {
    const keys = table.foreignKeys.filter(
      ({ target }) => (places.get(keyOf(target)) ?? -1) > place || changing.has(keyOf(target)),
    );
    if (keys.length > 0) waiting.set(table, keys);
  });
  return { sorted, waiting };
}

function tableOperations(
  creations: readonly TableCreation[],
  direction: 'to' | 'from',
  changing: ReadonlySet<string>,
): readonly Operation[] {
  const tables = creations.flatMap((each) => each[direction] ?? []);
  const { sorted, waiting } = untangle(tables, changing);
  const other = direction === 'to' ? 'from' : 'to';
  const byKey = new Map(tables.map((table) => [keyOf(table), table]));
  // One that refers to itself cannot lose a partition by itself.
  const isWithParent = (table: Table): boolean => {
    const root = rootOf(table, byKey);
    return root !== table && root.foreignKeys.some(({ target }) => keyOf(target) === keyOf(root));
  };
  const operations = sorted.flatMap((table): readonly Operation[] => {
    const apart = waiting.get(table) ?? [];
    const bare = { ...table, foreignKeys: table.foreignKeys.filter((key) => !apart.includes(key)) };
    return [
      {
        kind: 'table',
        [direction]: bare,
        [other]: undefined,
        ...(isWithParent(table) ? { isWithParent: true } : {}),
      } as unknown as Operation,
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

/**
 * Tables after those that they refer to. Keys in a circle, and those to a table whose own keys change, are operations
 * of their own.
 */
export function byKeys(operations: readonly Operation[]): readonly Operation[] {
  const creations = operations.filter((operation) => operation.kind === 'table');
  const rest = operations.filter((operation) => operation.kind !== 'table');
  const changing = changingTables(rest);
  return [
    ...rest,
    ...tableOperations(
      creations.filter(({ to }) => to !== undefined),
      'to',
      changing,
    ),
    ...tableOperations(
      creations.filter(({ from }) => from !== undefined),
      'from',
      changing,
    ),
  ];
}

interface Needing extends ObjectName {
  readonly dependsOn: readonly Dependency[];
}

function needing(operation: Operation): Needing | undefined {
  switch (operation.kind) {
    case 'view':
    case 'function':
    case 'domain':
      return operation.to ?? operation.from;
    case 'other': {
      const subject = operation.to ?? operation.from;
      return subject?.dependsOn && { ...subject, dependsOn: subject.dependsOn };
    }
    default:
      return undefined;
  }
}

/** As what others need it: domains and what is known by its statements are types. */
function neededAs(operation: Operation): string {
  if (operation.kind === 'domain' || operation.kind === 'other') return 'type';
  return operation.kind === 'function'
    ? `function ${(operation.to ?? operation.from)?.identity}`
    : operation.kind;
}

/** Within a step views, functions and types stand after those that they need, or before them where they go. */
export function byNeeds(
  operations: readonly Operation[],
  stepOf: (operation: Operation) => string,
): readonly Operation[] {
  const steps = new Map<string, Operation[]>();
  for (const operation of operations) {
    const step = stepOf(operation);
    const found = steps.get(step) ?? [];
    steps.set(step, found);
    found.push(operation);
  }
  const key = (operation: Operation) =>
    keyOf(needing(operation) ?? { schema: '', name: '' }, neededAs(operation));
  const needs = (operation: Operation) =>
    needing(operation)?.dependsOn.map(({ kind, identity, ...name }) =>
      keyOf(name, kind === 'function' ? `function ${identity}` : kind),
    ) ?? [];
  /** Only where nothing else says the order: a word in a body may be no name, and two functions may call each other. */
  const calls = (step: readonly Operation[]) => {
    const functions = new Map<string, string[]>();
    for (const operation of step) {
      const name = operation.kind === 'function' ? (operation.to ?? operation.from)?.name : undefined;
      if (name !== undefined) functions.set(name, [...(functions.get(name) ?? []), key(operation)]);
    }
    return (operation: Operation) =>
      functions.size < 2 ? [] : [...calledBy(operation)].flatMap((name) => functions.get(name) ?? []);
  };
  return [...steps.values()].flatMap((step) => {
    if (!step.some((operation) => needing(operation) !== undefined)) return step;
    const isGoing = step.every(({ to }) => to === undefined);
    const objects = step.filter((operation) => needing(operation) !== undefined);
    const sorted = [
      ...step.filter((operation) => needing(operation) === undefined),
      ...sortByNeeds(sortByNeeds(objects, key, calls(objects)), key, needs),
    ];
    return isGoing ? [...sorted].reverse() : sorted;
  });
}
