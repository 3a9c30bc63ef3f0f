import type { ObjectName } from '../schema/names.js';
import type { Note } from './notes.js';

/** A piece of a migration's body; neighbours of one form on one table are put together. */
export type Piece = {
  /** Comments before it. */
  readonly notes?: readonly Note[];
} & (
  | { readonly form: 'create'; readonly table: ObjectName; readonly lines: readonly string[] }
  | {
      readonly form: 'builder';
      readonly table: ObjectName;
      readonly lines: readonly string[];
      /** Comments before single lines, by the position of the line. */
      readonly lineNotes?: readonly (readonly Note[])[];
    }
  /** What ALTER TABLE says of a table in SQL. */
  | { readonly form: 'alter'; readonly table: ObjectName; readonly actions: readonly string[] }
  /** A call of the schema builder. */
  | { readonly form: 'call'; readonly schema: string | undefined; readonly call: string }
  | { readonly form: 'sql'; readonly sql: string }
  | { readonly form: 'throw'; readonly reason: string }
);

export const builder = (table: ObjectName, ...lines: readonly string[]): Piece => ({
  form: 'builder',
  table,
  lines,
});

export const alter = (table: ObjectName, ...actions: readonly string[]): Piece => ({
  form: 'alter',
  table,
  actions,
});

export const sql = (text: string): Piece => ({ form: 'sql', sql: text });
