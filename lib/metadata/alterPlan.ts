import type { HookTarget } from '../engines/contract.js';
import type { Declared } from './declared.js';
import type { ClientInternals } from './knexInternals.js';
import { type HookContext, wrapName } from './target.js';

/** A column before and after a rename, each as the database has it. */
interface RenamedColumn {
  readonly from: string;
  readonly to: string;
}

/** What an ALTER TABLE does to columns with the names of metadata columns. Sets have folded names. */
export interface AlterPlan {
  /** Names of columns that the statement adds. */
  readonly added: ReadonlySet<string>;
  readonly dropped: ReadonlySet<string>;
  readonly renamed: readonly RenamedColumn[];
}

/** The changes of an ALTER TABLE, with names as the database has them. */
export interface ColumnChanges {
  readonly added: readonly string[];
  readonly altered: readonly string[];
  readonly dropped: readonly string[];
  readonly renamed: readonly RenamedColumn[];
}

/** Undefined when the changes concern no metadata column: then the statement runs as it is. */
export function planChanges(
  context: HookContext,
  target: HookTarget,
  changes: ColumnChanges,
): AlterPlan | undefined {
  const { foldName } = context.engine;
  const names = new Set(target.columns.map(({ name }) => foldName(name)));
  const isMetadataName = (name: string): boolean => names.has(foldName(name));
  const { added, altered, dropped, renamed } = changes;
  const touched = [...added, ...altered, ...dropped, ...renamed.flatMap(({ from, to }) => [from, to])];
  if (!touched.some(isMetadataName)) return undefined;
  return {
    added: new Set(added.filter(isMetadataName).map(foldName)),
    dropped: new Set(dropped.filter(isMetadataName).map(foldName)),
    renamed: renamed.filter(({ from, to }) => isMetadataName(from) || isMetadataName(to)),
  };
}

/** The plan for what the callback of alterTable declared. */
export function planAlter(
  client: ClientInternals,
  context: HookContext,
  target: HookTarget,
  declared: Declared,
  queryContext: unknown,
): AlterPlan | undefined {
  const wrap = (name: string): string => wrapName(client, name, queryContext);
  return planChanges(context, target, {
    added: declared.added.map(wrap),
    altered: declared.altered.map(wrap),
    dropped: declared.dropped.map(wrap),
    renamed: declared.renamed.map(({ from, to }) => ({ from: wrap(from), to: wrap(to) })),
  });
}
