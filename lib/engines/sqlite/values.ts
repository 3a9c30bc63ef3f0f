import type { CarryOutcome, ColumnFacts, HookTarget, Session } from '../contract.js';
import { isInstant, isWritten } from '../writtenValues.js';
import { factsQuery, readFacts } from './facts.js';
import { quoteName } from './identifiers.js';
import { inFormOfDefault, presentDefault } from './stamp.js';

/** Whether a column of this declared type keeps the value as it is. */
function canHold(key: string, type: string): boolean {
  if (isInstant(key)) return /^(datetime|timestamp|text)/.test(type);
  if (key === 'notes') return /char|text|clob/.test(type);
  return /bool|int|char|text/.test(type);
}

/** The value of a metadata column as the project's own column has such values; undefined when that cannot be held. */
function converted(
  target: HookTarget,
  key: string,
  from: string,
  own: Pick<ColumnFacts, 'type' | 'defaultTo'>,
): string | undefined {
  const isText = target.clock.type === 'datetime';
  const byDefault = presentDefault(own.defaultTo);
  if (isInstant(key) && isText && byDefault !== undefined) return inFormOfDefault(from, byDefault);
  return canHold(key, own.type) ? from : undefined;
}

/** See `MetadataEngine.carryValues`. The table's triggers stay silent, so that no row counts as updated. */
export async function carryValues(
  session: Session,
  target: HookTarget,
  key: string,
  fromName: string,
  toName: string,
): Promise<CarryOutcome> {
  const written = isWritten(key, quoteName(fromName));
  const found = await session.rows(`select 1 from ${target.quoted} where ${written} limit 1`);
  if (found.length === 0) return 'nothing';
  const query = factsQuery(target);
  const facts = readFacts(target, await session.rows(query.sql, query.bindings));
  const own = facts?.columns.find(({ name }) => name === toName);
  const from = quoteName(fromName);
  const value = own && converted(target, key, from, own);
  if (value === undefined) return 'not-possible';
  await updateSilently(session, target, `${quoteName(toName)} = ${value} where ${written}`);
  return 'carried';
}

/** See `MetadataEngine.updateSilently`. */
export async function updateSilently(
  session: Session,
  target: HookTarget,
  assignment: string,
): Promise<void> {
  const master = `${quoteName(target.table.schema ?? 'main')}.sqlite_master`;
  const triggers = await session.rows(
    `select name, sql from ${master} where type = 'trigger' and lower(tbl_name) = lower(?)`,
    [target.table.name],
  );
  for (const { name } of triggers) await session.rows(`drop trigger ${quoteName(String(name))}`);
  await session.rows(`update ${target.quoted} set ${assignment}`);
  for (const { sql } of triggers) await session.rows(String(sql));
}
