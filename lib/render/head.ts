import { describe, objectText } from '../operations/describe.js';
import { type Operation, sameObject } from '../operations/operation.js';
import type { ObjectName } from '../schema/names.js';
import { commentLine } from './comments.js';

/** The table that an operation changes a part of. */
function tableOf(operation: Operation): ObjectName | undefined {
  switch (operation.kind) {
    case 'renameTable':
      return operation.to;
    case 'other': {
      const subject = operation.to ?? operation.from;
      return subject?.table === undefined ? undefined : { schema: subject.schema, name: subject.table };
    }
    case 'comment':
      return operation.on === 'table' ? operation.name : operation.table;
    default:
      return 'table' in operation ? operation.table : undefined;
  }
}

interface Group {
  readonly table: ObjectName | undefined;
  readonly operations: Operation[];
}

const isSameTable = (a: ObjectName | undefined, b: ObjectName | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameObject(a, b);

/** Changes of one table together, where the first of them stands. */
function grouped(operations: readonly Operation[]): readonly Group[] {
  const groups: Group[] = [];
  for (const operation of operations) {
    const table = tableOf(operation);
    const found = groups.find((each) => isSameTable(each.table, table));
    if (found === undefined) groups.push({ table, operations: [operation] });
    else found.operations.push(operation);
  }
  return groups;
}

/** What does not tell two definitions of one object apart. */
const NOT_COMPARED = ['attached', 'comment', 'dependsOn', 'access'];

function definitionOf(kind: Operation['kind'], value: unknown): string {
  // The types of a view's columns are those of its tables.
  const skipped = new Set(kind === 'view' ? [...NOT_COMPARED, 'type'] : NOT_COMPARED);
  return JSON.stringify(value, (key, each) => (skipped.has(key) ? undefined : each)) ?? '';
}

/** The lines of operations. What is removed and added again is one change, or the same object as before. */
function linesOf(
  operations: readonly Operation[],
  text: (operation: Operation) => string,
): readonly string[] {
  const subjectOf = (operation: Operation) => text(operation).replace(/^(?:added|removed) /, '');
  const came = new Map(
    operations.filter(({ from }) => from === undefined).map((each) => [subjectOf(each), each]),
  );
  const went = new Map(
    operations.filter(({ to }) => to === undefined).map((each) => [subjectOf(each), each]),
  );
  const lines = operations.map((operation) => {
    const subject = subjectOf(operation);
    const [before, after] = [went.get(subject), came.get(subject)];
    if (before === undefined || after === undefined) return text(operation);
    const isSame = definitionOf(before.kind, before.from) === definitionOf(after.kind, after.to);
    return `${isSame ? 'recreated' : 'changed'} ${subject}`;
  });
  return [...new Set(lines)];
}

/** The list of changes in the head of a file: a table with several changes is named once, above them. */
export function headLines(
  operations: readonly Operation[],
  defaultSchema: string | undefined,
): readonly string[] {
  return grouped(operations).flatMap(({ table, operations: changes }) => {
    const plain = linesOf(changes, (operation) => describe(operation, defaultSchema));
    if (table === undefined || plain.length === 1) return plain.map((line) => commentLine(`  ${line}`));
    return [
      commentLine(`  table ${objectText(table, defaultSchema)}:`),
      ...linesOf(changes, (operation) => describe(operation, defaultSchema, true)).map((line) =>
        commentLine(`    ${line}`),
      ),
    ];
  });
}
