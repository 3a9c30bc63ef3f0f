import type { CarryOutcome, HookTarget, Session } from '../contract.js';
import { factsQuery, readFacts } from './facts.js';
import { quoteName } from './identifiers.js';

/** Rows that hold something else than what the column's default put there. */
const WRITTEN: Readonly<Record<string, (column: string) => string>> = {
  is_active: (column) => `not ${column}`,
  is_flagged: (column) => column,
  notes: (column) => `${column} is not null`,
};

/** Whether a column of this declared type keeps the value as it is. */
function canHold(key: string, type: string): boolean {
  if (key === 'created_at' || key === 'updated_at') return /^(datetime|timestamp|text)/.test(type);
  if (key === 'notes') return /char|text|clob/.test(type);
  return /bool|int|char|text/.test(type);
}

/** See `MetadataEngine.carryValues`. The table's triggers stay silent, so that no row counts as updated. */
export async function carryValues(
  session: Session,
  target: HookTarget,
  key: string,
  fromName: string,
  toName: string,
): Promise<CarryOutcome> {
  const written = WRITTEN[key]?.(quoteName(fromName)) ?? 'true';
  const found = await session.rows(`select 1 from ${target.quoted} where ${written} limit 1`);
  if (found.length === 0) return 'nothing';
  const query = factsQuery(target);
  const facts = readFacts(target, await session.rows(query.sql, query.bindings));
  const type = facts?.columns.find(({ name }) => name === toName)?.type ?? '';
  if (!canHold(key, type)) return 'not-possible';
  const master = `${quoteName(target.table.schema ?? 'main')}.sqlite_master`;
  const triggers = await session.rows(
    `select name, sql from ${master} where type = 'trigger' and lower(tbl_name) = lower(?)`,
    [target.table.name],
  );
  for (const { name } of triggers) await session.rows(`drop trigger ${quoteName(String(name))}`);
  await session.rows(
    `update ${target.quoted} set ${quoteName(toName)} = ${quoteName(fromName)} where ${written}`,
  );
  for (const { sql } of triggers) await session.rows(String(sql));
  return 'carried';
}
