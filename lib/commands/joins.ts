import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { AmbiguousView } from '../engines/joins.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { type ResolvedColumn, resolveMeta } from '../metadata/resolve.js';
import { withoutHook } from '../metadata/withMeta.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';

/** The metadata column that a statement names without its table, where it fails because more than one table has it. */
export function ambiguousMetadata(
  engine: Engine,
  columns: readonly ResolvedColumn[],
  error: unknown,
): string | undefined {
  const { ambiguousColumn } = engine.checks.joins;
  const { foldName } = engine.metadata;
  const cause = (error as { readonly cause?: unknown } | undefined)?.cause;
  const name = [error, cause].flatMap((each) =>
    each instanceof Error ? (ambiguousColumn(each) ?? []) : [],
  )[0];
  return name !== undefined && columns.some((each) => foldName(each.name) === foldName(name))
    ? name
    : undefined;
}

/** The same configuration for tables without metadata columns. */
export function withoutMetadataColumns(config: KnexMetaConfig): KnexMetaConfig {
  const { columns } = resolveMeta(config.meta, process.env);
  return {
    ...withoutHook(config),
    meta: { ...config.meta, columns: Object.fromEntries(columns.map(({ key }) => [key, false])) },
  };
}

/** The views that fail now, and those that fail once tables have got more metadata columns. */
interface BrokenViews {
  readonly now: readonly AmbiguousView[];
  readonly later: readonly AmbiguousView[];
}

/**
 * The views that metadata columns break, now and later.
 *
 * @param gains - names of the columns that a table will get
 */
export async function viewsBrokenByGains(
  engine: Engine,
  config: Knex.Config,
  schema: Pick<DatabaseSchema, 'tables' | 'views'>,
  gains: (table: ObjectName) => readonly string[],
): Promise<BrokenViews> {
  const now = await brokenViews(engine, config, schema);
  const known = new Set(now.map(({ view }) => view));
  const later = await brokenViews(engine, config, schema, gains);
  return { now, later: later.filter(({ view }) => !known.has(view)) };
}

/**
 * The views that a metadata column breaks: without the metadata columns they work.
 *
 * @param gains - names of the columns that a table will get
 */
export async function brokenViews(
  engine: Engine,
  config: Knex.Config,
  { tables, views }: Pick<DatabaseSchema, 'tables' | 'views'>,
  gains: (table: ObjectName) => readonly string[] = () => [],
): Promise<readonly AmbiguousView[]> {
  const { ambiguousViews } = engine.checks.joins;
  if (ambiguousViews === undefined) return [];
  const shaped = (columnsOf: (table: DatabaseSchema['tables'][number]) => readonly string[]) =>
    tables.map((table) => ({ schema: table.schema, name: table.name, columns: columnsOf(table) }));
  const all = shaped((table) => [...table.columns.map(({ name }) => name), ...gains(table)]);
  const broken = await ambiguousViews(config, all, views);
  if (broken.length === 0) return [];
  const own = shaped(({ columns }) => columns.filter((each) => !each.isMetadata).map(({ name }) => name));
  const before = new Set((await ambiguousViews(config, own, views)).map(({ view }) => view));
  return broken.filter(({ view }) => !before.has(view));
}
