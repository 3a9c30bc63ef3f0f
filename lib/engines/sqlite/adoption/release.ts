import type { AdoptionSession, ReleaseRequest } from '../../adoption.js';
import type { Session } from '../../contract.js';
import { type Losses, type LossNames, warnOfLosses } from '../../losses.js';
import { dropColumns } from '../ddl/index.js';
import { quoteName } from '../identifiers.js';
import { ADOPTED_TRIGGER } from '../trigger.js';
import { fold, indexOf, readState } from './state.js';

/** See `AdoptionEngine.losses`. */
export async function losses(session: Session, quoted: string, names: LossNames): Promise<Losses> {
  const count = (name: string | undefined, condition: (quoted: string) => string): string =>
    name === undefined ? '0' : `coalesce(sum(${condition(quoteName(name))}), 0)`;
  const [row] = await session.rows(
    `select ${count(names.notes, (each) => `${each} is not null`)} as notes,
      ${count(names.is_active, (each) => `not ${each}`)} as inactive,
      ${count(names.is_flagged, (each) => `${each} <> 0`)} as flagged from ${quoted}`,
  );
  return { notes: Number(row?.notes), inactive: Number(row?.inactive), flagged: Number(row?.flagged) };
}

/** See `AdoptionEngine.release`. */
export async function release(session: AdoptionSession, request: ReleaseRequest): Promise<void> {
  const { target, names, only } = request;
  const state = await readState(session, target);
  if (state === undefined) return;
  const { facts, adopted } = state;
  const isOurs = (name: string): boolean =>
    only === 'adopted'
      ? adopted.has(fold(name))
      : facts.columns.some((column) => fold(column.name) === fold(name) && column.isMetadata);
  const dropped = names.filter(isOurs);
  const { trigger } = facts;
  const isAdopted = state.triggerSql.includes(ADOPTED_TRIGGER);
  const isTriggerGone =
    trigger !== undefined &&
    (dropped.some((name) => fold(name) === fold(trigger.column)) ||
      (request.trigger && (isAdopted || only === 'metadata')));
  await warnOfLosses(session, target, dropped, losses);
  if (isTriggerGone) await session.rows(`drop trigger ${quoteName(trigger.name)}`);
  if (dropped.length === 0) return;
  for (const column of target.columns.filter(({ name }) => dropped.includes(name))) {
    const { name, sql } = indexOf(target, column);
    const [own] = await session.rows('select sql from sqlite_master where type = ? and name = ?', [
      'index',
      name,
    ]);
    if (own !== undefined && String(own.sql).toLowerCase() === sql.toLowerCase())
      await session.rows(`drop index ${quoteName(name)}`);
  }
  await dropColumns(session, target.table, dropped);
}
