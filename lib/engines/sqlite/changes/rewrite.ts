import type { Operation, PartRename } from '../../../operations/operation.js';

/** A rename of a constraint or index as the engine knows it: away with the one, and here is the other. */
function rewriteRename({ table, parts: { kind, from, to } }: PartRename): readonly Operation[] {
  return [
    { kind, table, from, to: undefined } as Operation,
    { kind, table, from: undefined, to } as Operation,
  ];
}

/** See `ChangeEngine.rewrite`. */
export function rewrite(operations: readonly Operation[]): readonly Operation[] {
  return operations.flatMap((operation) =>
    operation.kind === 'renamePart' ? rewriteRename(operation) : [operation],
  );
}
