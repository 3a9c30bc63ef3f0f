import type { HookTarget, MetadataColumn, MetadataEngine, Session } from '../contract.js';
import { withoutRefusedBlocks } from './blockRights.js';
import { clockOf, probeClock } from './clock.js';
import { factsQuery, primaryKey, readFacts } from './facts.js';
import { hideMetadata } from './hidden.js';
import { checkName, quoteName, withoutBindings } from './identifiers.js';
import { keepColumn } from './keepColumn.js';
import { withPlainQueries } from './nativeDriver.js';
import { holdsOtherValues } from './otherValues.js';
import { ownTriggers } from './ownTriggers.js';
import { withAllRows } from './rowSecurity.js';
import { dropUnusedFunctionsSql, markColumn, reconcileTriggerSql, WARNING_STATE } from './trigger.js';
import { carryValues, updateSilently } from './values.js';

/**
 * The type of a new metadata column. Instants have milliseconds, which is what JavaScript can hold: so a row that was
 * read is found by its own values.
 */
export function columnType(key: string, clock: { readonly type: string }): string {
  if (key === 'notes') return 'text';
  return key === 'is_active' || key === 'is_flagged' ? 'boolean' : `${clock.type}(3)`;
}

export function columnDefault(key: string, clock: { readonly expression: string }): string | undefined {
  if (key === 'notes') return undefined;
  if (key === 'is_active') return 'true';
  return key === 'is_flagged' ? 'false' : clock.expression;
}

function run(session: Session, sql: string): Promise<unknown> {
  return session.rows(withoutBindings(sql));
}

async function addColumn(session: Session, target: HookTarget, key: string, name: string): Promise<void> {
  const column: MetadataColumn = { key, name, quoted: quoteName(name), index: false };
  const defaultTo = columnDefault(key, target.clock);
  const constraint = defaultTo === undefined ? '' : ` not null default ${defaultTo}`;
  await run(
    session,
    `alter table ${target.quoted} add column ${column.quoted} ${columnType(key, target.clock)}${constraint}`,
  );
  await run(session, markColumn(target.quoted, column));
}

/** The server says in a NOTICE why a table got no trigger: pass it on. */
function onConnection(connection: unknown, warn: (message: string) => void): void {
  const emitter = connection as { on?: (event: string, listener: (notice: NoticeMessage) => void) => void };
  emitter.on?.('notice', (notice) => {
    if (notice.code === WARNING_STATE) warn(`knex-meta: ${notice.message ?? ''}`);
  });
}

interface NoticeMessage {
  readonly code?: string;
  readonly message?: string;
}

export const metadata: MetadataEngine = {
  foldName: (name) => name,
  foldWord: (word) => word.toLowerCase(),
  expandsViews: true,
  insertsFewer: true,
  checkName,
  clock: clockOf,
  probeClock,
  columnType,
  columnDefault,
  canStamp: ({ type }) => /^(timestamp|date$)/.test(type),
  indexPredicate: ({ key, quoted }) =>
    key === 'is_active' ? `not ${quoted}` : key === 'is_flagged' ? quoted : undefined,
  onConnection,
  afterCreate: (target, added) => [
    { sql: reconcileTriggerSql(target, added), stamps: target.updatedAt ?? null },
  ],
  completeCreated: (target, added) => [{ sql: reconcileTriggerSql(target, added) }],
  // A trigger goes with its table when that is renamed.
  afterRenameTable: () => [],
  afterDropTable: (target) => [{ sql: dropUnusedFunctionsSql(target.table.schema) }],
  factsQuery,
  readFacts,
  addColumn,
  renameColumn: async (session, target, from, to) => {
    await run(session, `alter table ${target.quoted} rename column ${quoteName(from)} to ${quoteName(to)}`);
  },
  dropColumn: async (session, target, name) => {
    await run(session, `alter table ${target.quoted} drop column ${quoteName(name)}`);
  },
  holdsOtherValues,
  updateSilently,
  withAllRows: (session, target, purpose, act) => withAllRows(session, target.quoted, purpose, act),
  primaryKey,
  keepColumn,
  carryValues,
  ownTriggers,
  reconcileTrigger: async (session, target) => {
    await session.rows(reconcileTriggerSql(target));
    await session.rows(dropUnusedFunctionsSql(target.table.schema));
  },
  hideMetadata,
  extendClient: (base) => withoutRefusedBlocks(withPlainQueries(base)),
};
