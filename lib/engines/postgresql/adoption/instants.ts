import type { InstantSource } from '../../adoption.js';
import type { Clock } from '../../contract.js';
import { quoteName, quoteText } from '../identifiers.js';

const ZONED = /^timestamp.* with time zone$/;
const PLAIN = /^(timestamp.* without time zone|date)$/;
const NUMBER = /^(integer|bigint|numeric.*|double precision)$/;

/** See `AdoptionEngine.sourceProblem`. */
export function sourceProblem(type: string): string | undefined {
  if (ZONED.test(type) || PLAIN.test(type) || NUMBER.test(type)) return undefined;
  return `a ${type} is no instant`;
}

/** See `AdoptionEngine.lacksZone`. */
export function lacksZone(type: string): boolean {
  return PLAIN.test(type);
}

/** The present instant as the clock's type has it, and constant: a column with this default is not rewritten. */
export function presentSql({ type }: Clock): string {
  return type === 'timestamp' ? "pg_catalog.timezone('utc', pg_catalog.now())" : 'pg_catalog.now()';
}

/** The value of a source column in the clock's type. Numbers above 10^11 are milliseconds since 1970, else seconds. */
export function instantSql({ column, timeZone }: InstantSource, type: string, clock: Clock): string {
  const name = quoteName(column);
  const zoned = NUMBER.test(type)
    ? `pg_catalog.to_timestamp((case when pg_catalog.abs(${name}) > 100000000000 then ${name} / 1000.0 else ${name} end)::float8)`
    : PLAIN.test(type)
      ? `pg_catalog.timezone(${quoteText(timeZone ?? 'utc')}, ${name}::pg_catalog.timestamp)`
      : name;
  return clock.type === 'timestamp' ? `pg_catalog.timezone('utc', ${zoned})` : zoned;
}
