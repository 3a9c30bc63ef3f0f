import type { JoinEngine } from '../joins.js';

const AMBIGUOUS = /column reference "((?:[^"]|"")+)" is ambiguous/;

/** See `JoinEngine`. A stored view keeps its columns when its tables get others. */
export const joins: JoinEngine = {
  ambiguousColumn: ({ message }) => AMBIGUOUS.exec(message)?.[1],
  ambiguousViews: undefined,
};
