import type { HookTarget, Session } from '../contract.js';
import { recordTableOf } from '../recordTable.js';
import { isInstant, isWritten } from '../writtenValues.js';
import { factsQuery, readFacts } from './facts.js';
import { quoteName } from './identifiers.js';

/** When the first migration of this database ran, as `julianday` reads it; undefined when no record is found. */
async function firstMigration(session: Session): Promise<string | undefined> {
  const { name } = recordTableOf(session.client);
  const [found] = await session.rows(
    "select 1 from sqlite_master m join pragma_table_info(m.name) c on c.name = 'migration_time' where m.type = 'table' and lower(m.name) = lower(?)",
    [name],
  );
  if (found === undefined) return undefined;
  // Drivers store a Date as milliseconds.
  const [row] = await session.rows(
    `select min(case when typeof(migration_time) = 'text' then julianday(migration_time)
      else julianday(migration_time / 1000.0, 'unixepoch') end) as first from ${quoteName(name)}`,
  );
  return typeof row?.first === 'number' ? String(row.first) : undefined;
}

/**
 * The condition for an instant that neither a default nor the trigger wrote: in another form than the default's, before
 * the first migration, in the future, or midnight to the millisecond.
 */
async function writtenInstant(session: Session, target: HookTarget, name: string): Promise<string> {
  const query = factsQuery(target);
  const facts = readFacts(target, await session.rows(query.sql, query.bindings));
  const byDefault = `(${facts?.columns.find((each) => each.name === name)?.defaultTo ?? target.clock.expression})`;
  const column = quoteName(name);
  const conditions = [
    `typeof(${column}) <> typeof(${byDefault})`,
    `(typeof(${column}) = 'text' and (length(${column}) <> length(${byDefault}) or substr(${column}, 11, 1) <> substr(${byDefault}, 11, 1)))`,
    `(typeof(${column}) = 'text' and strftime('%H:%M:%f', ${column}) = '00:00:00.000')`,
    `(typeof(${column}) = 'text' and julianday(${column}) > julianday('now') + 0.001)`,
  ];
  const first = await firstMigration(session);
  if (first !== undefined)
    conditions.push(`(typeof(${column}) = 'text' and julianday(${column}) < ${first} - 1)`);
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
  const written = isInstant(key) ? await writtenInstant(session, target, column) : isWritten(key, quoted);
  const rows = await session.rows(
    `select 1 from ${target.quoted} where ${written} and ${quoteName(own)} is not ${quoted} limit 1`,
  );
  return rows.length > 0;
}
