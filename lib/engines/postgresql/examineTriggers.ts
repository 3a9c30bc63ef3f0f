import type { ExaminedTrigger, OtherTrigger, WantedMetadata } from '../checks.js';
import type { ColumnFacts, Row } from '../contract.js';
import { FUNCTION_MARK, isTrusted, keepsColumn } from './keeps.js';
import { calledBy, canBeUndone, sets } from './sideEffects.js';
import { stampZone } from './stampZone.js';
import { functionFor, type StampType, TRIGGER_NAME } from './trigger.js';

/** Every trigger and rule that an UPDATE of a table in scope sets off, with its function. */
export const triggersQuery = (
  inScope: string,
  updatedAt = '',
): string => `select t.tgrelid::text as id, t.tgname as name,
    t.tgenabled as enabled, t.tgtype as type, t.tgqual is not null as has_condition, t.tgattr::text <> '' as has_columns,
    p.prosrc as body, pn.nspname || '.' || p.proname as function, p.proname as function_name, l.lanname as language,
    pn.nspname = 'pg_catalog' as is_built_in, ${keepsColumn(updatedAt, 't')} as keeps,
    ${isTrusted('n.nspowner', 'c.relowner')} as is_trusted, pg_catalog.pg_get_userbyid(p.proowner) as owner, p.prosecdef as is_definer
  from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
  join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
  join pg_catalog.pg_class c on c.oid = t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and ${inScope}
  union all
  select r.ev_class::text, r.rulename, r.ev_enabled, 0, false, false, '', '', '', 'rule', false, false, true, '', false
  from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where r.ev_type = '2' and c.relkind in ('r', 'p') and ${inScope}
  order by 1, 2`;

/** Functions of these names that may have effects. */
export const VOLATILE = `select distinct proname as name from pg_catalog.pg_proc
  where proname = any(cast(:names as text[])) and provolatile = 'v'`;

/** BEFORE, FOR EACH ROW, UPDATE and nothing else. */
const BEFORE_UPDATE_ROW = 1 + 2 + 16;
const UPDATES = 16;

const NAMES: readonly string[] = [TRIGGER_NAME, `knex_meta_${TRIGGER_NAME}`];

/** The row of the update trigger: by its mark, else by its name and its function's. */
function ownOf(rows: readonly Row[], { updatedAt }: WantedMetadata): Row | undefined {
  const isNamed = (row: Row): boolean =>
    row.keeps !== true &&
    NAMES.includes(String(row.name)) &&
    String(row.function_name).startsWith(`set_${updatedAt}`);
  return rows.find(({ body }) => String(body).includes(FUNCTION_MARK)) ?? rows.find(isNamed);
}

/** The type of a column in the words of the trigger's function. */
export function stampTypeOf({ type }: Pick<ColumnFacts, 'type'>): StampType | undefined {
  if (type === 'date') return 'date';
  if (!type.startsWith('timestamp')) return undefined;
  return type.endsWith('with time zone') ? 'timestamptz' : 'timestamp';
}

function differenceOf(
  row: Row,
  stamped: ColumnFacts | undefined,
  wanted: WantedMetadata,
): string | undefined {
  const type = stamped && stampTypeOf(stamped);
  if (type === undefined) return 'it keeps a column that cannot hold an instant';
  const { body } = functionFor(wanted, type, stampZone(stamped?.defaultTo));
  if (row.body !== body) {
    return String(row.body).includes(FUNCTION_MARK)
      ? `its function ${row.function} says something else than what knex-meta writes for this column and configuration`
      : `it calls ${row.function}, which is not the function that knex-meta writes`;
  }
  if (row.is_trusted !== true)
    return `its function ${row.function} belongs to the role ${row.owner}, who could change what it does to whoever updates the table`;
  if (row.is_definer === true)
    return `its function ${row.function} runs with the rights of ${row.owner} (SECURITY DEFINER)`;
  if (Number(row.type) !== BEFORE_UPDATE_ROW) return 'it is not BEFORE UPDATE FOR EACH ROW';
  if (row.has_condition === true) return 'it has a condition (WHEN)';
  return row.has_columns === true ? 'it is set off by some columns only (UPDATE OF)' : undefined;
}

const ENABLED: Readonly<Record<string, ExaminedTrigger['enabled']>> = { D: 'no', R: 'replica' };

/** The update trigger of a table. */
export function triggerOf(
  rows: readonly Row[],
  stamped: ColumnFacts | undefined,
  wanted: WantedMetadata,
): ExaminedTrigger | undefined {
  const own = ownOf(rows, wanted);
  return (
    own && {
      name: String(own.name),
      enabled: ENABLED[String(own.enabled)] ?? 'yes',
      difference: differenceOf(own, stamped, wanted),
    }
  );
}

/** The project's own trigger that keeps the column. */
export function keptByOf(rows: readonly Row[]): string | undefined {
  const row = rows.find(({ keeps }) => keeps === true);
  return row && String(row.name);
}

/** The names that the others' functions call. */
export function namesCalled(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.flatMap(({ body }) => calledBy(String(body))))];
}

/** What else an UPDATE sets off now. */
export function othersOf(
  rows: readonly Row[],
  stamped: ColumnFacts | undefined,
  wanted: WantedMetadata,
  volatile: ReadonlySet<string>,
): readonly OtherTrigger[] {
  const own = ownOf(rows, wanted);
  return rows
    .filter((row) => row !== own && (row.language === 'rule' || (Number(row.type) & UPDATES) !== 0))
    .filter(({ enabled }) => enabled === 'O' || enabled === 'A')
    .map((row) => {
      const body = String(row.body);
      return {
        name: String(row.name),
        canBeUndone: row.is_built_in === true || canBeUndone(String(row.language), body, volatile),
        setsStamp: stamped !== undefined && sets(body, stamped.name),
      };
    });
}
