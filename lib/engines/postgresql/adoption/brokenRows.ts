import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession } from '../../adoption.js';
import { quoteName, quoteText } from '../identifiers.js';
import { readLeaves, run } from './steps.js';

/**
 * Refuses to fill a table with rows that break a constraint which is NOT VALID: the server checks such a constraint at
 * each UPDATE of a row, so the backfill would end in the middle, each time.
 *
 * @throws KnexMetaError ADOPT_REFUSED
 */
export async function refuseBrokenRows(session: AdoptionSession, quoted: string): Promise<void> {
  for (const leaf of await readLeaves(session, quoted)) {
    // Since PostgreSQL 18 NOT NULL is such a constraint too, and one that is not enforced is not checked.
    const constraints = await run(
      session,
      `select c.conname as name, c.contype as kind, pg_catalog.pg_get_expr(c.conbin, c.conrelid) as expression,
        (select a.attname from pg_catalog.pg_attribute a where a.attrelid = c.conrelid and a.attnum = c.conkey[1]) as column
      from pg_catalog.pg_constraint c
      where c.conrelid = pg_catalog.to_regclass(${quoteText(leaf.quoted)}) and c.contype in ('c', 'n') and not c.convalidated
        and coalesce(pg_catalog.to_jsonb(c) ->> 'conenforced', 'true') = 'true' order by c.conname`,
    );
    for (const { name, kind, expression, column } of constraints) {
      const isBroken =
        kind === 'n' ? `${quoteName(String(column))} is null` : `(${String(expression)}) is false`;
      const [row] = await run(
        session,
        `select 1 as broken from only ${leaf.quoted} where ${isBroken} limit 1`,
      );
      if (row === undefined) continue;
      throw new KnexMetaError(
        'ADOPT_REFUSED',
        `Rows of ${leaf.quoted} break its constraint ${String(name)}, which is NOT VALID: the server refuses to update them.`,
        {
          remedy: `Correct those rows (\`where ${isBroken}\`) or drop the constraint, then run the command again. Or leave createdAt and updatedAt out: then no row is updated. Nothing was changed in this table.`,
          details: { table: leaf.quoted, constraint: String(name) },
        },
      );
    }
  }
}
