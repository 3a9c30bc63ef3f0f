import type { Column } from '../../schema/column.js';
import type { ObjectName } from '../../schema/names.js';
import type { Evidence, HazardFacts, Quoting } from './hazard.js';

/** What must not be the same in two rows. */
export interface Unique {
  readonly table: ObjectName;
  /** Expressions, in SQL. */
  readonly keys: readonly string[];
  readonly where: readonly (string | undefined)[];
  /** Whether two rows without a value are the same. */
  readonly nullsNotDistinct: boolean;
}

/** Counts the values that a table has more than once. */
export function duplicatesOf(q: Quoting, { table, keys, where, nullsNotDistinct }: Unique): Evidence {
  const conditions = [
    ...(nullsNotDistinct ? [] : keys.map((key) => `${key} is not null`)),
    ...where.filter((each) => each !== undefined).map((each) => `(${each})`),
  ];
  const filter = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return {
    sql: `select count(*) as count from (select 1 as one from ${q.table(table)}${filter} group by ${keys.join(', ')} having count(*) > 1) duplicates`,
    counts: 'values that more than one row has',
  };
}

/** Counts the rows that refer to a row which is not there. */
export function orphansOf(
  q: Quoting,
  table: ObjectName,
  target: ObjectName,
  columns: readonly string[],
  targetColumns: readonly string[],
  match: 'simple' | 'full',
): Evidence {
  const has = columns.map((column) => `child.${q.name(column)} is not null`);
  // In full a key has a value in each column, or in none.
  const given = match === 'full' ? `(${has.join(' or ')})` : has.join(' and ');
  const matches = columns.map(
    (column, at) => `parent.${q.name(targetColumns[at] ?? '')} = child.${q.name(column)}`,
  );
  return {
    sql: `select count(*) as count from ${q.table(table)} child where ${given} and not exists (select 1 from ${q.table(target)} parent where ${matches.join(' and ')})`,
    counts: 'rows without one',
  };
}

/** Counts the rows of all tables that have one of these values in a column of its type. */
export function rowsWith(
  q: Quoting,
  { hasValue }: HazardFacts,
  users: readonly { readonly table: ObjectName; readonly columns: readonly Column[] }[],
  values: readonly string[],
): Evidence | undefined {
  if (users.length === 0) return undefined;
  const counts = users.map(({ table, columns }) => {
    const has = columns.map((column) => hasValue(q.name(column.name), column, values));
    return `(select count(*) from ${q.table(table)} where ${has.join(' or ')})`;
  });
  return { sql: `select ${counts.join(' + ')} as count`, counts: 'rows with such a value' };
}
