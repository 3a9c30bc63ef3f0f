import { type Operation, sameObject } from '../operations/operation.js';
import type { Check } from '../schema/constraints.js';
import type { DatabaseSchema, View } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Index } from '../schema/tableIndex.js';
import type { WrittenText } from '../schema/written.js';
import type { Wording } from './wording.js';

/** Gives an operation the words of the models in place of the engine's. */
export type InWords = (operation: Operation) => Operation;

const keyOf = (kind: WrittenText['kind'], { schema, name }: ObjectName, part: string, text: string): string =>
  JSON.stringify([kind, schema, name, part, text]);

/** Whether a star stands for the same columns, in the same order, where the text is going to run. */
function meansTheSame({ expands }: WrittenText, { tables }: DatabaseSchema): boolean {
  return expands.every(({ table, columns }) => {
    const found = tables.find((each) => sameObject(each, table));
    const names = found?.columns.filter(({ isMetadata }) => !isMetadata).map(({ name }) => name) ?? [];
    return names.join('\n') === columns.join('\n');
  });
}

/**
 * The words of the models for texts that the engine writes in its own. A text is theirs where the engine makes of it what
 * is to be there; any other stays as the engine has it.
 *
 * @param after - the schema that the operations lead to
 */
export function inWords(
  written: readonly WrittenText[],
  after: () => DatabaseSchema,
  { enumCheck }: Wording,
): InWords {
  if (written.length === 0) return (operation) => operation;
  const isExpanding = ({ expands }: WrittenText) => expands.length > 0;
  const schema = written.some(isExpanding) ? after() : undefined;
  const texts = new Map(
    written
      .filter((each) => schema === undefined || meansTheSame(each, schema))
      .map((each) => [keyOf(each.kind, each.owner, each.part, each.text), each.written]),
  );
  const check = (table: ObjectName, each: Check): Check => {
    // The builder has words for it.
    const isEnum = enumCheck(each.expression) !== undefined;
    const found = isEnum ? undefined : texts.get(keyOf('check', table, each.name ?? '', each.expression));
    return found === undefined ? each : { ...each, expression: found };
  };
  const index = (table: ObjectName, each: Index): Index => {
    const found = texts.get(keyOf('index', table, each.name, each.predicate ?? ''));
    return found === undefined ? each : { ...each, predicate: found };
  };
  const table = (each: Table): Table => ({
    ...each,
    checks: each.checks.map((one) => check(each, one)),
    indexes: each.indexes.map((one) => index(each, one)),
  });
  const view = (each: View): View => ({
    ...each,
    definition: texts.get(keyOf('view', each, '', each.definition)) ?? each.definition,
  });
  return (operation) => {
    switch (operation.kind) {
      case 'table':
        return operation.to === undefined ? operation : { ...operation, to: table(operation.to) };
      case 'check':
        return operation.to === undefined
          ? operation
          : { ...operation, to: check(operation.table, operation.to) };
      case 'index':
        return operation.to === undefined
          ? operation
          : { ...operation, to: index(operation.table, operation.to) };
      case 'view':
        return operation.to === undefined ? operation : { ...operation, to: view(operation.to) };
      default:
        return operation;
    }
  };
}
