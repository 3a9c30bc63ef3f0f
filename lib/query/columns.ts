import { KnexMetaError } from '../errors.js';
import type { MetadataColumnName, MetaOptions } from '../metadata/options.js';
import { type ResolvedMeta, resolveMeta } from '../metadata/resolve.js';

/** The parts of Knex's query builder that have no public type and that the helpers stand on. */
export interface BuilderInternals {
  readonly client: { readonly config: { readonly meta?: MetaOptions } };
  readonly _single: { readonly table?: unknown };
  readonly _statements: { readonly grouping: string; readonly bool?: string }[];
  where(column: string | ((this: BuilderInternals) => void), value?: unknown): this;
  update(values: Readonly<Record<string, unknown>>): this;
}

/** The options of each configuration, read once. */
const resolved = new WeakMap<object, ResolvedMeta>();

function metaOf(config: { readonly meta?: MetaOptions }): ResolvedMeta {
  const known = resolved.get(config);
  if (known !== undefined) return known;
  const meta = resolveMeta(config.meta, process.env);
  resolved.set(config, meta);
  return meta;
}

/** What the project calls a metadata column. Throws METADATA_COLUMN_OMITTED. */
export function columnName(builder: BuilderInternals, key: MetadataColumnName, method: string): string {
  const column = metaOf(builder.client.config).columns.find((each) => each.key === key);
  if (column !== undefined) return column.name;
  throw new KnexMetaError(
    'METADATA_COLUMN_OMITTED',
    `.${method}() needs the column ${key}, and the configuration leaves it out: \`meta.columns.${key}\` is false. No statement was sent.`,
    { remedy: 'Use a condition of your own, or let the tables have the column.' },
  );
}

const ALIAS = / as (.+)$/i;

/** The name by which the columns of a query's table are told from those of others; undefined: there is none. */
export function qualifierOf(table: unknown): string | undefined {
  if (typeof table === 'string') return (ALIAS.exec(table)?.[1] ?? table).trim();
  if (typeof table !== 'object' || table === null) return undefined;
  const { _single, _alias, isRawInstance, ref } = table as {
    readonly _single?: { readonly as?: string };
    readonly _alias?: string | null;
    readonly isRawInstance?: boolean;
    readonly ref?: string;
  };
  if (_single !== undefined) return _single.as;
  // `knex.ref('users').as('u')`; of a raw text nobody knows.
  if (isRawInstance === true) return _alias ?? ref;
  const aliases = Object.keys(table);
  return aliases.length === 1 ? aliases[0] : undefined;
}
