import type { Adopted, AdoptionSession } from '../../adoption.js';
import type { HookTarget, Session, TableFacts, TableId } from '../../contract.js';
import { factsQuery, readFacts } from '../facts.js';
import { quoteName, quoteText } from '../identifiers.js';
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

/** What an adoption put into a table. */
async function readAdopted(session: Session, quoted: string): Promise<Adopted> {
  const rows = await run(
    session,
    `select a.attname as name, ${isAdopted('pg_catalog.col_description(a.attrelid, a.attnum)')} as is_adopted,
      exists (select from pg_catalog.pg_trigger g where g.tgrelid = a.attrelid
        and ${isAdopted("pg_catalog.obj_description(g.oid, 'pg_trigger')")}) as is_trigger_adopted
    from pg_catalog.pg_attribute a
    where a.attrelid = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid and a.attnum > 0 and not a.attisdropped`,
  );
  return {
    columns: new Set(rows.filter((row) => row.is_adopted === true).map(({ name }) => String(name))),
    trigger: rows.some((row) => row.is_trigger_adopted === true),
  };
}

/** See `AdoptionEngine.adopted`. */
export function adopted(session: Session, { schema, name }: TableId): Promise<Adopted> {
  const path = schema === undefined ? [name] : [schema, name];
  return readAdopted(session, path.map(quoteName).join('.'));
}

export async function readState(
  session: AdoptionSession,
  target: HookTarget,
  facts: TableFacts,
): Promise<AdoptionState> {
  const { columns, trigger } = await readAdopted(session, target.quoted);
  return { facts, adopted: columns, isTriggerAdopted: trigger };
}
