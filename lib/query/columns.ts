import { KnexMetaError } from '../errors.js';
import type { MetadataColumnName, MetaOptions } from '../metadata/options.js';
import { type ResolvedMeta, resolveMeta } from '../metadata/resolve.js';

/** The parts of Knex's query builder that have no public type and that the helpers stand on. */
export interface BuilderInternals {
  readonly client: { readonly config: { readonly meta?: MetaOptions } };
  readonly _single: { readonly table?: unknown; readonly limit?: unknown; readonly offset?: unknown };
  readonly _statements: { readonly grouping: string; readonly bool?: string }[];
  where(column: string | ((this: BuilderInternals) => void), value?: unknown): this;
  update(values: Readonly<Record<string, unknown>>): this;
  on(event: 'start', act: () => void): this;
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

/** Parts of a query that say which rows are meant, and that an UPDATE of Knex's leaves out without a word. */
const NOT_OF_UPDATES = { join: 'join', group: 'groupBy', having: 'having', union: 'union' } as const;

/** Throws QUERY_REFUSED where the UPDATE would reach other rows than those that the query selects. */
export function refuseWider({ _single, _statements }: BuilderInternals, method: string): void {
  const parts = [
    ...Object.entries(NOT_OF_UPDATES).flatMap(([grouping, word]) =>
      _statements.some((each) => each.grouping === grouping) ? [word] : [],
    ),
    ...(_single.limit === undefined ? [] : ['limit']),
    ...(_single.offset === undefined ? [] : ['offset']),
  ];
  if (parts.length === 0) return;
  const said = parts.map((part) => `.${part}()`).join(', ');
  throw new KnexMetaError(
    'QUERY_REFUSED',
    `.${method}() is an UPDATE, from which Knex leaves ${said} out: it would reach rows that the query does not mean. No statement was sent.`,
    {
      remedy: `Say which rows in a subquery: db(table).whereIn('id', db(table).…select('id')).${method}().`,
      details: { parts },
    },
  );
}
