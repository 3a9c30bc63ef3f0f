import { count, type Evidence, type Quoting } from '../../operations/hazards/hazard.js';
import type { ObjectName } from '../../schema/names.js';
import type { Around } from '../rule.js';

/** How names are quoted in what is counted. */
export function quotingOf({ quote }: Around): Quoting {
  return {
    name: quote,
    table: ({ schema, name }) => (schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`),
  };
}

/** Counts the rows of a table where something holds. */
export function rowsWhere(
  around: Around,
  table: ObjectName,
  where: string | undefined,
  counts: string,
): Evidence {
  return count(quotingOf(around).table(table), where, counts);
}
