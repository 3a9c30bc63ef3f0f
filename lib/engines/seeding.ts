import type { Column } from '../schema/column.js';
import type { DatabaseSchema } from '../schema/database.js';

/** What an engine knows of rows that are made up to fill a table. */
export interface SeedEngine {
  /**
   * Values that a column of this type can hold, as they stand in a statement, the likeliest first; none for a type
   * that nobody knows values of.
   *
   * @param row - a number that tells rows apart
   */
  readonly samples: (column: Column, row: number, schema: DatabaseSchema) => readonly string[];
  /** An expression that gives a column's value as it stands in a statement. */
  readonly asLiteral: (quoted: string) => string;
  /** Inside a transaction: foreign keys that can wait are checked at its end. */
  readonly deferKeys: string;
  /** Statements that empty tables, inside a transaction. */
  readonly empty: (quoted: readonly string[]) => readonly string[];
}

/** Texts of all sorts, no longer than a column allows: where a check wants a certain form, one of them may have it. */
export function sampleTexts(row: number, length = 255): readonly string[] {
  const texts = [
    `row ${row}`,
    `row${row}`,
    `row${row}@example.org`,
    `https://example.org/${row}`,
    `ROW${row}`,
    `AB`,
    `ab`,
    `${row}`,
    '{}',
    '2001-02-03',
  ];
  const fitting = texts.filter((text) => text.length <= length);
  return fitting.length > 0 ? fitting : [String(row).slice(-length)];
}
