import type { Token } from '../../tokens.js';

/** The place of a binding: `$1` is the first. */
export const placeOf = ({ text }: Token): number | undefined =>
  /^\$\d+$/.test(text) ? Number(text.slice(1)) - 1 : undefined;
