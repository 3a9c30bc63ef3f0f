import type { Column } from '../../../schema/column.js';

/** By the engine's rules of affinity, in their order. */
function holdsText(type: string): boolean {
  return !/int/i.test(type) && (/char|clob|text|blob/i.test(type) || type.trim() === '');
}

/**
 * See `HazardFacts.losesText`: the engine makes a number of a text where the column is one of numbers and the text reads
 * as one. Any other text stays as it is.
 */
export function losesText(column: string, from: Column, to: Column): string | undefined {
  if (!holdsText(from.type) || holdsText(to.type)) return undefined;
  const number = `cast(${column} as ${/real|floa|doub/i.test(to.type) ? 'real' : 'numeric'})`;
  return `typeof(${column}) = 'text' and ${column} = ${number} and cast(${number} as text) <> ${column}`;
}
