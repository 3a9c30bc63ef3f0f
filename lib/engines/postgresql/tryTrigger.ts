import type { Knex } from 'knex';
import { ownRows } from '../../metadata/session.js';
import type { ExaminedTable, TriggerTrial } from '../checks.js';
import type { TableId } from '../contract.js';
import { attempt, type Trial, type TrialError, tryAndUndo } from '../undo.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { hidesRows } from './rowSecurity.js';
import { inZone, stampZone } from './stampZone.js';

/**
 * One row that nobody holds, locked, with the table that it is really in, and a column to set to itself: the last
 * one, which is a metadata column rather than a key.
 */
const FIND = (
  table: string,
  column: string,
  only: string,
): string => `select r.tableoid::pg_catalog.regclass::text as home,
    r.ctid::text as place, coalesce(a.attname, ${quoteText(column)}) as settable, r.${quoteName(column)}::text as stamp,
    pg_catalog.pg_typeof(r.${quoteName(column)})::text as type,
    (select pg_catalog.pg_get_expr(d.adbin, d.adrelid) from pg_catalog.pg_attrdef d join pg_catalog.pg_attribute c
      on c.attrelid = d.adrelid and c.attnum = d.adnum where d.adrelid = r.tableoid and c.attname = ${quoteText(column)}) as default_to
  from ${only}${table} r left join lateral (
    select attname from pg_catalog.pg_attribute where attrelid = r.tableoid and attnum > 0 and not attisdropped
      and attgenerated = '' and attidentity <> 'a' and attname <> ${quoteText(column)} order by attnum desc limit 1) a on true
  limit 1 for no key update of r skip locked`;

/** An instant that no trigger gives, for a column of any type that holds instants. */
const PAST = "'2001-01-01 00:00:00'";

/** In a session far from UTC, so that a trigger which stamps local time shows. */
const PREPARE = `set local lock_timeout = '2s'; set local timezone to 'Asia/Kolkata'`;

type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

const queryOn =
  (trx: Knex.Transaction): Query =>
  async (sql) =>
    await ownRows(trx, withoutBindings(sql));

/** How far from now a stamp is, in the zone of the column: undefined for a type that holds no instant. Days for a date, else seconds. */
function distance(stamp: string, type: unknown, defaultTo: string | undefined): string {
  const local = `${inZone('pg_catalog.now()', stampZone(defaultTo))}::pg_catalog.timestamp`;
  if (type === 'date') return `pg_catalog.abs(${stamp} - ${local}::pg_catalog.date) <= 1`;
  const now = type === 'timestamp with time zone' ? 'pg_catalog.now()' : local;
  if (!String(type).startsWith('timestamp')) return 'true';
  return `pg_catalog.abs(extract(epoch from ${stamp} - ${now})) <= 60`;
}

function outcomeOf(before: Record<string, unknown>, after: Record<string, unknown>): Trial {
  if (after.moved !== true) return { outcome: 'still' };
  if (after.is_now === false) return { outcome: 'wrong-time', value: String(after.stamp) };
  // Back where it was is not moved either, but for a date, where today may be both.
  return { outcome: after.stamp === before.stamp && before.type !== 'date' ? 'same' : 'moved' };
}

function pathOf(table: TableId): string {
  return [table.schema, table.name]
    .flatMap((part) => (part === undefined ? [] : [quoteName(part)]))
    .join('.');
}

async function tryRow(trx: Knex.Transaction, table: TableId, column: string): Promise<Trial> {
  const quoted = pathOf(table);
  const rows = queryOn(trx);
  // A check must not wait behind an application, nor keep one waiting.
  await rows(PREPARE);
  const [kind] = await rows(
    `select relkind from pg_catalog.pg_class where oid = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid`,
  );
  // A partitioned table has its rows in the partitions; an INHERITS child is a table of its own.
  const only = kind?.relkind === 'p' ? '' : 'only ';
  const [row] = await rows(FIND(quoted, column, only));
  if (row === undefined) {
    const [any] = await rows(`select 1 from ${only}${quoted} limit 1`);
    if (any !== undefined)
      return {
        outcome: 'not-tried',
        reason: 'no row may be updated now: others hold them, or a policy does',
      };
    // One row is enough for a trial, but without one nobody can say that the table is empty.
    const [{ hides } = {}] = await rows(`select ${hidesRows(quoted)} as hides`);
    return hides === true
      ? { outcome: 'not-tried', reason: 'row level security may hide its rows from this role' }
      : { outcome: 'no-rows' };
  }
  const stamp = quoteName(column);
  const defaultTo = row.default_to === null ? undefined : String(row.default_to);
  const own = quoteName(String(row.settable));
  const update = async (place: unknown, set: string): Promise<Record<string, unknown> | undefined> => {
    const where = `where ctid = ${quoteText(String(place))}::tid`;
    const [updated] = await rows(
      `update only ${String(row.home)} set ${set} ${where} returning ctid::text as place, ${stamp}::text as stamp, ${stamp} is distinct from ${PAST} as moved,
        ${distance(stamp, row.type, defaultTo)} as is_now`,
    );
    return updated;
  };
  // First into the past, so that the stamp shows also where the row is as young as this transaction. A CHECK of
  // the project's may forbid it.
  const aged = await attempt(trx, () => update(row.place, `${stamp} = ${PAST}`));
  const updated = await update((aged ?? row).place, `${own} = ${own}`);
  if (updated === undefined)
    return { outcome: 'not-tried', reason: 'the table’s own rules let no row be updated' };
  return outcomeOf(row, updated);
}

const COPY = 'pg_temp."knex_meta_trial"';

/** The update trigger and those that can be undone, as they are written. */
const TRIGGERS = (quoted: string, names: readonly string[]): string => `select t.tgname as name,
    pg_catalog.pg_get_triggerdef(t.oid) as definition, pg_catalog.format(' ON %I.%I ', n.nspname, c.relname) as target
  from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and t.tgrelid = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid
    and t.tgname in (${names.map(quoteText).join(', ')}) order by t.tgname`;

/** A temporary table with the columns of the table and nothing else, made from the catalog: no lock is taken. */
async function makeCopy(rows: Query, quoted: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const columns =
    await rows(`select a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type
    from pg_catalog.pg_attribute a where a.attrelid = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid
      and a.attnum > 0 and not a.attisdropped order by a.attnum`);
  const definitions = columns.map(({ name, type }) => `${quoteName(String(name))} ${type}`);
  await rows(`create temp table "knex_meta_trial" (${definitions.join(', ')})`);
  return columns;
}

async function tryCopy(trx: Knex.Transaction, table: ExaminedTable): Promise<Trial> {
  const rows = queryOn(trx);
  await rows(PREPARE);
  const quoted = pathOf(table);
  const column = table.stamped?.name ?? '';
  const columns = await makeCopy(rows, quoted);
  const type = columns.find(({ name }) => name === column)?.type;
  const own = table.trigger?.name ?? '';
  const names = [own, ...table.others.filter(({ canBeUndone }) => canBeUndone).map(({ name }) => name)];
  const triggers = await rows(TRIGGERS(quoted, names));
  const stamp = quoteName(column);
  const settable = columns.findLast(({ name }) => name !== column)?.name ?? column;
  await rows(`insert into ${COPY} (${stamp}) values (${PAST})`);
  const update = async (chosen: typeof triggers): Promise<Record<string, unknown> | undefined> => {
    for (const { definition, target } of chosen)
      await rows(String(definition).replace(String(target), () => ` ON ${COPY} `));
    const set = quoteName(String(settable));
    const [updated] = await rows(
      `update ${COPY} set ${set} = ${set} returning ${stamp}::text as stamp, ${stamp} is distinct from ${PAST} as moved,
        ${distance(stamp, String(type).replace(/\(\d\)/, ''), table.stamped?.defaultTo)} as is_now`,
    );
    return updated;
  };
  // Another trigger may not bear a row in which nothing stands.
  const all = await attempt(trx, async () => ({ row: await update(triggers) }));
  if (all !== undefined && all.row === undefined) {
    const others = names.slice(1).join(', ');
    return { outcome: 'not-tried', reason: `another trigger lets no row be updated (${others})` };
  }
  const after = all?.row ?? (await update(triggers.filter(({ name }) => name === own)));
  return after === undefined ? { outcome: 'still' } : outcomeOf({ stamp: PAST, type }, after);
}

/** SQLSTATEs that say nothing of the trigger: time, deadlocks, read-only, no privilege. */
const NOT_TRIED = ['57014', '40001', '40P01', '25006', '42501'];

function kindOf(error: unknown): TrialError {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P)/.test(code)) return 'broken';
  if (code === '55P03') return 'locked';
  return NOT_TRIED.includes(code) ? 'not-tried' : 'failed';
}

/** See `CheckEngine.tryTrigger`. */
export function tryTrigger(db: Knex, table: TableId, column: string): Promise<TriggerTrial> {
  return tryAndUndo(db, (trx) => tryRow(trx, table, column), kindOf);
}

/** See `CheckEngine.tryOnCopy`. */
export async function tryOnCopy(db: Knex, table: ExaminedTable): Promise<TriggerTrial> {
  const trial = await tryAndUndo(db, (trx) => tryCopy(trx, table), kindOf);
  // What fails there may be the copy.
  return trial.outcome === 'failed' ? { outcome: 'not-tried', reason: trial.message } : trial;
}
