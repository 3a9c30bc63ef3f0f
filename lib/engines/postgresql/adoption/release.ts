import type { AdoptionSession, ReleaseRequest } from '../../adoption.js';
import type { Session } from '../../contract.js';
import { type Losses, type LossNames, warnOfLosses } from '../../losses.js';
import { quoteName, withoutBindings } from '../identifiers.js';
import { PLANNED } from '../planned.js';
import { requireAllRows } from '../rowSecurity.js';
import { dropUnusedFunctionsSql } from '../trigger.js';
import { readState, readTable } from './state.js';
import { exclusively, run } from './steps.js';

/** See `AdoptionEngine.losses`. */
export async function losses(session: Session, quoted: string, names: LossNames): Promise<Losses> {
  const count = (name: string | undefined, condition: (quoted: string) => string): string =>
    name === undefined ? '0' : `count(*) filter (where ${condition(quoteName(name))})`;
  await requireAllRows(session, quoted, 'say what of it would be lost');
  const [row] = await session.rows(
    withoutBindings(`select ${count(names.notes, (each) => `${each} is not null`)} as notes,
      ${count(names.is_active, (each) => `not ${each}`)} as inactive,
      ${count(names.is_flagged, (each) => each)} as flagged from ${quoted}`),
  );
  return { notes: Number(row?.notes), inactive: Number(row?.inactive), flagged: Number(row?.flagged) };
}

/** See `AdoptionEngine.release`. */
export async function release(session: AdoptionSession, request: ReleaseRequest): Promise<void> {
  const { target, names, only } = request;
  const facts = await readTable(session, target);
  if (facts === undefined) return;
  const { adopted, isTriggerAdopted } = await readState(session, target, facts);
  const isOurs = (name: string): boolean =>
    only === 'adopted'
      ? adopted.has(name)
      : facts.columns.some((column) => column.name === name && column.isMetadata);
  const dropped = names.filter(isOurs);
  const { trigger } = facts;
  const isTriggerGone =
    trigger !== undefined &&
    (dropped.includes(trigger.column) || (request.trigger && (isTriggerAdopted || only === 'metadata')));
  if (dropped.length === 0 && !isTriggerGone) return;
  if (session.client.config[PLANNED] !== true) await warnOfLosses(session, target, dropped, losses);
  await exclusively(session, target.quoted, request, async () => {
    if (isTriggerGone) await run(session, `drop trigger ${quoteName(trigger.name)} on ${target.quoted}`);
    if (dropped.length === 0) return;
    const actions = dropped.map((name) => `drop column ${quoteName(name)}`).join(', ');
    await run(session, `alter table ${target.quoted} ${actions}`);
  });
  await session.rows(dropUnusedFunctionsSql(target.table.schema));
}
