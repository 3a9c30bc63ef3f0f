import type { AdoptionSession } from '../../adoption.js';
import type { HookTarget, TableFacts } from '../../contract.js';
import { factsQuery, readFacts } from '../facts.js';
import { quoteText } from '../identifiers.js';
import { ADOPTED_MARK, COLUMN_MARK } from '../trigger.js';
import { run } from './steps.js';

/** The table as it is now. */
export interface AdoptionState {
  readonly facts: TableFacts;
  /** Names of the columns that an adoption put there. */
  readonly adopted: ReadonlySet<string>;
  readonly isTriggerAdopted: boolean;
}

export async function readTable(
  session: AdoptionSession,
  target: HookTarget,
): Promise<TableFacts | undefined> {
  const query = factsQuery(target);
  return readFacts(target, await session.rows(query.sql, query.bindings));
}

const isAdopted = (description: string): string =>
  `pg_catalog.left(${description}, ${COLUMN_MARK.length}) = '${COLUMN_MARK}'
    and pg_catalog.right(${description}, ${ADOPTED_MARK.length}) = '${ADOPTED_MARK}'`;

export async function readState(
  session: AdoptionSession,
  target: HookTarget,
  facts: TableFacts,
): Promise<AdoptionState> {
  const rows = await run(
    session,
    `select a.attname as name, ${isAdopted('pg_catalog.col_description(a.attrelid, a.attnum)')} as is_adopted,
      exists (select from pg_catalog.pg_trigger g where g.tgrelid = a.attrelid and g.tgname = ${quoteText(facts.trigger?.name ?? '')}
        and ${isAdopted("pg_catalog.obj_description(g.oid, 'pg_trigger')")}) as is_trigger_adopted
    from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass(${quoteText(target.quoted)}) and a.attnum > 0 and not a.attisdropped`,
  );
  return {
    facts,
    adopted: new Set(rows.filter((row) => row.is_adopted === true).map(({ name }) => String(name))),
    isTriggerAdopted: rows.some((row) => row.is_trigger_adopted === true),
  };
}
