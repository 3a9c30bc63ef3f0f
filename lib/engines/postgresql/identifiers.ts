import { KnexMetaError } from '../../errors.js';

export { withoutBindings } from '../bindings.js';

/** PostgreSQL cuts longer names without an error (NAMEDATALEN - 1). */
export const NAME_BYTES = 63;

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

/**
 * For a transaction that reads the catalog: before the server's own statistics have caught up with many new tables, it
 * would go through all for each, and workers take longer to begin than the queries take.
 */
export const READS_CATALOG =
  'set local enable_nestloop to off; set local jit to off; set local max_parallel_workers_per_gather to 0';

/** The oid of the connection's own database: what is locked is shown for all databases of the server. */
export const OWN_DATABASE =
  '(select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())';

/** A name cut to so many bytes, between two characters. */
function clip(name: string, bytes: number): string {
  let cut = '';
  for (const character of name) {
    if (Buffer.byteLength(cut + character) > bytes) break;
    cut += character;
  }
  return cut;
}

/** The name that `serial` gives its sequence where it is free: of the two names the longer one is cut. */
export function serialName(table: string, column: string): string {
  const room = NAME_BYTES - '__seq'.length;
  let [first, second] = [Buffer.byteLength(table), Buffer.byteLength(column)];
  while (first + second > room) {
    if (first > second) first -= 1;
    else second -= 1;
  }
  return `${clip(table, first)}_${clip(column, second)}_seq`;
}

export function checkName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= NAME_BYTES) return;
  throw new KnexMetaError('NAME_TOO_LONG', `The name "${name}" has ${bytes} bytes.`, {
    remedy: `PostgreSQL cuts names after ${NAME_BYTES} bytes without saying so: choose a shorter one.`,
    details: { name, bytes, limit: NAME_BYTES },
  });
}
