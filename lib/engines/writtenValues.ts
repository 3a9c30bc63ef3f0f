/** Rows that hold something else than what the column's default put there. */
const WRITTEN: Readonly<Record<string, (column: string) => string>> = {
  is_active: (column) => `not ${column}`,
  is_flagged: (column) => column,
  notes: (column) => `${column} is not null`,
};

/** Whether a metadata column holds instants. */
export const isInstant = (key: string): boolean => key === 'created_at' || key === 'updated_at';

/** The condition for a value that is not the default of the metadata column; instants count always. */
export const isWritten = (key: string, quoted: string): string => WRITTEN[key]?.(quoted) ?? 'true';
