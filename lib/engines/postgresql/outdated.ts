import type { Knex } from 'knex';
import { ownRows } from '../../metadata/session.js';
import type { Row, Upgrade } from '../contract.js';
import { quoteText, withoutBindings } from './identifiers.js';
import { FUNCTION_MARK } from './keeps.js';
import { functionLock, PRESERVE_SETTING, withPreserve } from './trigger.js';

type Rows = (sql: string) => Promise<readonly Row[]>;

/** A trigger's function that an older knex-meta made. */
interface OutdatedFunction {
  /** Schema and name, quoted where they need it. */
  readonly name: string;
  readonly schema: string;
  readonly owner: string;
  /** Whether this session's role may replace it. */
  readonly isOwn: boolean;
  readonly body: string;
}

/** Only those with a trigger on a table that the role may write to: others' tables are not its concern. */
const OUTDATED = `select pg_catalog.format('%I.%I', n.nspname, p.proname) as name, n.nspname as schema, p.prosrc as body,
    pg_catalog.pg_get_userbyid(p.proowner) as owner, pg_catalog.pg_has_role(p.proowner, 'USAGE') as is_own
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype::pg_catalog.oid and p.prosrc like '%${FUNCTION_MARK}%'
    and pg_catalog.strpos(p.prosrc, ${quoteText(PRESERVE_SETTING)}) = 0
    and exists (select from pg_catalog.pg_trigger g where g.tgfoid = p.oid and not g.tgisinternal
      and pg_catalog.has_any_column_privilege(g.tgrelid, 'INSERT, UPDATE'))
  order by 1`;

/** The functions of knex-meta's that stamp rows whatever the transaction asks for. */
export async function outdatedFunctions(rows: Rows): Promise<readonly OutdatedFunction[]> {
  return (await rows(withoutBindings(OUTDATED))).map((row) => ({
    name: String(row.name),
    schema: String(row.schema),
    owner: String(row.owner),
    isOwn: row.is_own === true,
    body: String(row.body),
  }));
}

/** Makes the functions of older versions anew under their names. See `PreservingEngine.upgrade`. */
export async function upgrade(trx: Knex.Transaction): Promise<Upgrade> {
  const upgraded: string[] = [];
  const left: { name: string; reason: string }[] = [];
  const rows: Rows = async (sql) => await ownRows(trx, sql);
  // Two sessions that replace one function fail ("tuple concurrently updated"): what is outdated is read again under the lock.
  for (const schema of new Set((await outdatedFunctions(rows)).map((each) => each.schema)))
    await rows(
      withoutBindings(`select pg_catalog.pg_advisory_xact_lock(${functionLock(quoteText(schema))})`),
    );
  for (const { name, body, isOwn, owner } of await outdatedFunctions(rows)) {
    const fresh = withPreserve(body);
    if (!isOwn) left.push({ name, reason: `it belongs to the role ${owner}, which has to run this` });
    else if (fresh === undefined) left.push({ name, reason: 'its body was changed by hand' });
    else {
      await rows(
        withoutBindings(
          `create or replace function ${name}() returns trigger language plpgsql as ${quoteText(fresh)}`,
        ),
      );
      upgraded.push(name);
    }
  }
  return { upgraded, left };
}
