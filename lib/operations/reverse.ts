import type { Operation } from './operation.js';

/** The operation that takes this one back. */
export function reverse(operation: Operation): Operation {
  switch (operation.kind) {
    case 'enum':
      return {
        ...operation,
        from: operation.to,
        to: operation.from,
        renamedValues: operation.renamedValues.map(({ from, to }) => ({ from: to, to: from })).reverse(),
      };
    case 'column': {
      // How the values are converted is asked anew for the other direction.
      const { using: _, ...change } = operation;
      return { ...change, from: change.to, to: change.from };
    }
    case 'renamePart': {
      const { from, to, parts } = operation;
      return { ...operation, from: to, to: from, parts: { ...parts, from: parts.to, to: parts.from } };
    }
    default:
      return { ...operation, from: operation.to, to: operation.from } as Operation;
  }
}

/** A list of operations taken back: each one reversed, the last one first. */
export function reverseAll(operations: readonly Operation[]): readonly Operation[] {
  return operations.map(reverse).reverse();
}

/**
 * Why an operation cannot be taken back; undefined when it can. What a reverse brings back is the definition: rows
 * that were dropped stay lost, which is a hazard of the operation itself.
 */
export function irreversible(operation: Operation): string | undefined {
  if (operation.kind === 'extension' && operation.from !== undefined && operation.to !== undefined)
    return `extension ${operation.to.name} cannot go back from ${operation.to.version} to ${operation.from.version}`;
  return undefined;
}
