import type { CarryOutcome, ColumnFacts, HookTarget, Session } from '../contract.js';
import { isWritten } from '../writtenValues.js';
import { factsQuery, readFacts } from './facts.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { withAllRows } from './rowSecurity.js';
import { inZone, stampZone } from './stampZone.js';

const FLAG = /^(boolean|smallint|integer|bigint|text|character varying.*|character\(.*)$/;
const TEXT = /^(text|character varying.*)$/;

/** The value of the old column in the type of the new one; undefined when it cannot be held. */
function converted(
  target: HookTarget,
  key: string,
  from: string,
  { type, defaultTo }: Pick<ColumnFacts, 'type' | 'defaultTo'>,
): string | undefined {
  if (key === 'is_active' || key === 'is_flagged') {
    if (!FLAG.test(type)) return undefined;
    return /int/.test(type) ? `${from}::pg_catalog.int4` : type === 'boolean' ? from : `${from}::text`;
  }
  if (key === 'notes') return TEXT.test(type) ? from : undefined;
  const isPlain = target.clock.type === 'timestamp';
  const instant = isPlain ? `pg_catalog.timezone('utc', ${from})` : from;
  if (/^timestamp.* with time zone$/.test(type)) return instant;
  return /^(timestamp.* without time zone|date)$/.test(type)
    ? inZone(instant, stampZone(defaultTo))
    : undefined;
}

/** A trigger that would fire, with the word that enables it as it is now. */
export interface EnabledTrigger {
  readonly name: string;
  readonly word: '' | ' always' | ' replica';
}

/** The triggers of a table that would fire. */
export async function enabledTriggers(
  session: Session,
  quotedTable: string,
): Promise<readonly EnabledTrigger[]> {
  const words: Readonly<Record<string, EnabledTrigger['word']>> = { O: '', A: ' always', R: ' replica' };
  const rows = await session.rows(
    withoutBindings(`select tgname, tgenabled from pg_catalog.pg_trigger where not tgisinternal and tgenabled <> 'D'
      and tgrelid = pg_catalog.to_regclass(${quoteText(quotedTable)})::pg_catalog.oid`),
  );
  return rows.map((row) => ({ name: String(row.tgname), word: words[String(row.tgenabled)] ?? '' }));
}

/** See `MetadataEngine.carryValues`. User triggers stay silent, so that no row counts as updated. */
export function carryValues(
  session: Session,
  target: HookTarget,
  key: string,
  from: string,
  to: string,
): Promise<CarryOutcome> {
  return withAllRows(session, target.quoted, `carry the values of ${quoteName(from)} over`, () =>
    carryAll(session, target, key, from, to),
  );
}

async function carryAll(
  session: Session,
  target: HookTarget,
  key: string,
  fromName: string,
  toName: string,
): Promise<CarryOutcome> {
  const from = quoteName(fromName);
  const to = quoteName(toName);
  const written = isWritten(key, from);
  const run = (sql: string) => session.rows(withoutBindings(sql));
  const [found] = await run(`select 1 from ${target.quoted} where ${written} limit 1`);
  if (found === undefined) return 'nothing';
  const facts = factsQuery(target);
  const table = readFacts(target, await session.rows(facts.sql, facts.bindings));
  const own = table?.columns.find((column) => column.name === toName);
  const value = own && converted(target, key, from, own);
  if (value === undefined) return 'not-possible';
  await warnOfManyRows(session, target, toName, written);
  await updateSilently(session, target, `${to} = ${value} where ${written}`);
  return 'carried';
}

/** From this number on, writing the rows takes long enough for others to notice the lock. */
const MANY_ROWS = 10_000;

async function warnOfManyRows(
  session: Session,
  target: HookTarget,
  column: string,
  written: string,
): Promise<void> {
  const [row] = await session.rows(
    withoutBindings(
      `select pg_catalog.count(*)::pg_catalog.text as rows from ${target.quoted} where ${written}`,
    ),
  );
  const rows = Number(row?.rows);
  if (!(rows >= MANY_ROWS)) return;
  session.warn(
    `copying the values of the metadata column to the migration's own column ${target.table.name}.${column}: ${rows} rows are updated, and the table is locked until the migration ends`,
  );
}

/** See `MetadataEngine.updateSilently`. */
export function updateSilently(session: Session, target: HookTarget, assignment: string): Promise<void> {
  return withAllRows(session, target.quoted, 'copy values between its columns', async () => {
    const triggers = await enabledTriggers(session, target.quoted);
    await withoutTriggers(session, target.quoted, triggers, () =>
      session.rows(withoutBindings(`update ${target.quoted} set ${assignment}`)),
    );
  });
}

/** Does something while triggers stay silent, inside a transaction: nobody else writes to the table meanwhile. */
export async function withoutTriggers<T>(
  session: Session,
  quotedTable: string,
  triggers: readonly EnabledTrigger[],
  act: () => Promise<T>,
): Promise<T> {
  const run = (sql: string) => session.rows(withoutBindings(sql));
  for (const { name } of triggers) await run(`alter table ${quotedTable} disable trigger ${quoteName(name)}`);
  const result = await act();
  for (const { name, word } of triggers) {
    await run(`alter table ${quotedTable} enable${word} trigger ${quoteName(name)}`);
  }
  return result;
}
