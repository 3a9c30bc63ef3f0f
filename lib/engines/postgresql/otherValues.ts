import type { HookTarget, Session } from '../contract.js';
import { recordTableOf } from '../recordTable.js';
import { isInstant, isWritten } from '../writtenValues.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { withAllRows } from './rowSecurity.js';

/** When the first migration of this database ran, as text; undefined when no record is found. */
async function firstMigration(session: Session): Promise<string | undefined> {
  const { schema, name } = recordTableOf(session.client);
  const quoted = [schema, name].flatMap((part) => (part === undefined ? [] : [quoteName(part)])).join('.');
  const [found] = await session.rows(
    withoutBindings(`select a.attname from pg_catalog.pg_attribute a
      where a.attrelid = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid and a.attname = 'migration_time'`),
  );
  if (found === undefined) return undefined;
  const [row] = await session.rows(
    withoutBindings(`select min(migration_time)::text as first from ${quoted}`),
  );
  return row?.first === null || row?.first === undefined ? undefined : String(row.first);
}

/**
 * The condition for an instant that neither a default nor the trigger wrote: before the first migration, in the
 * future, or midnight to the microsecond, as a date without a time is stored.
 */
async function writtenInstant(session: Session, target: HookTarget, column: string): Promise<string> {
  const first = await firstMigration(session);
  const utc =
    target.clock.type === 'timestamptz'
      ? `pg_catalog.timezone('utc', ${column})`
      : `${column}::pg_catalog.timestamp`;
  const instant = `pg_catalog.timezone('utc', ${utc})`;
  const local = `${instant}::pg_catalog.timestamp`;
  const conditions = [utc, local].map((each) => `${each} = pg_catalog.date_trunc('day', ${each})`);
  if (first !== undefined)
    conditions.push(`${instant} < ${quoteText(first)}::pg_catalog.timestamptz - interval '1 day'`);
  conditions.push(`${instant} > pg_catalog.clock_timestamp() + interval '1 minute'`);
  return `(${conditions.join(' or ')})`;
}

/** See `MetadataEngine.holdsOtherValues`. */
export async function holdsOtherValues(
  session: Session,
  target: HookTarget,
  key: string,
  column: string,
  own: string,
): Promise<boolean> {
  const quoted = quoteName(column);
  const written = isInstant(key) ? await writtenInstant(session, target, quoted) : isWritten(key, quoted);
  const [row] = await withAllRows(session, target.quoted, `read the values of ${quoted}`, () =>
    session.rows(
      withoutBindings(
        `select 1 from ${target.quoted} where ${written} and ${quoteName(own)}::text is distinct from ${quoted}::text limit 1`,
      ),
    ),
  );
  return row !== undefined;
}
