import type { Knex } from 'knex';

/** The five metadata columns, by their standard names. */
export const METADATA_COLUMNS = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'] as const;

/** The standard name of a metadata column. */
export type MetadataColumnName = (typeof METADATA_COLUMNS)[number];

/** Whether a key is a standard column's, and not that of one that the project adds. */
export function isMetadataName(key: string): key is MetadataColumnName {
  return (METADATA_COLUMNS as readonly string[]).includes(key);
}

/** Settings of one standard metadata column. */
export interface MetadataColumnSettings {
  /** Another name for the column, e.g. `'modified_at'` for `updated_at`. */
  readonly name?: string;
  /** `true` makes an index on the column; partial where that is the better index for a flag. Default false. */
  readonly index?: boolean;
}

/** Adds a further column to every table: `(table, name) => table.uuid(name)`. */
export type AddMetadataColumn = (table: Knex.CreateTableBuilder, name: string) => unknown;

/**
 * The metadata columns by name: `false` omits a standard column, a string renames it, an object sets it,
 * a function adds a column of that name.
 */
export type MetadataColumns = {
  readonly [K in MetadataColumnName]?: boolean | string | MetadataColumnSettings;
} & {
  readonly [name: string]: boolean | string | MetadataColumnSettings | AddMetadataColumn | undefined;
};

/** What `t.metadata(...)` takes in a migration: the columns of this one table, over those of the configuration. */
export type MetadataTableOptions = MetadataColumns;

/** Settings of `lint`. */
export interface LintOptions {
  /** Codes of rules that are switched off. */
  readonly ignore?: readonly string[];
  /** How grave a rule's findings are: `{ VARCHAR_LIMIT: 'warning' }`. */
  readonly severity?: Readonly<Record<string, 'error' | 'warning' | 'note' | 'off'>>;
  /** Findings about a table of at most this many rows are notes, where a database says so. Default 1000. */
  readonly smallTable?: number;
}

/** The `meta` key of the configuration. */
export interface MetaOptions {
  /**
   * The engine's expression for the current instant in UTC; `DATABASE_TIMESTAMP_UTC` in the environment sets
   * it too, and this option wins. Default: PostgreSQL `CURRENT_TIMESTAMP`, SQLite
   * `strftime('%Y-%m-%dT%H:%M:%fZ','now')`.
   */
  readonly timestampUtc?: string;
  /** What an UPDATE that sets `updated_at` itself does: `stamp` (default) overwrites its value, `keep` keeps it. */
  readonly onExplicitUpdate?: 'stamp' | 'keep';
  readonly columns?: MetadataColumns;
  /**
   * What the names of the metadata columns begin with: `'row_'` makes `row_notes`, `row_created_at`. A name in `columns`
   * wins. For projects whose queries, views or migrations join tables and name `notes` or `created_at` without a table.
   */
  readonly prefix?: string;
  /**
   * `false` keeps the metadata columns out of answers to code that does not name them: `select *`, `returning *`,
   * `columnInfo()`. A query gets them by naming them, or by `.withMetadata()`. Default `true`.
   */
  readonly visible?: boolean;
  /** The directory of the models, or several; from the working directory. Default `./models`. */
  readonly models?: string | readonly string[];
  /**
   * Findings of `migrate:verify` and `check:engines` that are known and meant: `'CODE'`, or `'CODE:where'` with a
   * migration, a table or a `table.column`, where `*` is any text.
   */
  readonly accept?: readonly string[];
  /**
   * The URL of a database in which models are built to be compared, where the role may not create schemas in the
   * project's own. What `--shadow` says wins.
   */
  readonly shadow?: string | undefined;
  /**
   * What the models manage: tables, views and other objects with a name that one of these matches (`*` is any text).
   * A pattern with a dot matches schema and name: `app.*`. All else is left alone by `migrate:make --autogenerate` and
   * `check:models`. Default: everything.
   */
  readonly include?: readonly (string | RegExp)[];
  /** What the models do not manage, in the same words: other tools' tables, `audit_*`. */
  readonly exclude?: readonly (string | RegExp)[];
  /** What `lint` finds, and how grave it is. */
  readonly lint?: LintOptions;
  readonly tables?: {
    /** Only tables with a name that one of these matches (`*` is any text). Default: every table. */
    readonly include?: readonly (string | RegExp)[];
    /** No table with a name that one of these matches. */
    readonly exclude?: readonly (string | RegExp)[];
  };
}

/** A Knex configuration with the `meta` key. */
export type KnexMetaConfig = Knex.Config & { readonly meta?: MetaOptions };
