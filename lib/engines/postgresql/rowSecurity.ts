import { KnexMetaError } from '../../errors.js';
import type { Session } from '../contract.js';
import { quoteText, withoutBindings } from './identifiers.js';

/** For a transaction that counts rows: the server refuses a question whose answer a policy would cut short. */
export const SEES_ALL_ROWS = 'set local row_security = off';

/** True in SQL where row level security hides rows of a table from the current role. */
export const hidesRows = (quoted: string): string => `pg_catalog.row_security_active(${quoteText(quoted)})`;

/** What is done to rows is done to all of them, or not at all. */
function rowsHidden(quoted: string, purpose: string): KnexMetaError {
  return new KnexMetaError(
    'ROWS_HIDDEN',
    `Row level security may hide rows of ${quoted} from this role, so knex-meta cannot ${purpose}. No row was changed.`,
    {
      remedy: `Run it as a superuser or a role with BYPASSRLS, or put \`alter table ${quoted} no force row level security\` before it and \`force\` behind it.`,
      details: { table: quoted },
    },
  );
}

/**
 * Does something with every row of a table that is being altered. An owner whom FORCE ROW LEVEL SECURITY holds lets go of it for
 * the moment: in a transaction, which nobody else sees, and which puts it back when it fails.
 *
 * @throws KnexMetaError ROWS_HIDDEN
 */
export async function withAllRows<T>(
  session: Session,
  quoted: string,
  purpose: string,
  act: () => Promise<T>,
): Promise<T> {
  const run = (sql: string) => session.rows(withoutBindings(sql));
  const [row] = await run(`select ${hidesRows(quoted)} as hides, c.relforcerowsecurity
      and pg_catalog.pg_has_role(c.relowner, 'USAGE') as is_forced
    from pg_catalog.pg_class c where c.oid operator(pg_catalog.=) pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid`);
  if (row?.hides !== true) return act();
  if (row.is_forced !== true || session.client.transacting !== true) throw rowsHidden(quoted, purpose);
  await run(`alter table ${quoted} no force row level security`);
  await requireAllRows(session, quoted, purpose);
  const result = await act();
  await run(`alter table ${quoted} force row level security`);
  return result;
}

/** Throws ROWS_HIDDEN where a statement would not see every row of the table. */
export async function requireAllRows(session: Session, quoted: string, purpose: string): Promise<void> {
  const [row] = await session.rows(withoutBindings(`select ${hidesRows(quoted)} as hides`));
  if (row?.hides === true) throw rowsHidden(quoted, purpose);
}
