import { type Operation, sameObject } from '../operations/operation.js';
import { incrementsLine, isPlainComment, isPlainSerial } from './column.js';
import { isSayable } from './names.js';
import { keyLine, type RenderContext } from './parts.js';

type ColumnChange = Extract<Operation, { kind: 'column' }>;
type KeyChange = Extract<Operation, { kind: 'primaryKey' }>;

/** A new column that numbers the rows, and the new primary key on it: the builder has one word for both. */
export interface NumberedKey {
  readonly column: Operation;
  readonly key: Operation;
  /** `t.increments('id');` */
  readonly line: string;
}

function lineOf({ table, to }: ColumnChange, context: RenderContext): string | undefined {
  const isPlain =
    to !== undefined &&
    isSayable(to.name) &&
    (to.comment === undefined || isPlainComment(to.comment)) &&
    isPlainSerial({ ...table, partitionOf: undefined }, to, context.wording);
  return isPlain ? incrementsLine(to, context.wording) : undefined;
}

/** The columns that come with the primary key of their table. */
export function numberedKeys(
  operations: readonly Operation[],
  context: RenderContext,
): readonly NumberedKey[] {
  const keys = operations.filter(
    (each): each is KeyChange => each.kind === 'primaryKey' && each.from === undefined,
  );
  return operations.flatMap((column): readonly NumberedKey[] => {
    if (column.kind !== 'column' || column.from !== undefined || column.to === undefined) return [];
    const { name } = column.to;
    const key = keys.find(
      ({ table, to }) =>
        sameObject(table, column.table) &&
        to !== undefined &&
        to.comment === undefined &&
        to.columns.join('\n') === name &&
        keyLine('primary', table, to, context)?.includes(',') === false,
    );
    const line = lineOf(column, context);
    return key === undefined || line === undefined ? [] : [{ column, key, line: `${line};` }];
  });
}
