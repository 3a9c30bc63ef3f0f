import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession, AdoptRequest, ReleaseRequest } from '../../adoption.js';
import type { HookTarget, MetadataColumn, TableFacts } from '../../contract.js';
import { addColumns, columnsWithConstraint, dropColumns, isStrict } from '../ddl/index.js';
import { ADOPTED_MARK, factsQuery, readFacts } from '../facts.js';
import { quoteName } from '../identifiers.js';
import { columnDefinition, metadata } from '../metadata.js';
import { reconcileTrigger } from '../reconcile.js';
import { ADOPTED_TRIGGER, TRIGGER_MARK } from '../trigger.js';
import { instantSql } from './instants.js';

interface State {
  readonly facts: TableFacts;
  readonly sql: string;
  readonly triggerSql: string;
  /** Lower case. */
  readonly adopted: ReadonlySet<string>;
}

async function readState(session: AdoptionSession, target: HookTarget): Promise<State | undefined> {
  const query = factsQuery(target);
  const rows = await session.rows(query.sql, query.bindings);
  const facts = readFacts(target, rows);
  if (facts === undefined) return undefined;
  const sql = String(rows[0]?.table_sql);
  const adopted = columnsWithConstraint(sql, ADOPTED_MARK).map((name) => name.toLowerCase());
  return { facts, sql, triggerSql: String(rows[0]?.trigger_sql ?? ''), adopted: new Set(adopted) };
}

const fold = (name: string): string => name.toLowerCase();

function refuse(target: HookTarget, reason: string, remedy: string): KnexMetaError {
  return new KnexMetaError('ADOPT_REFUSED', `${target.quoted} cannot be adopted: ${reason}.`, {
    remedy: `${remedy} The table is as it was.`,
    details: { table: target.table.name },
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

/** Knex's own name for the index of a column, and the statement. */
function indexOf(target: HookTarget, column: MetadataColumn) {
  const name = `${target.table.name.replace(/[.-]/g, '_')}_${column.name}_index`.toLowerCase();
  const predicate = metadata.indexPredicate(column);
  const where = predicate === undefined ? '' : ` where ${predicate}`;
  const sql = `create index ${quoteName(name)} on ${quoteName(target.table.name)} (${column.quoted})${where}`;
  return { name, sql };
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
  if (state === undefined) throw refuse(target, 'there is no such table', 'Check the name.');
  const has = new Set(state.facts.columns.map(({ name }) => fold(name)));
  const missing = target.columns.filter(
    ({ key, name }) => request.keys.includes(key) && !has.has(fold(name)),
  );
  if (missing.length > 0) {
    const fill = await readFill(session, request, state, missing);
    const strict = isStrict(state.sql);
    const definitions = missing.map(({ key, name }) =>
      columnDefinition(key, name, target.clock, strict, true),
    );
    const indexes = missing.filter(({ index }) => index).map((column) => indexOf(target, column));
    await addColumns(session, target.table, definitions, { fill, indexes });
  }
  if (request.trigger) await makeTrigger(session, target);
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
