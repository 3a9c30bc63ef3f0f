import type { Clock, HookTarget, MetadataEngine, Session, TableId } from '../contract.js';
import { isInstant } from '../writtenValues.js';
import { extendClient } from './client.js';
import { clockOf, probeClock } from './clock.js';
import { addColumnWithRebuild, copyTableSql, isStrict } from './ddl/index.js';
import { ADOPTED_MARK, COLUMN_MARK, factsQuery, primaryKey, readFacts } from './facts.js';
import { hideMetadata } from './hidden.js';
import { quoteName, quoteText } from './identifiers.js';
import { holdsOtherValues } from './otherValues.js';
import { ownTriggers } from './ownTriggers.js';
import { alterPastBroken } from './pastBroken.js';
import { createTrigger, reconcileStatement, reconcileTrigger, renameTriggerOf } from './reconcile.js';
import { stampFor } from './stamp.js';
import { rowCondition } from './trigger.js';
import { carryValues, updateSilently } from './values.js';

const MARK = ` constraint ${quoteName(COLUMN_MARK)}`;

function plainType(key: string, clock: Clock): string {
  if (key === 'notes') return 'text';
  return key === 'is_active' || key === 'is_flagged' ? 'boolean' : clock.type;
}

/** The types that a STRICT table knows. */
function strictType(type: string): string {
  return type === 'boolean' ? 'integer' : type === 'datetime' ? 'text' : type;
}

export function columnDefault(key: string, clock: Clock): string | undefined {
  if (key === 'notes') return undefined;
  if (key === 'is_active') return '1';
  return key === 'is_flagged' ? '0' : clock.expression;
}

/** The type of a metadata column in a table that is strict, or not. */
export function columnTypeIn(isStrictTable: boolean, key: string, clock: Clock): string {
  const type = plainType(key, clock);
  return isStrictTable ? strictType(type) : type;
}

async function tableSql(session: Session, target: HookTarget): Promise<string> {
  const master = `${quoteName(target.table.schema ?? 'main')}.sqlite_master`;
  const [row] = await session.rows(
    `select sql from ${master} where type = 'table' and lower(name) = lower(?)`,
    [target.table.name],
  );
  return String(row?.sql ?? '');
}

/** A metadata column as it stands in CREATE TABLE, with its mark; `isAdopted`: and with that of an adoption. */
export function columnDefinition(
  isStrictTable: boolean,
  key: string,
  name: string,
  clock: Clock,
  isAdopted = false,
): string {
  const defaultTo = columnDefault(key, clock);
  const start = `${quoteName(name)} ${columnTypeIn(isStrictTable, key, clock)}${MARK}`;
  const adopted = isAdopted ? ` constraint ${quoteName(ADOPTED_MARK)}` : '';
  if (defaultTo === undefined) return `${start} null${isAdopted ? `${adopted} null` : ''}`;
  return `${start} not null${adopted} default (${defaultTo})`;
}

async function addColumn(session: Session, target: HookTarget, key: string, name: string): Promise<void> {
  const definition = columnDefinition(isStrict(await tableSql(session, target)), key, name, target.clock);
  // ADD COLUMN takes no default that is computed, such as the present instant, once the table has rows.
  if (isInstant(key)) await addColumnWithRebuild(session, target.table, definition);
  else await session.rows(`alter table ${target.quoted} add column ${definition}`);
}

function createLike(target: HookTarget, like: TableId) {
  const master = `${quoteName(like.schema ?? 'main')}.sqlite_master`;
  return [
    {
      sql: `select type, name, sql from ${master} where lower(tbl_name) = lower(${quoteText(like.name)}) and type in ('table', 'index') and sql is not null`,
      withRows: async (session: Session, rows: readonly Readonly<Record<string, unknown>>[]) => {
        const source = rows.find(({ type }) => type === 'table');
        const indexes = rows.filter(({ type }) => type === 'index').map(({ sql }) => String(sql));
        // No such table: the engine's own message is the clearest.
        if (source === undefined) await session.rows(`select 1 from ${quoteName(like.name)}`);
        for (const sql of copyTableSql(String(source?.sql), indexes, target.table.name))
          await session.rows(sql);
      },
    },
  ];
}

export const metadata: MetadataEngine = {
  foldName: (name) => name.toLowerCase(),
  foldWord: (word) => word,
  expandsViews: false,
  insertsFewer: false,
  checkName: () => {},
  clock: clockOf,
  probeClock,
  columnType: (key, clock) => `${plainType(key, clock)}${MARK}`,
  columnDefault,
  canStamp: (column) => stampFor(clockOf(undefined), '', column) !== undefined,
  indexPredicate: ({ key, quoted }) =>
    key === 'is_active' ? `${quoted} = 0` : key === 'is_flagged' ? `${quoted} = 1` : undefined,
  afterCreate: (target, added, own) => {
    const { updatedAt } = target;
    if (updatedAt === undefined) return [];
    const condition = rowCondition([...own, ...added.map(({ name }) => name)], [], false);
    if (!added.some(({ name }) => name === updatedAt) || condition === undefined)
      return [reconcileStatement(target)];
    const stamp = `(${target.clock.expression})`;
    return createTrigger(target, updatedAt, stamp, condition);
  },
  completeCreated: (target) => [reconcileStatement(target)],
  afterRenameTable: (_from, to) => [renameTriggerOf(to)],
  // A trigger goes with its table when that is dropped.
  afterDropTable: () => [],
  createLike,
  factsQuery,
  readFacts,
  addColumn,
  renameColumn: async (session, target, from, to) => {
    await alterPastBroken(
      session,
      `alter table ${target.quoted} rename column ${quoteName(from)} to ${quoteName(to)}`,
    );
  },
  dropColumn: async (session, target, name) => {
    const facts = factsQuery(target);
    const trigger = readFacts(target, await session.rows(facts.sql, facts.bindings))?.trigger;
    // Our trigger on the column would stand in the way; the caller makes it fit afterwards.
    if (trigger?.column === name) await session.rows(`drop trigger ${quoteName(trigger.name)}`);
    await alterPastBroken(session, `alter table ${target.quoted} drop column ${quoteName(name)}`);
  },
  holdsOtherValues,
  updateSilently,
  withAllRows: (_session, _target, _purpose, act) => act(),
  primaryKey,
  carryValues,
  ownTriggers,
  reconcileTrigger,
  extendClient,
  hideMetadata,
};
