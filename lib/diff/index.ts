import { describe } from '../operations/describe.js';
import type { Operation } from '../operations/operation.js';
import { order } from '../operations/order.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Table } from '../schema/table.js';
import { keepAccess } from './access.js';
import { aroundViews } from './around.js';
import { aroundComputed } from './aroundColumns.js';
import { aroundKeys } from './aroundKeys.js';
import { findCandidates } from './candidates.js';
import type { Comparison } from './comparison.js';
import { diffEnums, diffObjects, goneFunctions, type Leaving, pair } from './objects.js';
import { type Difference, type DiffOptions, LEFT_KINDS, type Unmanaged } from './options.js';
import { applyRenames } from './renames.js';
import { leftAlone, nameOf, scope, withoutHeldTypes } from './scope.js';
import { diffTable } from './tables.js';
import { diffTriggers, withOwnTexts } from './triggers.js';

export type { Comparison } from './comparison.js';
export type { Difference, DiffOptions } from './options.js';

/** A new table without what the hook makes of itself. */
export function asCreated(table: Table, options: DiffOptions): Table {
  const implied = new Set(options.indexedMetadata ?? []);
  const isImplied = ({ keys }: Table['indexes'][number]) =>
    keys.length === 1 &&
    table.columns.some(({ name, isMetadata }) => isMetadata && name === keys[0]?.column && implied.has(name));
  return { ...table, indexes: table.indexes.filter((index) => !isImplied(index)) };
}

/** What is kept in partitions, or inherits, is created by SQL of the models, and not altered. */
function leaveAlone(
  before: Table,
  after: Table,
  how: Comparison,
  leaving: Leaving,
  reason: string,
): readonly Operation[] {
  const kept = (table: Table) =>
    JSON.stringify([table.partitionedBy, table.partitionOf, [...table.inherits].map(nameOf)]);
  const { operations } = diffTable(before, after, how);
  const isKept = kept(before) === kept(after);
  const details = operations.map((each) => describe(each, undefined, true)).join(', ');
  if (!isKept || operations.length > 0)
    leaving.unmanaged.push({
      kind: 'table',
      name: nameOf(after),
      reason: `the model differs${details === '' ? '' : ` (${details})`}, and no migration is generated, because ${reason}: write the migration by hand`,
      isDifferent: true,
    });
  return [];
}

function diffTables(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  how: Comparison,
  options: DiffOptions,
  leaving: Leaving,
): readonly Operation[] {
  const { both, dropped, added } = pair(actual.tables, desired.tables, how);
  return [
    ...both.flatMap(([before, after]) => {
      // Most tables are as they were, to the letter.
      if (before === after || JSON.stringify(before) === JSON.stringify(after)) return [];
      const reason = leftAlone(before) ?? leftAlone(after);
      if (reason !== undefined) return leaveAlone(before, after, how, leaving, reason);
      const { operations, unmanaged } = diffTable(before, after, how);
      leaving.unmanaged.push(...unmanaged);
      return [...operations, ...diffTriggers(before, after, how, leaving)];
    }),
    ...added.map((to): Operation => ({ kind: 'table', from: undefined, to: asCreated(to, options) })),
    ...dropped.flatMap((from): readonly Operation[] => {
      const reason = leftAlone(from);
      if (reason === undefined) return [{ kind: 'table', from: asCreated(from, options), to: undefined }];
      leaving.unmanaged.push({ kind: 'table', name: nameOf(from), reason });
      return [];
    }),
  ];
}

/**
 * What makes the actual schema the desired one. A pure function: the same schemas give the same answer, and two
 * equal ones give no operations.
 *
 * @param how - the engine's way to compare names and texts
 * @throws KnexMetaError RENAME_UNKNOWN for a rename of something that is not there, RENAME_AMBIGUOUS for one of which
 *   nobody can see whether it was made
 */
export function diff(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  how: Comparison,
  options: DiffOptions = {},
): Difference {
  const before = scope(actual, options, desired);
  const wanted = scope(desired, options, actual);
  const unmanaged: Unmanaged[] = [...before.unmanaged];
  const leave = new Set(options.leave ?? LEFT_KINDS);
  const held = withoutHeldTypes(before.schema, actual, wanted.schema);
  const renamed = applyRenames(held, wanted.schema, options, how);
  const target = keepAccess(renamed.schema, wanted.schema, how);
  const leaving: Leaving = {
    leaves: (kind) => leave.has(kind),
    gone: leave.has('function') ? [] : goneFunctions(renamed.schema, target, how),
    unmanaged,
  };
  const changes = [
    ...renamed.operations,
    ...diffObjects(renamed.schema, target, how, leaving),
    ...diffEnums(renamed.schema.enums, target.enums, renamed.valuesOf, how),
    ...diffTables(renamed.schema, target, how, options, leaving),
  ];
  if (changes.length === 0) return { operations: [], candidates: [], unmanaged };
  const withViews = aroundViews(before.schema, target, changes, how.holdsColumns);
  const withComputed = how.holdsColumns ? aroundComputed(renamed.schema, target, withViews) : withViews;
  const all = aroundKeys(renamed.schema, target, withComputed, how);
  return {
    operations: order(withOwnTexts(all, before.schema)),
    candidates: findCandidates(changes, how),
    unmanaged,
  };
}
