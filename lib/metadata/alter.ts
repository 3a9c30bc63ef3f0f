import type { HookStatement, HookTarget, Session, TableFacts } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import type { Declared } from './declared.js';
import type { ClientInternals } from './knexInternals.js';
import { type HookContext, wrapName } from './target.js';

/** What an alterTable does to the metadata columns, by name. */
export interface AlterPlan {
  /** Names that the migration adds, or renames another column to. */
  readonly arriving: ReadonlySet<string>;
  /** Names that the migration drops, or renames to another. */
  readonly leaving: ReadonlySet<string>;
  /** Where the migration renames a metadata column to: its trigger goes with it. */
  readonly renamedTo: ReadonlyMap<string, string>;
}

/** Undefined when the alteration touches no metadata column: then Knex's statements stay as they are. */
export function planAlter(
  client: ClientInternals,
  context: HookContext,
  target: HookTarget,
  declared: Declared,
  queryContext: unknown,
): AlterPlan | undefined {
  const { foldName } = context.engine;
  const wrap = (name: string): string => foldName(wrapName(client, name, queryContext));
  const names = new Set(target.columns.map(({ name }) => foldName(name)));
  const renamed = declared.renamed.map(({ from, to }) => ({
    from: wrap(from),
    to: wrapName(client, to, queryContext),
  }));
  const arriving = [...declared.added.map(wrap), ...renamed.map(({ to }) => foldName(to))].filter((n) =>
    names.has(n),
  );
  const leaving = [...declared.dropped.map(wrap), ...renamed.map(({ from }) => from)].filter((n) =>
    names.has(n),
  );
  const altered = declared.altered.map(wrap).filter((n) => names.has(n));
  if (arriving.length + leaving.length + altered.length === 0) return undefined;
  return {
    arriving: new Set(arriving),
    leaving: new Set(leaving),
    renamedTo: new Map(renamed.map(({ from, to }) => [from, to])),
  };
}

/** The name under which a metadata column waits while the project's own one comes or goes. */
function asideName(name: string): string {
  return `knex_meta_${name}`;
}

function find(context: HookContext, facts: TableFacts, name: string) {
  const wanted = context.engine.foldName(name);
  return facts.columns.find((column) => context.engine.foldName(column.name) === wanted);
}

async function readFacts(context: HookContext, session: Session, target: HookTarget) {
  const query = context.engine.factsQuery(target);
  return context.engine.readFacts(target, await session.rows(query.sql, query.bindings));
}

/**
 * Before Knex's statements. A metadata column whose name the project now wants for a column of its own is put
 * aside; for an own column that goes, the metadata column is made ready aside, so that the table has it afterwards.
 */
export function beforeAlter(context: HookContext, target: HookTarget, plan: AlterPlan): HookStatement {
  const { engine } = context;
  return {
    ...engine.factsQuery(target),
    withRows: async (session, rows) => {
      const facts = engine.readFacts(target, rows);
      if (facts === undefined) return;
      const isHooked = facts.columns.some(({ isMetadata }) => isMetadata);
      for (const { key, name } of target.columns) {
        const folded = engine.foldName(name);
        const column = find(context, facts, name);
        if (column === undefined) continue;
        if (plan.arriving.has(folded) && column.isMetadata) {
          await engine.renameColumn(session, target, column.name, asideName(name));
        } else if (plan.leaving.has(folded) && !column.isMetadata && isHooked) {
          await engine.addColumn(session, target, key, asideName(name));
        }
      }
    },
  };
}

async function settleAside(context: HookContext, session: Session, target: HookTarget): Promise<void> {
  const { engine } = context;
  const facts = await readFacts(context, session, target);
  if (facts === undefined) return;
  for (const { key, name } of target.columns) {
    const aside = find(context, facts, asideName(name));
    if (aside === undefined || !aside.isMetadata) continue;
    const own = find(context, facts, name);
    if (own === undefined) {
      await engine.renameColumn(session, target, aside.name, name);
      continue;
    }
    const outcome = await engine.carryValues(session, target, key, aside.name, own.name);
    if (outcome === 'not-possible') refuseLoss(session, target, key, name, own.type);
    await engine.dropColumn(session, target, aside.name);
  }
}

/** Instants that only the metadata column knew are no reason to stop a migration; what somebody wrote is. */
function refuseLoss(session: Session, target: HookTarget, key: string, name: string, type: string): void {
  const table = target.table.name;
  if (key === 'created_at' || key === 'updated_at') {
    session.warn(
      `the migration's own column ${table}.${name} (${type}) starts without the instants kept until now`,
    );
    return;
  }
  throw new KnexMetaError(
    'METADATA_COLUMN_IN_USE',
    `The migration adds its own column ${table}.${name} (${type}), and the metadata column of that name holds values that this type cannot take.`,
    {
      remedy: `Move the values of ${table}.${name} away first, or give the new column another name. Nothing was dropped: they are in ${table}.${asideName(name)} where the migration runs without a transaction, and unchanged where it runs in one.`,
      details: { table, column: name, type },
    },
  );
}

/** After Knex's statements: settles what waits aside, and makes the trigger fit. */
export function afterAlter(context: HookContext, target: HookTarget, plan: AlterPlan): HookStatement {
  const { engine } = context;
  return {
    ...engine.factsQuery(target),
    withRows: async (session, rows) => {
      await settleAside(context, session, target);
      const facts = engine.readFacts(target, rows);
      const { updatedAt } = target;
      if (facts === undefined || updatedAt === undefined) return;
      const follows = plan.renamedTo.get(engine.foldName(updatedAt));
      const isGone = find(context, facts, updatedAt) === undefined;
      const kept = isGone && follows !== undefined ? { ...target, updatedAt: follows } : target;
      await engine.reconcileTrigger(session, kept);
    },
  };
}
