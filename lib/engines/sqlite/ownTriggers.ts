import type { HookTarget, Row, Session } from '../contract.js';
import type { HookDefaults, OwnTriggers } from '../ownTriggers.js';
import { type NamedObject, readTriggerStatements, type TriggerStatements } from '../triggerStatements.js';
import { factsQuery, readFacts } from './facts.js';
import { quoteName, quoteText } from './identifiers.js';
import { keepsColumn } from './keeps.js';
import { nameAside, reconcileTrigger } from './reconcile.js';
import { TRIGGER_MARK } from './trigger.js';

/** A table that the statement touches, as it was before. */
interface Touched {
  readonly target: HookTarget;
  readonly hadOurs: boolean;
  readonly wasKept: boolean;
}

const masterOf = (schema: string | undefined): string => `${quoteName(schema ?? 'main')}.sqlite_master`;

function targetFor(defaults: HookDefaults, schema: string | undefined, name: string): HookTarget {
  const table = schema === undefined ? { name } : { schema, name };
  const quoted = [schema, name].flatMap((part) => (part === undefined ? [] : [quoteName(part)])).join('.');
  return { ...defaults, table, quoted };
}

async function triggerNamed(session: Session, { schema, name }: NamedObject): Promise<Row | undefined> {
  const [row] = await session.rows(
    `select name, tbl_name, sql, instr(sql, ${quoteText(TRIGGER_MARK)}) > 0 as is_ours from ${masterOf(schema)}
     where type = 'trigger' and lower(name) = lower(?)`,
    [name],
  );
  return row;
}

async function stateOf(
  session: Session,
  target: HookTarget,
): Promise<Touched & { readonly isHooked: boolean }> {
  const { table, updatedAt = '' } = target;
  const query = factsQuery(target);
  const facts = readFacts(target, await session.rows(query.sql, query.bindings));
  const triggers = await session.rows(
    `select sql from ${masterOf(table.schema)} where type = 'trigger' and lower(tbl_name) = lower(?)`,
    [table.name],
  );
  return {
    target,
    hadOurs: facts?.trigger !== undefined,
    wasKept: triggers.some(({ sql }) => keepsColumn(String(sql), table.name, updatedAt)),
    isHooked: facts?.columns.some(({ isMetadata }) => isMetadata) ?? false,
  };
}

async function before(
  session: Session,
  { triggers }: TriggerStatements,
  defaults: HookDefaults,
): Promise<readonly Touched[]> {
  const touched: Touched[] = [];
  for (const { action, isCertain, trigger, table } of triggers) {
    if (trigger === undefined) continue;
    const found = await triggerNamed(session, trigger);
    const isOurs = Number(found?.is_ours) === 1;
    // A DROP without IF EXISTS that finds ours alone means ours.
    if (isOurs && action === 'drop' && isCertain) continue;
    const name = action === 'create' ? table?.name : found && String(found.tbl_name);
    if (name !== undefined) touched.push(await stateOf(session, targetFor(defaults, trigger.schema, name)));
    if (!isOurs) continue;
    await nameAside(
      session,
      targetFor(defaults, trigger.schema, String(found?.tbl_name)),
      String(found?.name),
      String(found?.sql),
    );
    touched.push(await stateOf(session, targetFor(defaults, trigger.schema, String(found?.tbl_name))));
  }
  return touched;
}

async function after(
  session: Session,
  _statements: TriggerStatements,
  _defaults: HookDefaults,
  touched: unknown,
): Promise<void> {
  for (const { target, hadOurs, wasKept } of touched as readonly Touched[]) {
    const now = await stateOf(session, target);
    if (hadOurs || (wasKept && !now.wasKept && now.isHooked)) await reconcileTrigger(session, target);
  }
}

/** See `OwnTriggers`. */
export const ownTriggers: OwnTriggers = {
  read: (sql) => {
    if (sql.includes(TRIGGER_MARK)) return undefined;
    const found = readTriggerStatements(sql);
    return found === undefined || found.triggers.length === 0 ? undefined : found;
  },
  before,
  after,
};
