import type { ObjectName } from './names.js';

/** A text that the engine writes in words of its own, in the words of its author. */
export interface WrittenText {
  /** A check or the condition of an index, by its table; a view's query. */
  readonly kind: 'check' | 'index' | 'view';
  readonly owner: ObjectName;
  /** The name of the check or index; empty for a view. */
  readonly part: string;
  /** As the engine writes it. */
  readonly text: string;
  /** As its author wrote it. */
  readonly written: string;
  /** The tables whose columns a `*` stands for, with the columns in their order. */
  readonly expands: readonly { readonly table: ObjectName; readonly columns: readonly string[] }[];
}
