import type { Column } from '../../schema/column.js';
import type { ObjectName } from '../../schema/names.js';
import type { Evidence, HazardFacts, Quoting } from './hazard.js';

const list = (names: readonly string[], { name }: Quoting): string => names.map(name).join(', ');

/** Counts the values that a table has more than once. */
export function duplicatesOf(
  q: Quoting,
  table: ObjectName,
  columns: readonly string[],
  where: string | undefined,
): Evidence {
  const conditions = [
    ...columns.map((column) => `${q.name(column)} is not null`),
    ...(where === undefined ? [] : [where]),
  ];
  return {
    sql: `select count(*) as count from (select 1 as one from ${q.table(table)} where ${conditions.join(' and ')} group by ${list(columns, q)} having count(*) > 1) duplicates`,
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
): Evidence {
  const has = columns.map((column) => `child.${q.name(column)} is not null`);
  const matches = columns.map(
    (column, at) => `parent.${q.name(targetColumns[at] ?? '')} = child.${q.name(column)}`,
  );
  return {
    sql: `select count(*) as count from ${q.table(table)} child where ${has.join(' and ')} and not exists (select 1 from ${q.table(target)} parent where ${matches.join(' and ')})`,
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
