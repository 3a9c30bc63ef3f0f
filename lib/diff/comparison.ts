import type { Column } from '../schema/column.js';
import type { Table } from '../schema/table.js';

/** How an engine's names and texts are compared. */
export interface Comparison {
  /** What two spellings of one name have in common. */
  readonly foldName: (name: string) => string;
  /** What two spellings of one expression have in common. */
  readonly foldExpression: (sql: string) => string;
  readonly foldType: (type: string) => string;
  /** True where views and foreign keys stand in the way of a change of their columns. */
  readonly holdsColumns: boolean;
  /** Extensions that every database has from the start: that no model has them is no news, and no reason to drop them. */
  readonly ownExtensions: readonly string[];
}

/** Keys whose text is an expression of the engine's. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  'expression',
  'predicate',
  'defaultTo',
  'definition',
  'declaration',
]);

/** Keys with names in them. */
const NAMES: ReadonlySet<string> = new Set(['columns', 'include', 'targetColumns', 'column', 'collation']);

/** The same text for two things that are the same to the engine; `without` are keys that do not count. */
export function fingerprint(value: unknown, how: Comparison, without: readonly string[] = []): string {
  const compared =
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).filter(([key]) => !without.includes(key)))
      : value;
  const fold = (key: string, each: unknown): unknown => {
    if (Array.isArray(each) && NAMES.has(key))
      return each.map((name) => (typeof name === 'string' ? how.foldName(name) : name));
    if (typeof each !== 'string') return each;
    if (EXPRESSIONS.has(key)) return how.foldExpression(each);
    if (NAMES.has(key)) return how.foldName(each);
    return key === 'type' ? how.foldType(each) : each;
  };
  return JSON.stringify(compared, fold) ?? '';
}

/** Without the names of the sequences that number columns: they are as good as any. */
export function comparableColumn(column: Column): Column {
  const { numbering } = column;
  if (numbering === undefined) return column;
  if (numbering.kind === 'rowid')
    return { ...column, numbering: { kind: 'rowid', reuses: numbering.reuses } };
  // An identity's sequence counts in the column's type, whatever the catalog says of it.
  const type = numbering.kind === 'identity' ? '' : numbering.sequence.type;
  const sequence = { ...numbering.sequence, type, schema: undefined, name: '' };
  return {
    ...column,
    defaultTo: numbering.kind === 'serial' ? undefined : column.defaultTo,
    numbering: { ...numbering, sequence },
  };
}

/** The columns that the project's own migrations and models define. */
export function ownColumns(table: Table): readonly Column[] {
  return table.columns.filter(({ isMetadata }) => !isMetadata);
}
