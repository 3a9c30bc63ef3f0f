/**
 * The time zone in which a column without a time zone has its instants: `'utc'`, `'local'` (that of the session that
 * writes), or a zone's name as an SQL literal.
 */
export type StampZone = 'utc' | 'local' | `'${string}'`;

/** The zone that a default names, as the server writes `timezone('x', now())` and `now() at time zone 'x'`. */
export const NAMED_ZONE = "(?:timezone[(]|AT TIME ZONE )('[A-Za-z0-9_+/:-]+')::text";
/** What gives the session's local time where no zone is named. */
export const LOCAL_TIME =
  '(?:^|[^a-z_])(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)[(][)]|CURRENT_TIMESTAMP|CURRENT_DATE|LOCALTIMESTAMP';
/** Names of UTC, lower case, as literals. */
export const UTC_ZONES: readonly string[] = ["'utc'", "'gmt'", "'etc/utc'", "'zulu'"];

/** How the default of a column writes its instants. A column without such a default has them in UTC. */
export function stampZone(defaultTo: string | undefined): StampZone {
  if (defaultTo === undefined) return 'utc';
  const zone = new RegExp(NAMED_ZONE).exec(defaultTo)?.[1];
  if (zone !== undefined) return UTC_ZONES.includes(zone.toLowerCase()) ? 'utc' : (zone as StampZone);
  return new RegExp(LOCAL_TIME).test(defaultTo) ? 'local' : 'utc';
}

/** An instant as a value of a column without a time zone that has its instants in this zone. */
export function inZone(instant: string, zone: StampZone): string {
  // Assigned to such a column, an instant becomes the local time of the session.
  return zone === 'local' ? instant : `pg_catalog.timezone(${zone === 'utc' ? "'utc'" : zone}, ${instant})`;
}

/** What the name of a function for this zone ends with. */
export function zoneSuffix(zone: StampZone): string {
  if (zone === 'utc' || zone === 'local') return zone === 'utc' ? '' : '_local';
  const name = zone.slice(1, -1).toLowerCase().replaceAll('+', '_plus_').replaceAll('-', '_minus_');
  return `_${name.replaceAll(/[^a-z0-9]+/g, '_')}`;
}

/** `zoneSuffix` for a named zone in the variable `zone`, as an expression of the server. */
export const ZONE_SUFFIX =
  "'_' || pg_catalog.regexp_replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.lower(pg_catalog.btrim(zone, '''')), '+', '_plus_'), '-', '_minus_'), '[^a-z0-9]+', '_', 'g')";
