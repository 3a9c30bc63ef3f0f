import { type Operation, type PartRename, sameObject } from '../../../operations/operation.js';
import type { DatabaseSchema } from '../../../schema/database.js';

/** A rename of a constraint or index as the engine knows it: away with the one, and here is the other. */
function rewriteRename({ table, what, from, to }: PartRename, after: DatabaseSchema): readonly Operation[] {
  const found = after.tables.find((each) => sameObject(each, table));
  if (found === undefined) return [];
  const remade = <Of extends { readonly name: string | undefined }>(kind: string, parts: readonly Of[]) =>
    parts
      .filter(({ name }) => name === to)
      .flatMap((part) => [
        { kind, table, from: { ...part, name: from }, to: undefined } as unknown as Operation,
        { kind, table, from: undefined, to: part } as unknown as Operation,
      ]);
  if (what === 'index') return remade('index', found.indexes);
  return [
    ...remade('primaryKey', found.primaryKey === undefined ? [] : [found.primaryKey]),
    ...remade('unique', found.uniques),
    ...remade('check', found.checks),
    ...remade('foreignKey', found.foreignKeys),
  ];
}

/** See `ChangeEngine.rewrite`. */
export function rewrite(operations: readonly Operation[], after: DatabaseSchema): readonly Operation[] {
  return operations.flatMap((operation) =>
    operation.kind === 'renamePart' ? rewriteRename(operation, after) : [operation],
  );
}
