import type { ObjectName } from '../schema/names.js';
import {
  type AddMetadataColumn,
  isMetadataName,
  METADATA_COLUMNS,
  type MetadataColumnSettings,
  type MetadataColumns,
  type MetaOptions,
} from './options.js';
import { validateMeta } from './validate.js';

/** One metadata column after the options were read. */
export interface ResolvedColumn {
  /** The standard name, or the added column's own name. */
  readonly key: string;
  readonly name: string;
  readonly index: boolean;
  /** Present when the column is one that the project added. */
  readonly add?: AddMetadataColumn;
}

/** The `meta` options with every default in place. */
export interface ResolvedMeta {
  readonly columns: readonly ResolvedColumn[];
  /** The expression that the user configured; undefined means the engine's own. */
  readonly timestampUtc: string | undefined;
  readonly onExplicitUpdate: 'stamp' | 'keep';
  /** Whether `select *` has the metadata columns. */
  readonly visible: boolean;
  readonly includesTable: (name: string) => boolean;
  /** Whether an object of the database is one for the models to change. */
  readonly manages: (object: ObjectName) => boolean;
}

type ColumnOption = boolean | string | MetadataColumnSettings | undefined;

function settingsOf(key: string, option: ColumnOption, base: ResolvedColumn | undefined): ResolvedColumn {
  const settings: MetadataColumnSettings =
    typeof option === 'string' ? { name: option } : typeof option === 'object' ? option : {};
  return {
    key,
    name: settings.name ?? base?.name ?? key,
    index: settings.index ?? base?.index ?? false,
  };
}

/** The columns of `base` with what `options` say over them. */
export function overlayColumns(
  base: readonly ResolvedColumn[],
  options: MetadataColumns,
): readonly ResolvedColumn[] {
  const standard = METADATA_COLUMNS.flatMap((key) => {
    const existing = base.find((column) => column.key === key);
    const option = options[key] as ColumnOption;
    if (option === false || (option === undefined && existing === undefined)) return [];
    return [option === undefined && existing ? existing : settingsOf(key, option, existing)];
  });
  const added = Object.entries(options).flatMap(([key, add]): ResolvedColumn[] =>
    !isMetadataName(key) && typeof add === 'function' ? [{ key, name: key, index: false, add }] : [],
  );
  const kept = base.filter((c) => c.add !== undefined && !added.some((other) => other.key === c.key));
  return [...standard, ...kept, ...added];
}

/** What a name must be like: a name with `*` for any text, or a regular expression. */
export function matcher(pattern: string | RegExp): (name: string) => boolean {
  if (pattern instanceof RegExp) return (name) => new RegExp(pattern.source, pattern.flags).test(name);
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const expression = new RegExp(`^${source}$`, 's');
  return (name) => expression.test(name);
}

type Patterns = readonly (string | RegExp)[];

/** A pattern with a dot, or a regular expression, matches schema and name; one without a dot a name in any schema. */
function objectMatcher(patterns: Patterns): (object: ObjectName) => boolean {
  const matchers = patterns.map((pattern) => ({ pattern, matches: matcher(pattern) }));
  return ({ schema, name }) => {
    const full = schema === undefined ? name : `${schema}.${name}`;
    return matchers.some(({ pattern, matches }) => {
      if (typeof pattern === 'string') return matches(pattern.includes('.') ? full : name);
      return matches(name) || matches(full);
    });
  };
}

const defaultColumns = (prefix: string): readonly ResolvedColumn[] =>
  METADATA_COLUMNS.map((key) => ({ key, name: `${prefix}${key}`, index: false }));

/**
 * Checks the `meta` options and puts every default in place.
 *
 * @param meta - the `meta` key of the configuration
 * @param environment - where `DATABASE_TIMESTAMP_UTC` is read
 * @throws KnexMetaError META_OPTION_UNKNOWN, META_OPTION_INVALID
 */
export function resolveMeta(
  meta: MetaOptions | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedMeta {
  validateMeta(meta);
  const include = meta?.tables?.include?.map(matcher);
  const exclude = (meta?.tables?.exclude ?? []).map(matcher);
  const managed = meta?.include === undefined ? () => true : objectMatcher(meta.include);
  const left = objectMatcher(meta?.exclude ?? []);
  const timestampUtc = meta?.timestampUtc ?? environment.DATABASE_TIMESTAMP_UTC;
  return {
    columns: overlayColumns(defaultColumns(meta?.prefix ?? ''), meta?.columns ?? {}),
    timestampUtc: timestampUtc?.trim() ? timestampUtc.trim() : undefined,
    onExplicitUpdate: meta?.onExplicitUpdate ?? 'stamp',
    visible: meta?.visible ?? true,
    includesTable: (name) =>
      (include === undefined || include.some((matches) => matches(name))) &&
      !exclude.some((matches) => matches(name)),
    manages: (object) => managed(object) && !left(object),
  };
}
