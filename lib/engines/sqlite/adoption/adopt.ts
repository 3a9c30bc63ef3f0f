import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession, AdoptRequest } from '../../adoption.js';
import type { HookTarget, MetadataColumn } from '../../contract.js';
import { addColumns, isStrict } from '../ddl/index.js';
import { quoteName } from '../identifiers.js';
import { columnDefinition, metadata } from '../metadata.js';
import { reconcileTrigger } from '../reconcile.js';
import { ADOPTED_TRIGGER, TRIGGER_MARK } from '../trigger.js';
import { instantSql } from './instants.js';
import { fold, indexOf, readState, type State } from './state.js';

function refuse(target: HookTarget, reason: string, remedy: string): KnexMetaError {
  return new KnexMetaError('ADOPT_REFUSED', `${target.quoted} cannot be adopted: ${reason}.`, {
    remedy: `${remedy} The table is as it was.`,
    details: { table: target.table.name },
  });
}

function noTable({ quoted, table }: HookTarget): KnexMetaError {
  return new KnexMetaError('ADOPT_REFUSED', `${quoted} cannot be adopted: there is no such table.`, {
    remedy:
      'Check the name. In a new database, `npx knex-meta migrate:baseline` lets a migration make what was there before. Nothing was changed in it.',
    details: { table: table.name, isAbsent: true },
  });
}

/** What rows from before get, by column. Throws ADOPT_REFUSED for values that are no instants. */
async function readFill(
  session: AdoptionSession,
  { target, sources }: AdoptRequest,
  { facts }: State,
  missing: readonly MetadataColumn[],
): Promise<ReadonlyMap<string, string>> {
  const fill = new Map<string, string>();
  for (const { key, name } of missing) {
    const source = sources.get(key);
    if (source === undefined) continue;
    if (!facts.columns.some((column) => fold(column.name) === fold(source.column)))
      throw refuse(target, `it has no column ${source.column}`, 'Check the name.');
    const value = instantSql(source.column, target.clock);
    if (value === undefined) {
      throw refuse(
        target,
        `how \`${target.clock.expression}\` writes an instant is not known, so ${source.column} cannot be written like it`,
        'Adopt it without that source, and fill the column in a migration of your own.',
      );
    }
    const [row] = await session.rows(
      `select count(*) as n from ${target.quoted} where ${quoteName(source.column)} is not null and (${value}) is null`,
    );
    const count = Number(row?.n);
    if (count > 0) {
      throw refuse(
        target,
        `${count} rows have something in ${source.column} that SQLite does not read as an instant`,
        'Correct those rows first, or leave that source out.',
      );
    }
    fill.set(name, `coalesce(${value}, ${target.clock.expression})`);
  }
  return fill;
}

async function makeTrigger(session: AdoptionSession, target: HookTarget): Promise<void> {
  const state = await readState(session, target);
  const column = state?.facts.columns.find(({ name }) => fold(name) === fold(target.updatedAt ?? ''));
  if (state === undefined || state.facts.trigger !== undefined || column === undefined) return;
  if (!metadata.canStamp(column)) return;
  await reconcileTrigger(session, target);
  const made = await readState(session, target);
  if (made?.facts.trigger === undefined) return;
  // An own trigger's text is where it says that it came by an adoption.
  await session.rows(`drop trigger ${quoteName(made.facts.trigger.name)}`);
  await session.rows(made.triggerSql.replace(TRIGGER_MARK, `${TRIGGER_MARK} ${ADOPTED_TRIGGER}`));
}

/** See `AdoptionEngine.adopt`: one rebuild of the table, which brings rows, keys, triggers and views along. */
export async function adopt(session: AdoptionSession, request: AdoptRequest): Promise<void> {
  const { target } = request;
  const state = await readState(session, target);
  if (state === undefined) throw noTable(target);
  const has = new Set(state.facts.columns.map(({ name }) => fold(name)));
  const missing = target.columns.filter(
    ({ key, name }) => request.keys.includes(key) && !has.has(fold(name)),
  );
  if (missing.length > 0) {
    const fill = await readFill(session, request, state, missing);
    const strict = isStrict(state.sql);
    const definitions = missing.map(({ key, name }) =>
      columnDefinition(strict, key, name, target.clock, true),
    );
    const indexes = missing.filter(({ index }) => index).map((column) => indexOf(target, column));
    await addColumns(session, target.table, definitions, { fill, indexes });
  }
  if (request.trigger) await makeTrigger(session, target);
}
