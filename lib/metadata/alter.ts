import type {
  ColumnFacts,
  HookStatement,
  HookTarget,
  MetadataColumn,
  Session,
  TableFacts,
} from '../engines/contract.js';
import { isInstant } from '../engines/writtenValues.js';
import { KnexMetaError } from '../errors.js';
import type { AlterPlan } from './alterPlan.js';
import { isMetadataName } from './options.js';
import type { HookContext } from './target.js';

/** The name that a metadata column has while the project's own column of its name is added, renamed or dropped. */
function temporaryName(name: string): string {
  return `knex_meta_${name}`;
}

function find(context: HookContext, facts: TableFacts, name: string): ColumnFacts | undefined {
  const wanted = context.engine.foldName(name);
  return facts.columns.find((column) => context.engine.foldName(column.name) === wanted);
}

async function readFacts(context: HookContext, session: Session, target: HookTarget) {
  const query = context.engine.factsQuery(target);
  return context.engine.readFacts(target, await session.rows(query.sql, query.bindings));
}

/** What is to be done to one metadata column before the statement runs. */
interface Preparation {
  readonly column: MetadataColumn;
  /** The column that has its name now. */
  readonly present: ColumnFacts;
  /** Where the statement renames that column to. */
  readonly renamedTo: string | undefined;
  /** The project's own column that the statement renames to this name. */
  readonly replacedBy: ColumnFacts | undefined;
  readonly action: 'move aside' | 'add aside';
}

function preparations(
  context: HookContext,
  target: HookTarget,
  plan: AlterPlan,
  facts: TableFacts,
): readonly Preparation[] {
  const { foldName } = context.engine;
  const isHooked = facts.columns.some(({ isMetadata }) => isMetadata);
  return target.columns.flatMap((column): readonly Preparation[] => {
    const folded = foldName(column.name);
    const present = find(context, facts, column.name);
    if (present === undefined) return [];
    const renamedTo = plan.renamed.find(({ from }) => foldName(from) === folded)?.to;
    const source = plan.renamed.find(({ to }) => foldName(to) === folded)?.from;
    const isLeaving = plan.dropped.has(folded) || renamedTo !== undefined;
    const isArriving = plan.added.has(folded) || source !== undefined;
    const replacedBy = source === undefined ? undefined : find(context, facts, source);
    // The statement will fail, and the table has to be as it was.
    if (source !== undefined && replacedBy === undefined && !plan.added.has(folded)) return [];
    const base = { column, present, renamedTo, replacedBy };
    // A statement that drops or renames the metadata column itself decides about its values.
    if (isArriving)
      return present.isMetadata && !isLeaving ? [{ ...base, action: 'move aside' as const }] : [];
    const isKept = present.isMetadata ? renamedTo !== undefined : isHooked;
    return isLeaving && isKept && isMetadataName(column.key)
      ? [{ ...base, action: 'add aside' as const }]
      : [];
  });
}

/**
 * Before the statement. A metadata column whose name a column of the project's own takes gets a temporary name. For a
 * column that leaves a metadata name, the metadata column is added under a temporary name. Everything that can refuse
 * is looked at first.
 *
 * @returns whether anything was done
 * @throws KnexMetaError METADATA_COLUMN_IN_USE
 */
export async function prepareAlter(
  context: HookContext,
  session: Session,
  target: HookTarget,
  plan: AlterPlan,
  facts: TableFacts,
): Promise<boolean> {
  const { engine } = context;
  const quote = (name: string): string => session.client.wrapIdentifierImpl(name);
  const all = preparations(context, target, plan, facts);
  for (const { column, present, replacedBy } of all) {
    if (replacedBy === undefined) continue;
    if (await engine.holdsOtherValues(session, target, column.key, present.name, replacedBy.name))
      throw bothInUse(target, column.name, replacedBy.name);
    if (isInstant(column.key)) {
      const [row] = await session.rows(`select 1 from ${target.quoted} limit 1`);
      if (row !== undefined) warnOfInstants(session, target, column.name, replacedBy.name);
    }
  }
  for (const { column, present, renamedTo, action } of all) {
    const temporary = temporaryName(column.name);
    if (action === 'move aside') {
      await engine.renameColumn(session, target, present.name, temporary);
      continue;
    }
    await engine.addColumn(session, target, column.key, temporary);
    if (present.isMetadata && renamedTo !== undefined)
      await engine.updateSilently(session, target, `${quote(temporary)} = ${quote(present.name)}`);
  }
  return all.length > 0;
}

function warnOfInstants(session: Session, target: HookTarget, name: string, from: string): void {
  session.warn(
    `${target.table.name}.${from} is renamed to ${name} and keeps its values; the instants that the metadata column ${name} had are dropped`,
  );
}

/** Both the metadata column and the project's own say something: neither may be lost. */
function bothInUse(target: HookTarget, name: string, own: string): KnexMetaError {
  const table = target.table.name;
  return new KnexMetaError(
    'METADATA_COLUMN_IN_USE',
    `The migration renames ${table}.${own} to ${name}, and the metadata column ${name} holds values that somebody wrote and that ${own} does not have. Nothing was changed by this statement.`,
    {
      remedy: `Decide which values to keep. To drop those of the metadata column, drop it in the same alteration: t.dropColumn('${name}') before t.renameColumn('${own}', '${name}'). To keep them, copy them to another column first.`,
      details: { table, column: name, renamed: own },
    },
  );
}

/** Before Knex's statements of an alterTable. See `prepareAlter`. */
export function beforeAlter(context: HookContext, target: HookTarget, plan: AlterPlan): HookStatement {
  const { engine } = context;
  return {
    ...engine.factsQuery(target),
    withRows: async (session, rows) => {
      const facts = engine.readFacts(target, rows);
      if (facts !== undefined) await prepareAlter(context, session, target, plan, facts);
    },
  };
}

/** After the statement: the columns with temporary names get their own, or give their values and go. */
export async function settleAlter(
  context: HookContext,
  session: Session,
  target: HookTarget,
  plan: AlterPlan,
): Promise<void> {
  const { engine } = context;
  const facts = await readFacts(context, session, target);
  if (facts === undefined) return;
  for (const { key, name } of target.columns) {
    const aside = find(context, facts, temporaryName(name));
    if (aside === undefined || !aside.isMetadata) continue;
    const own = find(context, facts, name);
    if (own === undefined) {
      await engine.renameColumn(session, target, aside.name, name);
      continue;
    }
    // A renamed column has the project's own values, which stay. Only a new column takes those of the metadata column.
    if (plan.added.has(engine.foldName(name))) {
      // Where metadata are hidden, others know the column by its place: the own one has to be another.
      const mayStay = context.meta.visible;
      if (mayStay && (await engine.keepColumn?.(session, target, key, aside.name, own.name))) continue;
      const outcome = await engine.carryValues(session, target, key, aside.name, own.name);
      if (outcome === 'not-possible') refuseLoss(session, target, key, name, own.type);
    }
    await engine.dropColumn(session, target, aside.name);
  }
}

/** Instants that only the metadata column knew are no reason to stop a migration; what somebody wrote is. */
function refuseLoss(session: Session, target: HookTarget, key: string, name: string, type: string): void {
  const table = target.table.name;
  if (isInstant(key)) {
    session.warn(
      `the migration's own column ${table}.${name} (${type}) starts without the instants kept until now`,
    );
    return;
  }
  throw new KnexMetaError(
    'METADATA_COLUMN_IN_USE',
    `The migration adds its own column ${table}.${name} (${type}), and the metadata column of that name holds values that this type cannot take.`,
    {
      remedy: `Move the values of ${table}.${name} away first, or give the new column another name. Nothing was dropped: they are in ${table}.${temporaryName(name)} where the migration runs without a transaction, and unchanged where it runs in one.`,
      details: { table, column: name, type },
    },
  );
}

/** After Knex's statements of an alterTable: settles the temporary names, and makes the trigger fit. */
export function afterAlter(context: HookContext, target: HookTarget, plan: AlterPlan): HookStatement {
  const { engine } = context;
  return {
    ...engine.factsQuery(target),
    withRows: async (session, rows) => {
      await settleAlter(context, session, target, plan);
      if (engine.readFacts(target, rows) === undefined || target.updatedAt === undefined) return;
      await engine.reconcileTrigger(session, target);
    },
  };
}
